"""Every choice of a change detection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hypersigma.errors import ConfigError
from hypersigma.nn.sizes import SIZES
from hypersigma.registry import suggestion


@dataclass(frozen=True, kw_only=True)
class ChangeDetectionConfig:
    """Settings of a change detection.

    Attributes:
        size: of the encoders.
        mode: "frozen", machines on classical evidence, no network is trained; or "trained", a network fitted on labels.
        num_trees: of the forest that learns from labels beside the support vector machine.
        cost: of the machine's training errors (C).
    """

    size: str = "tiny"
    mode: Literal["frozen", "trained"] = "frozen"
    num_trees: int = 300
    cost: float = 100.0

    def __post_init__(self) -> None:
        if self.size not in SIZES:
            raise ConfigError(f"there is no size '{self.size}': {suggestion(self.size, list(SIZES))}")
        if self.num_trees < 1 or self.cost <= 0:
            raise ConfigError(f"num_trees ({self.num_trees}) must be at least 1 and cost ({self.cost}) above 0")
