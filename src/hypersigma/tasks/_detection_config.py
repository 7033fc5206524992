"""The choices that both detections share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from hypersigma.data.front_end import FrontEndConfig
from hypersigma.errors import ConfigError
from hypersigma.nn.backbone import Missing
from hypersigma.nn.positions import PositionKind
from hypersigma.nn.sizes import SIZES
from hypersigma.registry import suggestion
from hypersigma.tasks._contract import TrainingConfig


def _detection_front_end() -> FrontEndConfig:
    # a detector looks for what is small, so nothing is spread; shapes are the area filter's business
    return FrontEndConfig(spreading=(0.0,), shapes=())


@dataclass(frozen=True, kw_only=True)
class DetectionTaskConfig:
    """Settings of a detection; those from `architecture` on are of mode "trained" alone.

    Attributes:
        size: of the encoders.
        mode: "frozen", classical scores and features of pre-trained encoders, nothing is trained; or "trained", a
            network fitted on pseudo-labels of the frozen mode's coarse scores, as published.
        false_alarm_rate: share of background pixels that the mask may take for detections, estimated without truth.
        target_share: share of the scene, the highest coarse scores, that counts as found.
        architecture: "default", or "published" for the published network (patches of one pixel, windows of `tile`).
        fusion: "gate", the spectral encoder gates the spatial maps, or "none", the spatial encoder alone.
        background_share: share of the scene, the lowest coarse scores, that counts as background.
        front_end: how bands become channels.
        training: how the network is trained.
        embedding: what the encoders see: "channels", or "canonical", the canonical bands that channels tell, with what
            pre-training learned of them.
        patch: side of a token's patch in pixels.
        spatial_positions, spectral_positions: what tells patches and bands where they stand.
        missing: what becomes of canonical bands that are missing.
        tile: side of the squares the network sees; `overlap`: pixels that neighbouring tiles share.
        crops_per_batch: squares of one training step.
        drop_path: rate of stochastic depth at the deepest block.
    """

    size: str = "tiny"
    mode: Literal["frozen", "trained"] = "frozen"
    false_alarm_rate: float = 1e-3
    target_share: float = 0.0015
    architecture: Literal["default", "published"] = "default"
    fusion: Literal["gate", "none"] = "gate"
    background_share: float = 0.3
    front_end: FrontEndConfig = field(default_factory=_detection_front_end)
    training: TrainingConfig = field(default_factory=lambda: TrainingConfig(steps=100))
    embedding: Literal["channels", "canonical"] = "channels"
    patch: int = 2
    spatial_positions: PositionKind = "none"
    spectral_positions: PositionKind = "sin_cos"
    missing: Missing = "scaled"
    tile: int = 32
    overlap: int = 16
    crops_per_batch: int = 4
    drop_path: float = 0.1

    def __post_init__(self) -> None:
        if self.size not in SIZES:
            raise ConfigError(f"there is no size '{self.size}': {suggestion(self.size, list(SIZES))}")
        if not 0 < self.false_alarm_rate < 1:
            raise ConfigError(f"false_alarm_rate must lie between 0 and 1, not {self.false_alarm_rate}")
        if not 0 < self.target_share <= 1 - self.background_share < 1:
            raise ConfigError(
                f"target_share ({self.target_share}) and background_share ({self.background_share}) must be above 0 "
                "and together at most 1"
            )
        if not 0 <= self.overlap < self.tile:
            raise ConfigError(f"overlap must be at least 0 and below the tile ({self.tile}), not {self.overlap}")
        if min(self.patch, self.crops_per_batch) < 1:
            raise ConfigError("patch and crops_per_batch must be at least 1")
