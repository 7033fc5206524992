"""Change vector analysis: the length of the difference between standardised dates (Malila, 1980)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hypersigma.baselines._change import Array, ChangeDetector, Learned

TASK = "change_detection"


@dataclass(frozen=True, kw_only=True)
class ChangeVector(ChangeDetector):
    """sqrt(sum_b (x_b - y_b)^2) over bands b, each date and band of mean 0 and variance 1."""

    def evidence(self, learned: Learned, before: Array, after: Array) -> Array:
        length: Array = np.sqrt(np.square(before - after).sum(axis=0, keepdims=True))
        return length


METHOD = ChangeVector()
