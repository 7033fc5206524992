"""Figures of a restored image, denoised or sharpened, against the true one.

Both are (bands, rows, cols) in the same unit. Pixels that lack a number in any band of either are left out. Everything
is computed in double precision.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from hypersigma.errors import ConfigError, InputError
from hypersigma.metrics.hypercomplex import BLOCK, hypercomplex_quality

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_RESOLUTION = 2.0**-23  # of the single precision that images are stored in
_WINDOW = 7  # pixels each way of the window of structural similarity
_SMALLEST_WINDOW = 3
_BLOCK_KNOWN = 0.5  # share of a block's pixels
_PUBLISHED_BLOCK = 64
_PUBLISHED_LEVELS = 255


def restoration_scores(
    restored: ArrayLike, truth: ArrayLike, *, peak: ArrayLike = 1.0, ratio: float = 1.0
) -> dict[str, float]:
    """All figures by short name; one that is not defined for these images is left out.

    mpsnr in dB, mssim, sam in degrees, ergas in per cent, cc, q2n, and rmse in the unit of the images.

    Args:
        restored: (bands, rows, cols).
        truth: of the same shape.
        peak: as of `mean_psnr`; structural similarity takes it too.
        ratio: as of `ergas`.

    Raises:
        InputError: shapes differ, or no pixel has numbers in all bands of both.
        ConfigError: a peak or ratio that is not positive.
    """
    figures = {
        "mpsnr": mean_psnr(restored, truth, peak),
        "mssim": mean_ssim(restored, truth, peak),
        "sam": spectral_angle(restored, truth),
        "ergas": ergas(restored, truth, ratio),
        "cc": cross_correlation(restored, truth),
        "q2n": q2n(restored, truth),
        "rmse": root_mean_square_error(restored, truth),
    }
    return {name: figure for name, figure in figures.items() if np.isfinite(figure)}


def mean_psnr(restored: ArrayLike, truth: ArrayLike, peak: ArrayLike = 1.0) -> float:
    """Mean over bands of the peak signal-to-noise ratio in dB, 10 log10(peak^2 / MSE).

    An error counts as at least 2^-23 of the peak, so that equal bands have 138.5 dB and not infinitely many.

    Args:
        restored: (bands, rows, cols).
        truth: of the same shape.
        peak: the largest value there may be, one number or one a band: 1 for images scaled to 0..1. Published figures
            take 1 for all bands; each band's own maximum gives lower ones, by 17 dB on Indian Pines.
    """
    first, second, known = _checked(restored, truth)
    peaks = _peaks(peak, len(first))
    errors = np.sqrt(_squared_errors(first, second, known)) / peaks
    return float(np.mean(-20.0 * np.log10(np.maximum(errors, _RESOLUTION))))


def mean_ssim(restored: ArrayLike, truth: ArrayLike, peak: ArrayLike = 1.0) -> float:
    """Mean over bands of the structural similarity (Wang et al., 2004) in windows of 7 x 7 pixels, equally weighted.

    Only windows inside the image count, of known pixels alone. In images less than 7 pixels wide the window is the
    largest odd one; NaN where that is below 3 pixels, or no window is complete.
    """
    from skimage.metrics import structural_similarity

    first, second, known = _checked(restored, truth)
    size = min(_WINDOW, *known.shape)
    size -= 1 - size % 2
    peaks = _peaks(peak, len(first))
    complete = ndimage.binary_erosion(known, np.ones((size, size), dtype=bool))
    if size < _SMALLEST_WINDOW or not complete.any():
        return float("nan")
    figures = []
    for one, other, highest in zip(first, second, peaks, strict=True):
        filled = (np.where(known, band, 0.0).astype(np.float64) for band in (one, other))
        _, similar = structural_similarity(*filled, win_size=size, data_range=highest, full=True)  # type: ignore[no-untyped-call]
        figures.append(similar[complete].mean())
    return float(np.mean(figures))


def spectral_angle(restored: ArrayLike, truth: ArrayLike) -> float:
    """Mean over pixels of the angle between the two spectra, in degrees.

    Pixels that are zero in all bands of either have no angle; NaN where all are. Dark pixels weigh as much as bright
    ones: where noise turns them about, clip both images alike or say that it was not done.
    """
    first, second, known = _checked(restored, truth)
    one, other = first[:, known].astype(np.float64), second[:, known].astype(np.float64)
    lengths = np.linalg.norm(one, axis=0), np.linalg.norm(other, axis=0)
    pointing = (lengths[0] > 0) & (lengths[1] > 0)
    if not pointing.any():
        return float("nan")
    one, other = one[:, pointing] / lengths[0][pointing], other[:, pointing] / lengths[1][pointing]
    # The arc cosine loses half of the digits of small angles; this form of it none (Kahan).
    half = np.arctan2(np.linalg.norm(one - other, axis=0), np.linalg.norm(one + other, axis=0))
    return float(np.degrees(2.0 * half).mean())


def ergas(restored: ArrayLike, truth: ArrayLike, ratio: float = 1.0) -> float:
    """Relative global error in per cent, 100 / ratio * sqrt(mean over bands of MSE / mean^2) (Wald, 2000).

    Bands whose true mean is zero are left out; NaN where all are.

    Args:
        restored: (bands, rows, cols).
        truth: of the same shape.
        ratio: size of the coarse pixels over that of the fine ones; 1 where no pixel was made smaller, as in
            denoising. Published super-resolution takes 4 even where it is 8.
    """
    if not ratio > 0:
        raise ConfigError(f"the ratio of pixel sizes must be positive, such as 4, not {ratio}")
    first, second, known = _checked(restored, truth)
    means = np.array([band[known].mean(dtype=np.float64) for band in second])
    bright = np.abs(means) > _RESOLUTION * np.abs(means).max()
    if not bright.any():
        return float("nan")
    relative = _squared_errors(first, second, known)[bright] / means[bright] ** 2
    return float(100.0 / ratio * np.sqrt(relative.mean()))


def cross_correlation(restored: ArrayLike, truth: ArrayLike) -> float:
    """Mean over bands of Pearson's correlation; bands that are constant in either are left out, NaN where all are."""
    first, second, known = _checked(restored, truth)
    figures = []
    for one, other in _pairs(first, second, known):
        spread = one.std() * other.std()
        # Round-off gives even a constant band some spread.
        if spread > _RESOLUTION**2 * max(abs(one).max() * abs(other).max(), np.finfo(np.float64).tiny):
            figures.append(((one - one.mean()) * (other - other.mean())).mean() / spread)
    return float(np.mean(figures)) if figures else float("nan")


