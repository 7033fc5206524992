"""PPI and FCLS: the pixels that are extreme most often, one of each kind, abundances with sum one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from hypersigma.baselines._unmixing import Floats, Unmixer
from hypersigma.data.abundances import fcls
from hypersigma.data.endmembers import ppi

TASK = "unmixing"


@dataclass(frozen=True, kw_only=True)
class PurePixels(Unmixer):
    """The pixel purity index (Boardman, Kruse and Green, 1995) with fully constrained least squares."""

    def separate(self, spectra: NDArray[Any], num: int, seed: int) -> Floats:
        return ppi(spectra, num, seed).spectra

    def abundances(self, spectra: NDArray[Any], endmembers: Floats) -> Floats:
        return fcls(spectra, endmembers)


METHOD = PurePixels()
