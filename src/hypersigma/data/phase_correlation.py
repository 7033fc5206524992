"""The shift between two images, to a fraction of a pixel: phase correlation of their gradients."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Pixels either way that are searched, and the steps of ever closer looks; what is left to find is a residual shift.
REACH = 16.0
_STEPS = (0.5, 0.1, 0.01)
_TAPER = 8.0


class Peak(NamedTuple):
    """Rows and columns by which the second image shows the same further on, and how high the correlation is there.

    The height is 1 for images that are the same but for the shift, and near 0 for images that share nothing.
    """

    row: float
    col: float
    height: float


def correlation_peak(first: Floats, second: Floats) -> Peak:
    """Where two images (rows, cols) correlate best, NaN where one shows nothing; height 0 where nothing can be found.

    They are compared a second time where they show the same ground, cut by the whole pixels that were found: else each
    image holds a margin that the other one lacks, and the window, which does not move, draws the peak towards 0.

    Gradients as complex numbers are compared, so that brightness and even the sign of contrast do not matter
    (Argyriou and Vlachos, 2003). Each frequency counts by its phase alone, times cos²(pi f) of its frequency f in
    cycles a pixel, none above 1/2: there noise and aliasing prevail. The correlation at fractions of a pixel is its
    Fourier sum, evaluated ever more finely around the peak (Guizar-Sicairos et al., 2008).
    """
    rough = _peak(first, second)
    row, col = round(rough.row), round(rough.col)
    if row == col == 0:
        return rough
    fine = _peak(*(image[_kept(sign * row), _kept(sign * col)] for image, sign in ((first, -1), (second, 1))))
    # the greater of two heights would stand out from chance more often than one
    return Peak(row + fine.row, col + fine.col, rough.height) if fine.height > rough.height else rough


def _kept(shift: int) -> slice:
    """The pixels of an axis without the first ones, or for a negative shift without the last ones."""
    return slice(max(0, shift), min(0, shift) or None)


def _peak(first: Floats, second: Floats) -> Peak:
    """The peak of the correlation of two images as they are."""
    missing = np.isnan(first) | np.isnan(second)
    window = _window(missing)
    spectra = [np.fft.fft2(_gradient(image, missing) * window) for image in (first, second)]
    down, across = (np.fft.fftfreq(length) for length in first.shape)
    weights = np.cos(np.pi * np.minimum(np.hypot(down[:, None], across), 0.5)) ** 2
    product = spectra[0].conj() * spectra[1]
    strength = np.abs(product)
    if not strength.any():
        return Peak(0.0, 0.0, 0.0)
    # what is nothing but rounding has no phase
    weights = np.where(strength > 1e-12 * strength.max(), weights, 0.0)
    phases = weights * np.divide(product, strength, out=np.zeros_like(product), where=weights > 0)
    row, col, height = 0.0, 0.0, 0.0
    for half, step in pairwise((REACH, *_STEPS)):
        offsets = np.arange(-round(half / step), round(half / step) + 1) * step
        rows, cols = row + offsets, col + offsets
        waves = np.exp(2j * np.pi * np.outer(rows, down)), np.exp(2j * np.pi * np.outer(across, cols))
        correlation = np.abs((waves[0] @ phases @ waves[1]).real) / weights.sum()
        best = np.unravel_index(int(correlation.argmax()), correlation.shape)
        row, col, height = float(rows[best[0]]), float(cols[best[1]]), float(correlation[best])
    return Peak(row, col, height)


def _gradient(image: Floats, missing: NDArray[np.bool_]) -> NDArray[np.complex128]:
    """Differences across and down as real and imaginary part, of an image whose gaps are filled with its mean."""
    down, across = np.gradient(np.where(missing, image[~missing].mean() if not missing.all() else 0.0, image))
    gradient: NDArray[Any] = across + 1j * down
    return gradient


def _window(missing: NDArray[np.bool_]) -> Floats:
    """Weights (rows, cols) that fall smoothly to 0 towards the borders and towards gaps, whose edges would not move."""
    from scipy.ndimage import distance_transform_edt

    window: Floats = np.outer(*(np.hanning(length + 2)[1:-1] for length in missing.shape))
    if missing.any():
        # the difference beside a gap is one to what fills it
        nearness = np.clip((distance_transform_edt(~missing) - 1.0) / _TAPER, 0.0, 1.0)
        window = window * np.sin(np.pi / 2 * nearness) ** 2
    return window
