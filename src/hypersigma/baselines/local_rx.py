"""Local RX: how far a pixel lies from the ring around it, in the metric of that ring's covariance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from hypersigma.baselines._detector import Array
from hypersigma.baselines._local_rx import local_rx
from hypersigma.baselines._ring_detector import RingDetector

TASK = "anomaly_detection"


@dataclass(frozen=True, kw_only=True)
class LocalRX(RingDetector):
    """RX of each pixel against the pixels between an inner and an outer square window (dual-window RX).

    Attributes:
        loading: share of the ring's mean variance put on the diagonal of its covariance.
    """

    num_components: int = 5
    loading: float = 1e-3

    def component_scores(self, components: Array, levels: NDArray[Any]) -> NDArray[Any]:
        return local_rx(components, self.inner, self.outer, self.loading)


METHOD = LocalRX()
