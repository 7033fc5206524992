"""Local RX: how far a pixel lies from the ring around it, in the metric of that ring's covariance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from hypersigma.baselines._components import ComponentDetector
from hypersigma.baselines._detector import Array
from hypersigma.baselines._local_rx import local_rx
from hypersigma.baselines._windows import check_windows

TASK = "anomaly_detection"


@dataclass(frozen=True, kw_only=True)
class LocalRX(ComponentDetector):
    """RX of each pixel against the pixels between an inner and an outer square window (dual-window RX).

    Attributes:
        inner, outer: sides of the windows in pixels, odd; the inner one should hold the anomalies looked for.
        loading: share of the ring's mean variance put on the diagonal of its covariance.
    """

    inner: int = 17
    outer: int = 31
    num_components: int = 5
    loading: float = 1e-3

    def __post_init__(self) -> None:
        super().__post_init__()
        check_windows(self.inner, self.outer)

    @property
    def reach(self) -> int:
        return self.outer // 2

    def component_scores(self, components: Array, levels: NDArray[Any]) -> NDArray[Any]:
        return local_rx(components, self.inner, self.outer, self.loading)


METHOD = LocalRX()
