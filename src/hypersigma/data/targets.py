"""A target: the spectra that a detection looks for, as its scene sees them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hypersigma.errors import InputError

Floats = NDArray[np.float64]

_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Target:
    """Spectra of one target in the numbers and the band order of a scene.

    Attributes:
        spectra: (n, bands) float64, a column for each band of the cube; NaN where a spectrum is not known, and in
            bands that are not valid.
        names: one a spectrum.
        notes: what was decided that a person should know.
        pixels: (rows, cols) pixels of the scene that spectra were taken from, or None where they come from elsewhere.
    """

    spectra: Floats
    names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    pixels: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        if self.spectra.ndim != 2 or not self.spectra.size:
            raise InputError(f"target spectra have shape {self.spectra.shape}; an array (n, bands) is needed")
        if len(self.names) not in (0, len(self.spectra)):
            raise InputError(f"{len(self.names)} names for {len(self.spectra)} target spectra; one each is needed")

    @property
    def spectrum(self) -> Floats:
        """The mean of the spectra (bands,), of those that know a band; NaN where none does."""
        with warnings.catch_warnings():
            # a band that no spectrum knows stays NaN, which is said by its value
            warnings.simplefilter("ignore", category=RuntimeWarning)
            mean: Floats = np.nanmean(self.spectra, axis=0)
        return mean


def usable(spectra: Floats) -> tuple[NDArray[np.bool_], str]:
    """Which spectra (n, bands) have a shape to look for, and what is wrong with the first that has none, or "".

    A spectrum without numbers, of zeros, or of one number over several bands tells a target from nothing.
    """
    known = np.isfinite(spectra)
    low: Floats = np.where(known, spectra, np.inf).min(axis=1)
    high: Floats = np.where(known, spectra, -np.inf).max(axis=1)
    empty, zero = np.isinf(low), np.maximum(np.abs(low), np.abs(high)) == 0
    # resampling leaves rounding errors
    flat = (high - low <= _ROUNDING * np.abs(high)) & (known.sum(axis=1) > 1)
    good: NDArray[np.bool_] = ~(empty | zero | flat)
    if good.all():
        return good, ""
    first = int(np.argmin(good))
    if empty[first]:
        return good, "no numbers"
    return good, "zeros alone" if zero[first] else f"the one number {low[first]:g} throughout"
