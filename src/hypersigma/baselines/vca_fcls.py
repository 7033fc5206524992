"""VCA and FCLS: endmembers by vertex component analysis, abundances that are not negative and have sum one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from hypersigma.baselines._unmixing import Floats, Unmixer
from hypersigma.data.abundances import fcls
from hypersigma.data.endmembers import vca

TASK = "unmixing"


@dataclass(frozen=True, kw_only=True)
class VertexLeastSquares(Unmixer):
    """The usual pair of methods (Nascimento and Bioucas-Dias, 2005; Heinz and Chang, 2001)."""

    def separate(self, spectra: NDArray[Any], num: int, seed: int) -> Floats:
        return vca(spectra, num, seed).spectra

    def abundances(self, spectra: NDArray[Any], endmembers: Floats) -> Floats:
        return fcls(spectra, endmembers)


METHOD = VertexLeastSquares()
