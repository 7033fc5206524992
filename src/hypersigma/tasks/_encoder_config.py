"""The choices that tasks with encoders share when their networks see squares of a scene."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from hypersigma.data.front_end import FrontEndConfig
from hypersigma.errors import ConfigError
from hypersigma.nn.backbone import Missing
from hypersigma.nn.positions import PositionKind
from hypersigma.nn.sizes import named_size
from hypersigma.tasks._contract import TrainingConfig


def _unspread() -> FrontEndConfig:
    # what is small counts, so nothing is spread
    return FrontEndConfig(spreading=(0.0,), shapes=())


@dataclass(frozen=True, kw_only=True)
class SquaresConfig:
    """Settings of a task that does without a network or trains one; from `fusion` on of mode "trained" alone.

    Attributes:
        size: of the encoders.
        mode: "frozen", no network is trained; or "trained", one is.
        fusion: "gate", the spectral encoder gates the spatial maps, or "none", the spatial encoder alone.
        training: how the network is trained.
        patch: side of a token's patch in pixels.
        spatial_positions, spectral_positions: what tells patches and bands where they stand.
        missing: what becomes of canonical bands that are missing.
        tile: side of the squares the network sees; `overlap`: pixels that neighbouring tiles share.
        crops_per_batch: squares of one training step.
        drop_path: rate of stochastic depth at the deepest block.
    """

    size: str = "tiny"
    mode: Literal["frozen", "trained"] = "frozen"
    fusion: Literal["gate", "none"] = "gate"
    training: TrainingConfig = field(default_factory=lambda: TrainingConfig(steps=100))
    patch: int = 4
    spatial_positions: PositionKind = "none"
    spectral_positions: PositionKind = "sin_cos"
    missing: Missing = "scaled"
    tile: int = 32
    overlap: int = 8
    crops_per_batch: int = 4
    drop_path: float = 0.1

    def __post_init__(self) -> None:
        named_size(self.size)
        if not 0 <= self.overlap < self.tile:
            raise ConfigError(f"overlap must be at least 0 and below the tile ({self.tile}), not {self.overlap}")
        if min(self.patch, self.crops_per_batch) < 1:
            raise ConfigError("patch and crops_per_batch must be at least 1")


@dataclass(frozen=True, kw_only=True)
class EncoderTaskConfig(SquaresConfig):
    """The same of a task whose network sees channels of a front end.

    Attributes:
        front_end: how bands become channels.
        embedding: what the encoders see: "channels", or "canonical", the canonical bands that channels tell, with what
            pre-training learned of them.
    """

    front_end: FrontEndConfig = field(default_factory=_unspread)
    embedding: Literal["channels", "canonical"] = "channels"
