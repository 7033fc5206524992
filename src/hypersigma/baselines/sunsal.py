"""Sparse regression: few of many spectra of a library explain a pixel (the problem of SUnSAL, solved exactly)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.baselines._unmixing import Floats, Unmixer, with_sum_one
from hypersigma.data.abundances import nnls
from hypersigma.data.endmembers import vca
from hypersigma.errors import ConfigError

TASK = "unmixing"


@dataclass(frozen=True, kw_only=True)
class SparseRegression(Unmixer):
    """min |x - E a|^2 / 2 + sparsity |E_mean|^2 sum(a), a >= 0 (Iordache, Bioucas-Dias and Plaza, IEEE TGRS 2011).

    Abundances are divided by their sum in the end. Without a library the endmembers are those of VCA.

    Attributes:
        sparsity: price of a share, against the mean squared length of the endmembers.
    """

    sparsity: float = 1e-3

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.sparsity < 0:
            raise ConfigError(f"sparsity must be at least 0, not {self.sparsity}")

    @property
    def free_brightness(self) -> bool:
        return True

    @property
    def takes_many(self) -> bool:
        return True

    def separate(self, spectra: NDArray[Any], num: int, seed: int) -> Floats:
        return vca(spectra, num, seed).spectra

    def abundances(self, spectra: NDArray[Any], endmembers: Floats) -> Floats:
        price = self.sparsity * float(np.square(endmembers).sum(axis=1).mean())
        return with_sum_one(nnls(spectra, endmembers, sparsity=price))


METHOD = SparseRegression()
