"""Every choice of a target detection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hypersigma.errors import ConfigError
from hypersigma.tasks._detection_config import DetectionTaskConfig


@dataclass(frozen=True, kw_only=True)
class TargetDetectionConfig(DetectionTaskConfig):
    """Settings of a target detection, with those that both detections share.

    Attributes:
        loading: share of the mean variance put on the diagonal of the background's covariance.
        cleaned: share of the pixels, those most like the target, that background statistics leave out.
        smoothing: deviation in pixels of the Gaussian that scores are smoothed with; 0 for none.
        compact: power of the rank of small shapes that scores are multiplied by; 0 for targets of any extent, such as
            slicks or fields.
        loss: "logit", P(target) = sigmoid(score); or "published", of the pair (1 - score, score).
    """

    loading: float = 3e-3
    cleaned: float = 0.01
    smoothing: float = 0.5
    compact: float = 6.0
    loss: Literal["logit", "published"] = "logit"

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.loading, self.smoothing, self.compact) < 0 or not 0 <= self.cleaned < 1:
            raise ConfigError(
                "loading, smoothing and compact must be 0 or more, cleaned at least 0 and below 1; found "
                f"{self.loading}, {self.smoothing}, {self.compact}, {self.cleaned}"
            )
