"""Spatial filters of a scene: Gaussian stacks, guided filter, superpixels, morphological profiles.

Arrays are (bands, rows, cols). A pixel that is NaN in any band takes no part in its neighbours' result and
stays NaN.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from hypersigma.data.recent import Recent


def _valid(array: NDArray[Any]) -> NDArray[np.bool_]:
    """Pixels (rows, cols) with a number in every band."""
    complete: NDArray[np.bool_] = np.isfinite(array).all(axis=0)
    return complete


def gaussian(array: NDArray[Any], sigma: float) -> NDArray[np.float32]:
    """An array (bands, rows, cols) smoothed by a Gaussian of `sigma` pixels, over valid pixels only."""
    valid = _valid(array)
    filled = np.where(valid, array, 0.0).astype(np.float32)
    smooth = np.stack([ndimage.gaussian_filter(band, sigma) for band in filled])
    # What weight the valid neighbours had: dividing by it makes the result an average of them alone.
    weight = ndimage.gaussian_filter(valid.astype(np.float32), sigma)
    result: NDArray[np.float32] = np.where(valid, smooth / np.maximum(weight, 1e-12), np.nan).astype(np.float32)
    return result


def gaussian_stack(array: NDArray[Any], sigmas: Sequence[float]) -> NDArray[np.float32]:
    """Smoothed copies of an array (bands, rows, cols), one a sigma, stacked: (bands * sigmas, rows, cols)."""
    return np.concatenate([gaussian(array, sigma) for sigma in sigmas])


def guided_filter(scores: NDArray[Any], guide: NDArray[Any], radius: int, eps: float) -> NDArray[np.float32]:
    """Scores smoothed within regions but not across edges of a guide (He, Sun, Tang, 2013, section 3.5).

    In every window the scores are a linear function of the guide, q = a . I + b with
    a = (cov(I) + eps)^-1 cov(I, p), and each pixel averages the functions of the windows it lies in.
    Windows are clipped at the border. Scores that sum to one still do, up to rounding.

    Args:
        scores: (scores, rows, cols).
        guide: (guides, rows, cols); bring guides to unit variance for `eps` to mean the same on any scene.
        radius: half width of the square windows in pixels; a window is 2 * radius + 1 wide.
        eps: variance of the guide below which a window counts as flat.
    """
    valid = _valid(scores) & _valid(guide)
    values = np.where(valid, scores, 0.0).astype(np.float64)
    image = np.where(valid, guide, 0.0).astype(np.float64)
    size = 2 * radius + 1
    count = np.maximum(ndimage.uniform_filter(valid.astype(np.float64), size, mode="constant"), 1e-12)

    def mean(stack: NDArray[Any]) -> NDArray[np.float64]:
        axes = (stack.ndim - 2, stack.ndim - 1)
        averaged: NDArray[np.float64] = ndimage.uniform_filter(stack, size, mode="constant", axes=axes) / count
        return averaged

    image_mean, value_mean = mean(image), mean(values)
    num_guides = len(image)
    covariance = mean(image[:, None] * image[None]) - image_mean[:, None] * image_mean[None]
    covariance[np.arange(num_guides), np.arange(num_guides)] += eps
    cross = mean(image[:, None] * values[None]) - image_mean[:, None] * value_mean[None]
    slope = np.linalg.solve(covariance.transpose(2, 3, 0, 1), cross.transpose(2, 3, 0, 1)).transpose(2, 3, 0, 1)
    offset = value_mean - (slope * image_mean[:, None]).sum(axis=0)
    smooth = (mean(np.where(valid, slope, 0.0)) * image[:, None]).sum(axis=0) + mean(np.where(valid, offset, 0.0))
    result: NDArray[np.float32] = np.where(valid, smooth, np.nan).astype(np.float32)
    return result


def superpixels(array: NDArray[Any], num_segments: int, compactness: float = 1.0) -> NDArray[np.int64]:
    """Segments of like pixels by SLIC (Achanta et al., 2012): (rows, cols), 1, 2, ..., and 0 for no data.

    Args:
        array: (bands, rows, cols); distances are Euclidean over the bands.
        num_segments: about how many.
        compactness: distance in the bands that weighs as much as one segment's width in space.
    """
    from skimage.segmentation import slic

    valid = _valid(array)
    if not valid.any():
        return np.zeros(valid.shape, dtype=np.int64)
    # The array is brought to 0-1 inside, and compactness must follow, or it would mean another thing on each scene.
    low, high = float(array[:, valid].min()), float(array[:, valid].max())
    filled = np.where(valid, array, low).transpose(1, 2, 0)
    segments: NDArray[np.int64] = slic(
        np.ascontiguousarray(filled, dtype=np.float64),
        n_segments=num_segments,
        compactness=compactness / max(high - low, 1e-30),
        start_label=1,
        mask=None if valid.all() else valid,
        channel_axis=-1,
    ).astype(np.int64)
    return segments


def segment_means(array: NDArray[Any], segments: NDArray[np.int64]) -> NDArray[np.float32]:
    """Each pixel's mean over its segment: (bands, rows, cols); segment 0 and NaN pixels stay NaN."""
    valid = _valid(array) & (segments > 0)
    index = segments[valid]
    count = np.maximum(np.bincount(index, minlength=1), 1)
    result = np.full(array.shape, np.nan, dtype=np.float32)
    for band, means in zip(array, result, strict=True):
        means[valid] = (np.bincount(index, weights=band[valid], minlength=1) / count)[index]
    return result


