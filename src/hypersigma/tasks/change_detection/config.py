"""Every choice of a change detection."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from hypersigma.data.front_end import FrontEndConfig
from hypersigma.errors import ConfigError
from hypersigma.nn.backbone import Missing
from hypersigma.nn.change import WINDOWS
from hypersigma.nn.positions import PositionKind
from hypersigma.nn.sizes import SIZES
from hypersigma.registry import suggestion
from hypersigma.tasks._contract import TrainingConfig


def _change_front_end() -> FrontEndConfig:
    # changes are as small as a house, so nothing is spread
    return FrontEndConfig(spreading=(0.0,), shapes=())


@dataclass(frozen=True, kw_only=True)
class ChangeDetectionConfig:
    """Settings of a change detection; those from `architecture` on are of mode "trained" alone.

    Attributes:
        size: of the encoders.
        mode: "frozen", machines on classical evidence, no network is trained; or "trained", a network fitted on labels,
            and where there are none on pixels whose scores leave no doubt.
        num_trees: of the forest that learns from labels beside the support vector machine.
        cost: of the machine's training errors (C).
        architecture: "default"; "published", the network that compares windows of `window` pixels; or "multispectral",
            the published one for multispectral images.
        fusion: "gate", the spectral encoder gates the spatial maps, or "none", the spatial encoder alone.
        front_end: how bands become channels.
        training: how the network is trained.
        embedding: what the encoders see: "channels", or "canonical", the canonical bands that channels tell, with what
            pre-training learned of them.
        patch: side of a token's patch in pixels.
        spatial_positions, spectral_positions: what tells patches and bands where they stand.
        missing: what becomes of canonical bands that are missing.
        tile: side of the squares the network sees; `overlap`: pixels that neighbouring tiles share.
        window: side in pixels of the windows of architecture "published", 5 or 15.
        crops_per_batch: squares, or windows, of one training step.
        drop_path: rate of stochastic depth at the deepest block.
    """

    size: str = "tiny"
    mode: Literal["frozen", "trained"] = "frozen"
    num_trees: int = 150
    cost: float = 100.0
    architecture: Literal["default", "published", "multispectral"] = "default"
    fusion: Literal["gate", "none"] = "gate"
    front_end: FrontEndConfig = field(default_factory=_change_front_end)
    training: TrainingConfig = field(default_factory=lambda: TrainingConfig(steps=150))
    embedding: Literal["channels", "canonical"] = "channels"
    patch: int = 4
    spatial_positions: PositionKind = "none"
    spectral_positions: PositionKind = "sin_cos"
    missing: Missing = "scaled"
    tile: int = 32
    overlap: int = 8
    window: int = 5
    crops_per_batch: int = 4
    drop_path: float = 0.1

    def __post_init__(self) -> None:
        if self.size not in SIZES:
            raise ConfigError(f"there is no size '{self.size}': {suggestion(self.size, list(SIZES))}")
        if self.num_trees < 1 or self.cost <= 0:
            raise ConfigError(f"num_trees ({self.num_trees}) must be at least 1 and cost ({self.cost}) above 0")
        if not 0 <= self.overlap < self.tile:
            raise ConfigError(f"overlap must be at least 0 and below the tile ({self.tile}), not {self.overlap}")
        if min(self.patch, self.crops_per_batch) < 1:
            raise ConfigError("patch and crops_per_batch must be at least 1")
        if self.window not in WINDOWS:
            raise ConfigError(f"window must be {' or '.join(map(str, WINDOWS))} pixels, not {self.window}")
