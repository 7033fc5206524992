"""Every choice of an unmixing."""

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

Comparison = Literal["auto", "shape", "numbers"]
Freedom = Literal["fixed", "refined", "free"]


def _unmixing_front_end() -> FrontEndConfig:
    # spectra are to come back as they were, so nothing is spread
    return FrontEndConfig(spreading=(0.0,), shapes=())


@dataclass(frozen=True, kw_only=True)
class UnmixingTaskConfig:
    """Settings of an unmixing; those from `architecture` on are of mode "trained" alone.

    Attributes:
        size: of the encoders.
        mode: "frozen", geometry alone, no network is trained; or "trained", an autoencoder that begins with the
            endmembers of the frozen mode.
        compare: "shape", spectra and endmembers of length one, whatever their brightness; "numbers", as they are; or
            "auto", by what the scene is like: shapes, unless its pixels are convex mixtures. Of a library, shapes.
        endmembers: "fixed", those found or given stay as they are; "refined", they are moved a little towards what
            explains the scene best; or "free", they are moved there.
        sum_to_one: whether abundances have sum one; else they say how bright a pixel is against its endmembers, too. Of
            mode "frozen" alone: a network's always have.
        architecture: "default"; or "published", the published network.
        fusion: "gate", the spectral encoder gates the spatial maps, or "none", the spatial encoder alone.
        sparsity: weight of the mean root of the abundances beside the angle in the loss.
        variation: weight of the roughness of the endmembers.
        loss: "right", or "published" with its faults: an angle that is not clamped, roughness without gradient.
        dropout: share of channels that training leaves out (published: 0.2).
        logit_dropout: the same of the logits of the abundances (published: 0.2).
        front_end: how bands become channels.
        training: how the network is trained.
        embedding: what the encoders see: "channels", the bands that channels tell, or "canonical", those in their
            places of the canonical grid, with what pre-training learned of them.
        patch: side of a token's patch in pixels.
        spatial_positions, spectral_positions: what tells patches and bands where they stand.
        missing: what becomes of canonical bands that are missing.
        tile: side of the squares the network sees; `overlap`: pixels that neighbouring tiles share.
        crops_per_batch: squares of one training step.
        drop_path: rate of stochastic depth at the deepest block.
    """

    size: str = "tiny"
    mode: Literal["frozen", "trained"] = "frozen"
    compare: Comparison = "auto"
    endmembers: Freedom = "fixed"
    sum_to_one: bool = True
    architecture: Literal["default", "published"] = "default"
    fusion: Literal["gate", "none"] = "gate"
    sparsity: float = 0.0
    variation: float = 0.0
    loss: Literal["right", "published"] = "right"
    dropout: float = 0.0
    logit_dropout: float = 0.0
    front_end: FrontEndConfig = field(default_factory=_unmixing_front_end)
    training: TrainingConfig = field(default_factory=lambda: TrainingConfig(steps=100))
    embedding: Literal["channels", "canonical"] = "channels"
    patch: int = 4
    spatial_positions: PositionKind = "none"
    spectral_positions: PositionKind = "sin_cos"
    missing: Missing = "scaled"
    tile: int = 32
    overlap: int = 8
    crops_per_batch: int = 4
    drop_path: float = 0.1

    def __post_init__(self) -> None:
        if self.size not in SIZES:
            raise ConfigError(f"there is no size '{self.size}': {suggestion(self.size, list(SIZES))}")
        if min(self.sparsity, self.variation) < 0:
            raise ConfigError(f"sparsity ({self.sparsity}) and variation ({self.variation}) must be at least 0")
        if not (0 <= self.dropout < 1 and 0 <= self.logit_dropout < 1):
            raise ConfigError(
                f"dropout ({self.dropout}) and logit_dropout ({self.logit_dropout}) must be at least 0 and below 1"
            )
        if not 0 <= self.overlap < self.tile:
            raise ConfigError(f"overlap must be at least 0 and below the tile ({self.tile}), not {self.overlap}")
        if min(self.patch, self.crops_per_batch) < 1:
            raise ConfigError("patch and crops_per_batch must be at least 1")
