"""Figures of a denoised image where nobody knows the true one: what is left of the noise, and what went with it.

None of them alone says that a denoising is good: doing nothing leaves no structure in what was taken out, and a blur
leaves no noise. Read together they show both mistakes.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hypersigma.errors import InputError

Floats = NDArray[np.float64]


def unreferenced_scores(before: ArrayLike, after: ArrayLike, noise: ArrayLike, left: ArrayLike) -> dict[str, float]:
    """All figures by short name; one that is not defined for these images is left out.

    The residual is `before - after`, what was taken out.

    - noise_left: median over bands of the noise after over that before; 1 where nothing was done. Where noise is what
      other bands do not tell, a method that keeps few directions leaves none by this figure, whatever it lost.
    - removed_to_noise: median over bands of the residual's root mean square over the noise before. 1 is what taking
      out all noise and nothing else would give; more is signal.
    - band_correlation: mean over pairs of neighbouring bands of the absolute correlation of their residuals. Noise
      of a sensor hangs little together from band to band, signal does.
    - pixel_correlation: mean over bands of the absolute correlation of the residual with that of the next pixel,
      along rows and columns. 0 for white noise; edges and fields that were taken out raise it, and so do stripes.

    Args:
        before: the image (bands, rows, cols); pixels that lack a number in any band of either are left out.
        after: the same, denoised.
        noise: standard deviation (bands,) of the noise of `before`, in its unit.
        left: the same of `after`.

    Raises:
        InputError: shapes differ, or no pixel has numbers in all bands of both.
    """
    first, second = np.asarray(before), np.asarray(after)
    levels, remaining = (np.asarray(given, dtype=np.float64) for given in (noise, left))
    if first.ndim != 3 or first.shape != second.shape or not levels.shape == remaining.shape == first.shape[:1]:
        raise InputError(
            f"images of shape {first.shape} and {second.shape} with noise of {levels.shape} and {remaining.shape}; "
            "expected both images as (bands, rows, cols), alike, and a level a band"
        )
    known = np.isfinite(first).all(axis=0) & np.isfinite(second).all(axis=0)
    if not known.any():
        raise InputError("no pixel has numbers in all bands of both images; leave bands without data out of both")
    removed = np.where(known, first.astype(np.float64) - second, np.nan)
    noisy = levels > 0
    figures = {
        "noise_left": _middle(remaining[noisy] / levels[noisy]),
        "removed_to_noise": _middle(np.sqrt(np.nanmean(removed[noisy] ** 2, axis=(1, 2))) / levels[noisy]),
        "band_correlation": _mean([_correlation(one, other) for one, other in pairwise(removed)]),
        "pixel_correlation": _mean(
            [_correlation(*pair) for band in removed for pair in ((band[1:], band[:-1]), (band[:, 1:], band[:, :-1]))]
        ),
    }
    return {name: figure for name, figure in figures.items() if np.isfinite(figure)}


def _correlation(one: Floats, other: Floats) -> float:
    """Absolute correlation of two images (rows, cols) over pixels that both have; NaN where either is constant."""
    both = np.isfinite(one) & np.isfinite(other)
    if not both.any():
        return float("nan")
    first, second = one[both] - one[both].mean(), other[both] - other[both].mean()
    spread = float(np.sqrt((first @ first) * (second @ second)))
    return abs(float(first @ second)) / spread if spread > 0 else float("nan")


def _middle(values: Floats) -> float:
    """Median of numbers, NaN of none."""
    return float(np.median(values)) if len(values) else float("nan")


def _mean(values: list[float]) -> float:
    """Mean of those that are numbers, NaN of none."""
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else float("nan")