def q2n(restored: ArrayLike, truth: ArrayLike) -> float:
    """Mean over blocks of 32 x 32 pixels of the hypercomplex quality index (Garzelli and Nencini, 2009), at most 1.

    Of one band it is the modulus of the universal image quality index (Wang and Bovik, 2002), of four Q4. In smaller
    images a block is as long as their side; what whole blocks leave at the lower and right edges plays no part, nor do
    blocks of which fewer than half the pixels are known; NaN where none is left. Bands are taken as they are, where
    published code first brings those of each block to the mean and deviation that make the truth's alike.
    """
    first, second, known = _checked(restored, truth)
    rows, cols = (min(BLOCK, length) for length in known.shape)
    figures = []
    for row in range(0, known.shape[0] - rows + 1, rows):
        for col in range(0, known.shape[1] - cols + 1, cols):
            block = np.s_[row : row + rows, col : col + cols]
            if known[block].mean() >= _BLOCK_KNOWN:
                pair = (image[:, *block][:, known[block]].astype(np.float64) for image in (first, second))
                figures.append(hypercomplex_quality(*pair))
    return float(np.mean(figures)) if figures else float("nan")


def root_mean_square_error(restored: ArrayLike, truth: ArrayLike) -> float:
    """Root mean square error over all bands and pixels, in the unit of the images."""
    return float(np.sqrt(_squared_errors(*_checked(restored, truth)).mean()))


