"""Every choice of a change detection."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from hypersigma.errors import ConfigError
from hypersigma.nn.change import WINDOWS
from hypersigma.tasks._contract import TrainingConfig
from hypersigma.tasks._encoder_config import EncoderTaskConfig


@dataclass(frozen=True, kw_only=True)
class ChangeDetectionConfig(EncoderTaskConfig):
    """Settings beside those of `EncoderTaskConfig`; those from `architecture` on are of mode "trained" alone.

    Attributes:
        mode: "frozen", machines on classical evidence, no network is trained; or "trained", a network fitted on labels,
            and where there are none on pixels whose scores leave no doubt.
        num_trees: of the forest that learns from labels beside the support vector machine.
        cost: of the machine's training errors (C).
        architecture: "default"; "published", the network that compares windows of `window` pixels; or "multispectral",
            the published one for multispectral images.
        window: side in pixels of the windows of architecture "published", 5 or 15.
        crops_per_batch: squares, or windows, of one training step.
    """

    num_trees: int = 150
    cost: float = 100.0
    architecture: Literal["default", "published", "multispectral"] = "default"
    training: TrainingConfig = field(default_factory=lambda: TrainingConfig(steps=150))
    window: int = 5

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.num_trees < 1 or self.cost <= 0:
            raise ConfigError(f"num_trees ({self.num_trees}) must be at least 1 and cost ({self.cost}) above 0")
        if self.window not in WINDOWS:
            raise ConfigError(f"window must be {' or '.join(map(str, WINDOWS))} pixels, not {self.window}")
