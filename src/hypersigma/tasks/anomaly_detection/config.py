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
    """

    num_components: int = 50
    found_weight: float = 0.2
    feature_weight: float = 0.05

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.num_components < 1 or min(self.found_weight, self.feature_weight) < 0:
            raise ConfigError(
                "num_components must be at least 1, found_weight and feature_weight 0 or more, not "
                f"{self.num_components}, {self.found_weight} and {self.feature_weight}"
            )
