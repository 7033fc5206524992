"""Change vector analysis in the leading principal components of the differences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hypersigma.baselines._change import Array, ChangeDetector, Learned
from hypersigma.errors import ConfigError

TASK = "change_detection"


@dataclass(frozen=True, kw_only=True)
class ComponentChangeVector(ChangeDetector):
    """The length of the difference of standardised dates, in its leading principal components.

    Attributes:
        num_components: that are kept.
    """

    num_components: int = 3

    def __post_init__(self) -> None:
        if self.num_components < 1:
            raise ConfigError(f"num_components must be at least 1, not {self.num_components}")

    def learn(self, before: Array, after: Array) -> Learned:
        difference = (before - after).astype(np.float64)
        mean = difference.mean(axis=1)
        _, vectors = np.linalg.eigh(np.atleast_2d(np.cov(difference)))
        return {"mean": mean, "vectors": vectors[:, ::-1][:, : self.num_components].T}

    def evidence(self, learned: Learned, before: Array, after: Array) -> Array:
        centred = before - after - learned["mean"].astype(np.float32)[:, None, None]
        components = np.tensordot(learned["vectors"].astype(np.float32), centred, axes=1)
        length: Array = np.sqrt(np.square(components).sum(axis=0, keepdims=True))
        return length


METHOD = ComponentChangeVector()