def morphological_profile(
    array: NDArray[Any], radii: Sequence[int], num_growth: int | None = None
) -> NDArray[np.float32]:
    """Extended morphological profile (Benediktsson et al., 2005): each band with its openings and closings.

    Openings and closings are by reconstruction with discs, so shapes that survive keep their outline.

    Args:
        array: (bands, rows, cols), principal components as a rule.
        radii: of the discs, in pixels.
        num_growth: pixels that a shape may grow back by, so that a pixel depends on nothing further away than that
            and a disc's radius; None for as far as it reaches.

    Returns:
        (bands * (1 + 2 * radii), rows, cols): every band, then its openings, then its closings.
    """
    valid = _valid(array)
    profile = [layer for band in array for layer in _profile(band, valid, radii, num_growth)]
    result: NDArray[np.float32] = np.where(valid, np.stack(profile), np.nan).astype(np.float32)
    return result


def _profile(
    band: NDArray[Any], valid: NDArray[np.bool_], radii: Sequence[int], num_growth: int | None
) -> list[NDArray[Any]]:
    """A band, its openings by reconstruction, and its closings; a closing is the opening of the negative."""
    filled = np.where(valid, band, 0.0).astype(np.float32)
    openings = [_opened(filled, valid, radius, num_growth) for radius in radii]
    closings = [-_opened(-filled, valid, radius, num_growth) for radius in radii]
    return [filled, *openings, *closings]


def _opened(
    image: NDArray[np.float32], valid: NDArray[np.bool_], radius: int, num_growth: int | None
) -> NDArray[np.float32]:
    """The opening by reconstruction of an image (rows, cols) with a disc."""
    eroded = _eroded(image, valid, radius)
    mask = np.where(valid, image, image[valid].min(initial=0.0))
    return _regrown(np.minimum(eroded, mask), mask, num_growth)


def _eroded(image: NDArray[np.float32], valid: NDArray[np.bool_], radius: int) -> NDArray[np.float32]:
    """The least valid value within a disc around each pixel of an image (rows, cols)."""
    offsets = np.arange(-radius, radius + 1)
    disc = np.hypot(offsets[:, None], offsets[None]) <= radius
    # No data is above everything for the erosion and below everything for the reconstruction: it alters no neighbour.
    solid = np.where(valid, image, np.float32(np.inf))
    eroded: NDArray[np.float32] = ndimage.grey_erosion(solid, footprint=disc, mode="constant", cval=np.inf)
    return eroded


def _regrown(seed: NDArray[np.float32], mask: NDArray[np.float32], num_growth: int | None) -> NDArray[np.float32]:
    """The seed (rows, cols) grown under the mask into all eight neighbours, again and again."""
    if num_growth is None:
        from skimage.morphology import reconstruction

        whole: NDArray[np.float32] = reconstruction(seed, mask)  # type: ignore[no-untyped-call]
        return whole
    for _ in range(num_growth):
        grown = np.minimum(_widened(seed), mask)
        if np.array_equal(grown, seed):
            break
        seed = grown
    return seed


def _widened(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """The largest of each pixel of an image (..., rows, cols) and its eight neighbours."""
    tall = image.copy()
    np.maximum(tall[..., 1:, :], image[..., :-1, :], out=tall[..., 1:, :])
    np.maximum(tall[..., :-1, :], image[..., 1:, :], out=tall[..., :-1, :])
    wide = tall.copy()
    np.maximum(wide[..., 1:], tall[..., :-1], out=wide[..., 1:])
    np.maximum(wide[..., :-1], tall[..., 1:], out=wide[..., :-1])
    return wide


class Profile:
    """The `morphological_profile` of a band that comes strip by strip; what comes out is `behind` rows behind.

    Above the first strip there is no data. All shapes are eroded as far behind the strip as the largest disc reaches;
    then each step of growing is one row behind the last, and two rows of each are kept.
    """

    def __init__(self, radii: Sequence[int], num_growth: int) -> None:
        """Nothing has come yet; arguments as of `morphological_profile`."""
        self._radii = radii
        self._largest = max(radii)
        self.behind = self._largest + num_growth
        self._band = Recent(self.behind + self._largest, above=np.nan)
        self._seeds = [Recent(2, above=-np.inf) for _ in range(num_growth)]

    def of(self, strip: NDArray[np.float32]) -> NDArray[np.float32]:
        """The profile (1 + 2 * radii, h, cols) of the rows `behind` a strip (h, cols), NaN = no data."""
        height = len(strip)
        band = self._band.joined(strip)
        masks = np.stack([np.where(np.isfinite(band), sign * band, np.float32(-np.inf)) for sign in (1, -1)])[:, None]
        seed = self._shrunk(band[-height - 2 * self._largest :])
        for index, kept in enumerate(self._seeds):
            grown = _widened(kept.joined(seed))[..., 1:-1, :]
            top = self.behind - index - 1
            seed = np.minimum(grown, masks[..., top : top + height, :], out=grown)
        own = band[self._largest :][:height]
        profile: NDArray[np.float32] = np.concatenate([own[None], seed[0], -seed[1]])
        profile[:, np.isnan(own)] = np.nan
        return profile

    def _shrunk(self, band: NDArray[np.float32]) -> NDArray[np.float32]:
        """What discs leave (2, radii, h, cols) of a band (h + 2 * largest, cols) and of its negative."""
        valid = np.isfinite(band)
        inner = slice(self._largest, len(band) - self._largest)
        images = [np.where(valid, sign * band, np.float32(0.0)) for sign in (1, -1)]
        shrunk = np.stack([[_eroded(image, valid, radius)[inner] for radius in self._radii] for image in images])
        shrunk[..., ~valid[inner]] = -np.inf
        return shrunk
