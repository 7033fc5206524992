"""VCA and UCLS: least squares without conditions; abundances may be negative, and their sum is free."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from hypersigma.baselines._unmixing import Floats, Unmixer
from hypersigma.data.abundances import ucls
from hypersigma.data.endmembers import vca

TASK = "unmixing"


@dataclass(frozen=True, kw_only=True)
class FreeLeastSquares(Unmixer):
    """Unconstrained least squares."""

    @property
    def how(self) -> str:
        return "by unconstrained least squares: it may be negative, and sums are free"

    def separate(self, spectra: NDArray[Any], num: int, seed: int) -> Floats:
        return vca(spectra, num, seed).spectra

    def abundances(self, spectra: NDArray[Any], endmembers: Floats) -> Floats:
        return ucls(spectra, endmembers)


METHOD = FreeLeastSquares()
