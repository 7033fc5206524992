"""VCA and NNLS: abundances that are not negative, divided by their sum, so that brightness does not count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from hypersigma.baselines._unmixing import Floats, Unmixer, with_sum_one
from hypersigma.data.abundances import nnls
from hypersigma.data.endmembers import vca

TASK = "unmixing"


@dataclass(frozen=True, kw_only=True)
class ScaledLeastSquares(Unmixer):
    """Non-negative least squares, scaled afterwards; a pixel that no endmember helps to explain gets equal shares."""

    @property
    def free_brightness(self) -> bool:
        return True

    def separate(self, spectra: NDArray[Any], num: int, seed: int) -> Floats:
        return vca(spectra, num, seed).spectra

    def abundances(self, spectra: NDArray[Any], endmembers: Floats) -> Floats:
        return with_sum_one(nnls(spectra, endmembers))


METHOD = ScaledLeastSquares()
