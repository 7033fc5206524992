"""Unmixing without training: the two steps of `separation` behind the outer door, and settings that concern them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.baselines._unmixing import Floats, Unmixer, brightness
from hypersigma.tasks.unmixing.config import Freedom
from hypersigma.tasks.unmixing.separation import abundances, normalised, separate

TASK = "unmixing"

_ROUNDS = {"fixed": 0, "refined": 5, "free": 20}
_HELD = {"refined": 0.3, "free": 0.0}  # what staying counts against fitting one mean pixel's share


@dataclass(frozen=True, kw_only=True)
class ShapeUnmixer(Unmixer):
    """The tuning-free unmixer; its settings are those of `UnmixingTaskConfig`.

    Attributes:
        endmembers: "fixed", those found or given stay as they are; "refined", they are moved a little towards what
            explains the scene best; "free", they are moved there.
        sum_to_one: whether abundances have sum one; else they say how bright a pixel is against its endmembers, too.
    """

    endmembers: Freedom = "fixed"
    sum_to_one: bool = True

    @property
    def free_brightness(self) -> bool:
        return self.sum_to_one

    @property
    def how(self) -> str:
        return super().how if self.sum_to_one else "at least 0, times the brightness of the pixel"

    def separate(self, spectra: NDArray[Any], num: int, seed: int) -> Floats:
        return separate(spectra, num, seed)

    def settled(self, spectra: NDArray[Any], endmembers: Floats) -> Floats:
        lengths = np.linalg.norm(endmembers, axis=1, keepdims=True)
        start = shapes = normalised(endmembers.T).T
        seen = normalised(spectra)
        for _ in range(_ROUNDS[self.endmembers]):
            shares = abundances(seen, shapes)
            shapes = np.maximum(_refitted(seen, shares, start, _HELD[self.endmembers]), 0.0)
            # what vanished has nothing to be compared with
            shapes = np.where(shapes.any(axis=1, keepdims=True), normalised(shapes.T).T, start)
        return shapes * lengths if _ROUNDS[self.endmembers] else endmembers

    def abundances(self, spectra: NDArray[Any], endmembers: Floats) -> Floats:
        shares = abundances(spectra, endmembers)
        return shares if self.sum_to_one else shares * brightness(spectra, endmembers.T @ shares)


def _refitted(seen: Floats, shares: Floats, start: Floats, held: float) -> Floats:
    """Endmembers (K, bands) that minimise |X - E A|^2 / n + held |E - E_0|^2 / K, of shapes X (bands, n)."""
    count, num = shares.shape
    gram = shares @ shares.T / num + (held / count + 1e-9) * np.eye(count)
    right = shares @ seen.T / num + (held / count + 1e-9) * start
    refitted: Floats = np.linalg.solve(gram, right)
    return refitted


METHOD = ShapeUnmixer()
