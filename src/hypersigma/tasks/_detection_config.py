"""The choices that both detections share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hypersigma.errors import ConfigError
from hypersigma.tasks._encoder_config import EncoderTaskConfig


@dataclass(frozen=True, kw_only=True)
class DetectionTaskConfig(EncoderTaskConfig):
    """Settings of a detection, beside those of `EncoderTaskConfig`; from `architecture` on of mode "trained" alone.

    Attributes:
        mode: "frozen", classical scores and features of pre-trained encoders, nothing is trained; or "trained", a
            network fitted on pseudo-labels of the frozen mode's coarse scores, as published.
        false_alarm_rate: share of background pixels that the mask may take for detections, estimated without truth.
        target_share: share of the scene, the highest coarse scores, that counts as found.
        architecture: "default", or "published" for the published network (patches of one pixel, windows of `tile`).
        background_share: share of the scene, the lowest coarse scores, that counts as background.
    """

    false_alarm_rate: float = 1e-3
    target_share: float = 0.0015
    architecture: Literal["default", "published"] = "default"
    background_share: float = 0.3
    patch: int = 2
    overlap: int = 16

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.false_alarm_rate < 1:
            raise ConfigError(f"false_alarm_rate must lie between 0 and 1, not {self.false_alarm_rate}")
        if not 0 < self.target_share <= 1 - self.background_share < 1:
            raise ConfigError(
                f"target_share ({self.target_share}) and background_share ({self.background_share}) must be above 0 "
                "and together at most 1"
            )
