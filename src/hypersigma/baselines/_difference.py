"""Features of the classifiers of change: both dates, their difference, and means of these over squares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from hypersigma.baselines._change import Array, ChangeDetector, Learned
from hypersigma.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class DifferenceClassifier(ChangeDetector):
    """A classifier on [x, y, x - y] and its means.

    Attributes:
        sides: of the squares in pixels, odd.
    """

    sides: tuple[int, ...] = (3, 7)

    def __post_init__(self) -> None:
        if any(side < 1 or side % 2 == 0 for side in self.sides):
            raise ConfigError(f"sides of squares must be odd numbers of pixels, not {self.sides}")

    @property
    def margin(self) -> int:
        return max(self.sides, default=1) // 2

    def evidence(self, learned: Learned, before: Array, after: Array) -> Array:
        stack = np.concatenate([before, after, before - after])
        means = [_means(stack, side) for side in self.sides]
        rim = self.margin
        rows, cols = (slice(rim, length - rim) for length in stack.shape[1:])
        evidence: Array = np.concatenate([stack, *means])[:, rows, cols]
        return evidence


def _means(stack: Array, side: int) -> Array:
    """Means (C, h, w) over squares around each pixel, of pixels with data alone; NaN stays."""
    known = np.isfinite(stack[0])
    share = ndimage.uniform_filter(known.astype(np.float32), side, mode="reflect")
    filled = np.where(known, stack, 0.0).astype(np.float32)
    summed = ndimage.uniform_filter(filled, (1, side, side), mode="reflect")
    means: Array = np.where(known, summed / np.maximum(share, 1e-6), np.nan).astype(np.float32)
    return means
