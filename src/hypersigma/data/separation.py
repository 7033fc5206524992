"""Endmembers and abundances of a scene whose light may change from pixel to pixel.

Shade and slopes scale whole spectra, and fully constrained least squares takes a dark pixel for a mixture with whatever
is dark. Where the scene's spectra are not the convex mixtures that the endmembers would make of them, spectra and
endmembers are therefore brought to unit length first, and only their shapes count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.abundances import fcls
from hypersigma.data.endmembers import nfindr

Array = NDArray[np.float32]
Floats = NDArray[np.float64]

_FURTHER = 2  # dimensions that are kept beside those of the endmembers
_LINEAR = 2.2  # times the noise of the dimensions that are kept, which convex mixtures may leave of spectra
_SHARE, _PURE = 0.08, 0.8  # of the pixels, those of the largest abundances, that make an endmember; against the largest


@dataclass(frozen=True, eq=False)
class Separation:
    """What a scene is made of.

    Attributes:
        endmembers: (K, bands) in the scene's numbers.
        by_shape: whether spectra are compared by their shapes alone.
    """

    endmembers: Floats
    by_shape: bool

    def abundances(self, spectra: NDArray[Any]) -> Array:
        """Abundances (K, ...) of spectra (bands, ...), not negative and of sum 1."""
        if not self.by_shape:
            return fcls(spectra, self.endmembers).astype(np.float32)
        length = np.linalg.norm(spectra, axis=0)
        return fcls(spectra / np.maximum(length, 1e-30), _unit(self.endmembers)).astype(np.float32)


def separate(spectra: NDArray[Any], smooth: NDArray[Any], num: int, *, shade: bool = False) -> Separation:
    """The endmembers of a scene that no library tells.

    N-FINDR (Winter, 1999) finds the pixels that span the largest simplex, in spectra smoothed over their neighbours and
    held to as many dimensions as there are endmembers. Where convex mixtures of these leave no more of the spectra than
    noise, they are the endmembers. Else each becomes the mean of the purest pixels, by shape: those of the largest
    abundances.

    Args:
        spectra: (bands, n) of pixels.
        smooth: (bands, n) of the same pixels, smoothed over space.
        num: of endmembers.
        shade: whether mixtures hold zeros too, beside these.
    """
    raw, calm = (np.asarray(values, dtype=np.float64) for values in (spectra, smooth))
    if num == 1:
        ends = calm.mean(axis=1)[None]
    else:
        ends = nfindr(_within(calm, num), num, shade=shade).spectra.astype(np.float64)
    held = _within(raw, num + _FURTHER)
    mixed = np.concatenate([ends, np.zeros((int(shade), len(raw)))])
    left = held - mixed.T @ fcls(held, mixed)
    if np.sqrt(np.mean(left**2)) <= _LINEAR * _noise_within(raw, held, num + _FURTHER):
        return Separation(ends, by_shape=False)
    if num == 1:
        return Separation(ends, by_shape=True)
    shapes = _within(calm, num + _FURTHER)
    shapes /= np.maximum(np.linalg.norm(shapes, axis=0), 1e-30)
    found = fcls(shapes, _unit(ends))
    count = max(3, round(_SHARE * calm.shape[1]))
    means = []
    for own in found:
        purest = np.argsort(-own, kind="stable")[:count]
        means.append(calm[:, purest[own[purest] >= _PURE * own[purest[0]]]].mean(axis=1))
    return Separation(np.stack(means), by_shape=True)


def _noise_within(spectra: Floats, held: Floats, num: int) -> float:
    """Root mean square over all bands of white noise in `num` dimensions, as the others tell it; 0 without others."""
    bands = len(spectra)
    if bands <= num:
        return 0.0
    variance = np.square(spectra - held).sum() / ((bands - num) * spectra.shape[1])
    return float(np.sqrt(variance * num / bands))


def _within(spectra: Floats, num: int) -> Floats:
    """Spectra (bands, n) held to the `num` dimensions that keep most of them."""
    _, vectors = np.linalg.eigh(spectra @ spectra.T)
    leading = vectors[:, ::-1][:, :num]
    held: Floats = leading @ (leading.T @ spectra)
    return held


def _unit(endmembers: Floats) -> Floats:
    unit: Floats = endmembers / np.maximum(np.linalg.norm(endmembers, axis=1, keepdims=True), 1e-30)
    return unit
