"""N-FINDR and FCLS: the pixels between which there is the largest volume, abundances with sum one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from hypersigma.baselines._unmixing import Floats, Unmixer
from hypersigma.data.abundances import fcls
from hypersigma.data.endmembers import nfindr

TASK = "unmixing"


@dataclass(frozen=True, kw_only=True)
class LargestSimplex(Unmixer):
    """N-FINDR (Winter, 1999) with fully constrained least squares."""

    def separate(self, spectra: NDArray[Any], num: int, seed: int) -> Floats:
        return nfindr(spectra, num, shade=self.shade).spectra

    def abundances(self, spectra: NDArray[Any], endmembers: Floats) -> Floats:
        return fcls(spectra, endmembers)


METHOD = LargestSimplex()
