"""How much noise each band of a scene has, without a clean reference."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from hypersigma.data.moments import moments
from hypersigma.errors import InputError

Floats = NDArray[np.float64]

_ENOUGH = 2  # complete pixels a band, for a regression on all other bands
_FEWEST = 3  # pixels each way that the noise of a single band can be told from
RESOLUTION = 1e-6  # of the deviation of a band that varies: noise that can be told at all
_NUMBERS_AT_ONCE = 1 << 22
_LAPLACIAN = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]]) / 6.0


def noise_deviations(image: NDArray[Any]) -> Floats:
    """Standard deviation (bands,) of what no other band tells of each; 0 for constant bands, NaN for empty ones.

    Bands are regressed on all others, or where a scene has few pixels on as many neighbours as these allow: what is
    left is noise (HySime; Bioucas-Dias and Nascimento, 2008). Of a single band it is what a mask finds that takes
    out planes (Immerkaer, 1996), texture among it. Impulses, stripes and dead lines count as noise as well.

    Args:
        image: (bands, rows, cols); pixels that lack a number in any band but empty ones are left out.

    Raises:
        InputError: the image is not (bands, rows, cols), or too few pixels have numbers.
    """
    if image.ndim != 3:
        raise InputError(f"noise is estimated of images (bands, rows, cols), found shape {image.shape}")
    seen = np.array([bool(np.isfinite(band).any()) for band in image])
    found = moments(lambda: complete_pixels(image, seen))
    if found.num_pixels < _FEWEST:
        raise InputError(f"{found.num_pixels} pixels have numbers in all bands; noise needs {_FEWEST} at least")
    spread = np.sqrt(np.maximum(np.diag(found.covariance), 0.0))
    varied = spread > RESOLUTION * np.abs(found.mean)
    bands = np.flatnonzero(seen)[varied]
    result = np.where(seen, 0.0, np.nan)
    if len(bands) == 1:
        noise = np.array([_of_single_band(image[bands[0]])])
    elif found.num_pixels > _ENOUGH * len(bands):
        noise = _by_all_others(found.covariance[np.ix_(varied, varied)], found.num_pixels)
    else:
        pixels = np.concatenate([block[varied] for block in complete_pixels(image, seen)], axis=1)
        noise = _by_neighbours(pixels.astype(np.float64))
    result[bands] = np.maximum(noise, RESOLUTION * spread[varied])
    return result


def complete_pixels(image: NDArray[Any], bands: NDArray[np.bool_]) -> Iterator[NDArray[Any]]:
    """Pixels (used bands, n) of an image (bands, rows, cols) that have numbers in all these bands, block by block."""
    for rows in strips(image.shape):
        block = image[bands, rows].reshape(np.count_nonzero(bands), -1)
        yield block[:, np.isfinite(block).all(axis=0)]


def strips(shape: tuple[int, ...]) -> Iterator[slice]:
    """Rows of an image (bands, rows, cols) in parts that take little memory."""
    step = max(1, _NUMBERS_AT_ONCE // max(1, shape[0] * shape[2]))
    for start in range(0, shape[1], step):
        yield slice(start, start + step)


def _by_all_others(covariance: Floats, num_pixels: int) -> Floats:
    """Deviations (bands,) of residuals of regressions: 1 / sqrt of the diagonal of the inverse covariance."""
    # Bands in one unit, so that the ridge is as small for a dark band as for a bright one.
    scale = np.sqrt(np.diag(covariance))
    scaled = covariance / np.outer(scale, scale)
    scaled[np.diag_indices_from(scaled)] += RESOLUTION**2
    variance = 1.0 / np.diag(np.linalg.inv(scaled))
    result: Floats = scale * np.sqrt(np.maximum(variance, 0.0) * (num_pixels - 1) / (num_pixels - len(scale)))
    return result


def _by_neighbours(pixels: Floats) -> Floats:
    """Deviations (bands,) of residuals of pixels (bands, n), few of them, on the bands around each."""
    num_bands, count = pixels.shape
    centred = pixels - pixels.mean(axis=1, keepdims=True)
    num = min(num_bands - 1, max(1, count // (2 * _ENOUGH)))
    result = np.empty(num_bands)
    for band in range(num_bands):
        nearest = np.argsort(np.abs(np.arange(num_bands) - band), kind="stable")[1 : num + 1]
        weights, *_ = np.linalg.lstsq(centred[nearest].T, centred[band], rcond=None)
        residual = centred[band] - weights @ centred[nearest]
        result[band] = np.sqrt((residual**2).sum() / max(count - 1 - num, 1))
    return result


def _of_single_band(band: NDArray[Any]) -> float:
    """Deviation of the noise of a band (rows, cols) where all pixels of a 3 x 3 window have numbers."""
    missing = ~np.isfinite(band)
    filtered = ndimage.convolve(np.where(missing, 0.0, band).astype(np.float64), _LAPLACIAN)
    whole = ~ndimage.binary_dilation(missing, np.ones((3, 3), dtype=bool))
    inside = filtered[1:-1, 1:-1][whole[1:-1, 1:-1]]
    return float(np.sqrt(np.pi / 2) * np.abs(inside).mean()) if inside.size else 0.0
