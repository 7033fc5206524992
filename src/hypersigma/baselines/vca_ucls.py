"""VCA and UCLS: least squares without conditions; abundances may be negative, and their sum is free."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from hypersigma.baselines._unmixing import Floats, Unmixer
from hypersigma.data.abundances import ucls
from hypersigma.data.endmembers import vca
from hypersigma.errors import ConfigError

TASK = "unmixing"


@dataclass(frozen=True, kw_only=True)
class FreeLeastSquares(Unmixer):
    """Unconstrained least squares."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.shade:
            raise ConfigError("shade takes what shares lack to a sum of one, and here sums are free: leave it out")

    @property
    def how(self) -> str:
        return "by unconstrained least squares: it may be negative, and sums are free"

    def separate(self, spectra: NDArray[Any], num: int, seed: int) -> Floats:
        return vca(spectra, num, seed).spectra

    def abundances(self, spectra: NDArray[Any], endmembers: Floats) -> Floats:
        return ucls(spectra, endmembers)


METHOD = FreeLeastSquares()
