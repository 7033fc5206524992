"""ATGP and FCLS: the brightest pixel and always the one that is least explained, abundances with sum one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from hypersigma.baselines._unmixing import Floats, Unmixer
from hypersigma.data.abundances import fcls
from hypersigma.data.endmembers import atgp

TASK = "unmixing"


@dataclass(frozen=True, kw_only=True)
class GeneratedTargets(Unmixer):
    """Automatic target generation (Ren and Chang, 2003) with fully constrained least squares."""

    def separate(self, spectra: NDArray[Any], num: int, seed: int) -> Floats:
        return atgp(spectra, num).spectra

    def abundances(self, spectra: NDArray[Any], endmembers: Floats) -> Floats:
        return fcls(spectra, endmembers)


METHOD = GeneratedTargets()