def published_denoising_scores(restored: ArrayLike, truth: ArrayLike) -> dict[str, float]:
    """The figures as the published code of denoising computes them, for comparison with published tables.

    Images are scaled to 0..1. Every block of 64 x 64 pixels is scored by itself, and blocks are averaged; the last ones
    may be smaller. Other than those of `restoration_scores` are mssim, whose window is the whole band of a block with
    a covariance by n - 1 and variances by n; rmse, which is times 255; and sam, in which a pixel of zeros has an angle
    of 90 degrees.

    Source: HyperSIGMA, the code of its denoising.

    Raises:
        InputError: shapes differ, or a pixel lacks a number.
    """
    first, second, known = _checked(restored, truth)
    if not known.all():
        raise InputError(f"{np.count_nonzero(~known)} pixels lack numbers; published figures are defined without gaps")
    rows, cols = known.shape
    blocks = [
        np.s_[:, row : row + _PUBLISHED_BLOCK, col : col + _PUBLISHED_BLOCK]
        for row in range(0, rows, _PUBLISHED_BLOCK)
        for col in range(0, cols, _PUBLISHED_BLOCK)
    ]
    figures = [_published_block(first[block], second[block]) for block in blocks]
    return {name: float(np.mean([figure[name] for figure in figures])) for name in figures[0]}


def _published_block(restored: NDArray[Any], truth: NDArray[Any]) -> dict[str, float]:
    """The published figures of one block."""
    one, other = (image.reshape(len(image), -1).astype(np.float64) for image in (restored, truth))
    lengths = np.linalg.norm(one, axis=0) * np.linalg.norm(other, axis=0)
    cosines = (one * other).sum(axis=0) / np.maximum(lengths, np.finfo(np.float64).tiny)
    return {
        "mpsnr": mean_psnr(restored, truth),
        "mssim": float(np.mean([_global_ssim(a, b) for a, b in zip(one, other, strict=True)])),
        "sam": float(np.degrees(np.arccos(np.clip(cosines, -1.0, 1.0))).mean()),
        "ergas": ergas(restored, truth),
        "rmse": _PUBLISHED_LEVELS * root_mean_square_error(restored, truth),
    }


def _global_ssim(one: Floats, other: Floats) -> float:
    """Structural similarity of two bands (pixels,) with the whole band as the window, for a peak of 1."""
    means, variances = (one.mean(), other.mean()), one.var() + other.var()
    covariance = ((one - means[0]) * (other - means[1])).sum() / max(len(one) - 1, 1)
    light = (2 * means[0] * means[1] + 1e-4) / (means[0] ** 2 + means[1] ** 2 + 1e-4)
    return float(light * (2 * covariance + 9e-4) / (variances + 9e-4))


def _checked(restored: ArrayLike, truth: ArrayLike) -> tuple[NDArray[Any], NDArray[Any], Mask]:
    """Both images, and the pixels (rows, cols) that have numbers in all bands of both."""
    first, second = np.asarray(restored), np.asarray(truth)
    if first.shape != second.shape or first.ndim != 3:
        raise InputError(
            f"a restored image of shape {first.shape} cannot be compared with a true one of {second.shape}; expected "
            f"both as (bands, rows, cols), alike"
        )
    known: Mask = np.isfinite(first).all(axis=0) & np.isfinite(second).all(axis=0)
    if not known.any():
        raise InputError("no pixel has numbers in all bands of both images; leave bands without data out of both")
    return first, second, known


def _peaks(peak: ArrayLike, num_bands: int) -> Floats:
    """One peak a band."""
    peaks = np.asarray(peak, dtype=np.float64)
    if peaks.shape not in {(), (num_bands,)} or not (np.isfinite(peaks) & (peaks > 0)).all():
        raise ConfigError(f"the peak must be a positive number, or one for each of {num_bands} bands, not {peaks}")
    return np.broadcast_to(peaks, num_bands)


def _pairs(first: NDArray[Any], second: NDArray[Any], known: Mask) -> Iterator[tuple[Floats, Floats]]:
    """The known pixels (pixels,) of each band of both images."""
    for one, other in zip(first, second, strict=True):
        yield one[known].astype(np.float64), other[known].astype(np.float64)


def _squared_errors(first: NDArray[Any], second: NDArray[Any], known: Mask) -> Floats:
    """Mean squared error (bands,)."""
    return np.array([np.mean((one - other) ** 2) for one, other in _pairs(first, second, known)])
