"""The two steps of the tuning-free unmixing: which spectra a scene is made of, and how much of each is in a pixel.

Both look at the shape of spectra and not at their brightness: slopes and shadows make one material brighter or darker.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.abundances import fcls
from hypersigma.data.endmembers import vca

Floats = NDArray[np.float64]

_NUM_STARTS = 20


def separate(spectra: NDArray[Any], num: int, seed: int) -> Floats:
    """Endmembers (num, bands), pixels of the scene, found among spectra (bands, n) with data.

    Of several searches by VCA among spectra of length 1, the one whose endmembers span the largest volume counts.

    Raises:
        InputError: there are not so many.
    """
    shapes = normalised(spectra)
    found = [vca(shapes, num, _NUM_STARTS * seed + start) for start in range(_NUM_STARTS if num > 1 else 1)]
    best = max(found, key=lambda each: _volume(shapes[:, each.pixels]))
    return spectra[:, best.pixels].T.astype(np.float64)


def abundances(spectra: NDArray[Any], endmembers: Floats) -> Floats:
    """Abundances (K, n), at least 0 and with sum one, of endmembers (K, bands) in spectra (bands, n)."""
    return fcls(normalised(spectra), normalised(endmembers.T).T)


def normalised(spectra: NDArray[Any]) -> Floats:
    """Spectra (bands, n) of length 1; those of zeros stay so."""
    exact = np.asarray(spectra, dtype=np.float64)
    lengths = np.linalg.norm(exact, axis=0)
    return exact / np.where(lengths > 0, lengths, 1.0)


def _volume(corners: Floats) -> float:
    """Logarithm of the volume of a simplex with corners (bands, K), but for a constant."""
    if corners.shape[1] < 2:
        return 0.0
    sign, volume = np.linalg.slogdet((edges := corners[:, 1:] - corners[:, :1]).T @ edges)
    return float(volume) if sign > 0 else -np.inf
