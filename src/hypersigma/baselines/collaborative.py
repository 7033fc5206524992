"""Collaborative representation: what the ring around a pixel cannot explain of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from hypersigma.baselines._collaborative import collaborative
from hypersigma.baselines._detector import Array
from hypersigma.baselines._ring_detector import RingDetector

TASK = "anomaly_detection"


@dataclass(frozen=True, kw_only=True)
class Collaborative(RingDetector):
    """Residual of a pixel after ridge regression on its ring, far samples penalised (Li and Du, 2015).

    Attributes:
        penalty: of the coefficients, times the squared distance of their sample.
    """

    inner: int = 13
    outer: int = 17
    num_components: int = 25
    penalty: float = 1e-2

    def component_scores(self, components: Array, levels: NDArray[Any]) -> NDArray[Any]:
        return collaborative(components, self.inner, self.outer, self.penalty)


METHOD = Collaborative()
