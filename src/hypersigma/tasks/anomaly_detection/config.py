"""Every choice of an anomaly detection."""

from __future__ import annotations

from dataclasses import dataclass

from hypersigma.errors import ConfigError
from hypersigma.tasks._detection_config import DetectionTaskConfig


@dataclass(frozen=True, kw_only=True)
class AnomalyDetectionConfig(DetectionTaskConfig):
    """Settings of an anomaly detection, with those that both detections share.

    Attributes:
        num_components: principal components in which pixels are compared with those found.
        found_weight: weight of the likeness to what was found, in components, beside the coarse score's 1.
        feature_weight: weight of that likeness in frozen features.
        surroundings: pixels, odd; side of the square around a pixel that its surroundings are.
        surroundings_weight: weight of the median score there, which is taken away.
    """

    num_components: int = 50
    found_weight: float = 0.2
    feature_weight: float = 0.05
    surroundings: int = 21
    surroundings_weight: float = 0.6

    def __post_init__(self) -> None:
        super().__post_init__()
        weights = {name: getattr(self, name) for name in ("found_weight", "feature_weight", "surroundings_weight")}
        if self.num_components < 1 or min(weights.values()) < 0:
            raise ConfigError(
                f"num_components must be at least 1 and no weight below 0, not {self.num_components} and {weights}"
            )
        if self.surroundings < 1 or self.surroundings % 2 == 0:
            raise ConfigError(f"surroundings must be an odd number of pixels, not {self.surroundings}")
