"""Every choice of a classification."""

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


@dataclass(frozen=True, kw_only=True)
class ClassificationConfig:
    """Settings of a classification.

    Attributes:
        size: of the backbone: tiny, small, base, large or huge.
        architecture: "default", or "published" for the published network, whose windows have a fixed size.
        head: "dense", all pixels of a tile at once, or "patch", one window a pixel.
        fusion: "gate", the spectral encoder gates the spatial maps, or "none", the spatial encoder alone.
        front_end: how bands become channels.
        training: how the network is trained.
        embedding: what the encoders see: "channels", all channels of the front end; or "canonical", the canonical bands
            that these tell, with what pre-training learned of them.
        patch: side of a token's patch in pixels.
        spatial_positions, spectral_positions: what tells patches and bands where they stand: "sin_cos" or "none"; with
            pre-trained weights, what they were trained with.
        missing: what becomes of canonical bands that are missing, as in `SpatialConfig`; with pre-trained weights, what
            they were trained with.
        tile: side of the squares the network sees; `overlap`: pixels that neighbouring tiles share.
        window: side of the window around a pixel, for head "patch".
        detail: width of a path that looks at single pixels beside the tokens; 0 for none.
        drop_path: rate of stochastic depth at the deepest block.
        pixels_per_batch: pixels of the crops of one training step.
        noise: deviation of the noise added to standardised channels in training.
        label_smoothing: share of the target spread over all classes.
        num_members: networks in the ensemble; each is fitted without one share of the labels.
        spreading: candidates for the spreading of probabilities within regions (weight of a pixel's own answer;
            0 = no spreading), of which held-out labels choose one.
    """

    size: str = "tiny"
    architecture: Literal["default", "published"] = "default"
    head: Literal["dense", "patch"] = "dense"
    fusion: Literal["gate", "none"] = "gate"
    front_end: FrontEndConfig = field(default_factory=FrontEndConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    embedding: Literal["channels", "canonical"] = "channels"
    patch: int = 4
    spatial_positions: PositionKind = "none"
    spectral_positions: PositionKind = "sin_cos"
    missing: Missing = "scaled"
    tile: int = 64
    overlap: int = 16
    window: int = 33
    detail: int = 128
    drop_path: float = 0.1
    pixels_per_batch: int = 8192
    noise: float = 1.0
    label_smoothing: float = 0.1
    num_members: int = 4
    spreading: tuple[float, ...] = (0.0, 0.1, 0.03, 0.01)

    def __post_init__(self) -> None:
        if self.size not in SIZES:
            raise ConfigError(f"there is no size '{self.size}': {suggestion(self.size, list(SIZES))}")
        if not 0 <= self.overlap < self.tile:
            raise ConfigError(f"overlap must be at least 0 and below the tile ({self.tile}), not {self.overlap}")
        if min(self.patch, self.window, self.num_members, self.pixels_per_batch) < 1 or self.detail < 0:
            raise ConfigError("patch, window, num_members and pixels_per_batch must be at least 1, detail at least 0")
        if self.window % 2 == 0:
            raise ConfigError(f"window must be odd, so that it has a middle pixel, not {self.window}")
        if not self.spreading or min(self.spreading) < 0 or self.noise < 0 or not 0 <= self.label_smoothing < 1:
            raise ConfigError("spreading and noise must be 0 or more, label_smoothing at least 0 and below 1")
