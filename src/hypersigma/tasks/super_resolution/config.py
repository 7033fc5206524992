"""Every choice of a super-resolution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hypersigma.data.pixel_spread import PixelSpread
from hypersigma.data.stored_numbers import StoredNumbers
from hypersigma.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class SuperResolutionConfig(PixelSpread, StoredNumbers):
    """Settings of a super-resolution, beside what pixels see of smaller ones and how the result is stored.

    Attributes:
        mode: "frozen": nothing is trained on the scene.
        detail: without a companion: "learned", by a small network that learned on other scenes, where the scale is
            2, 4, 8 ...; "interpolated", bicubic.
        rounds: of back-projection.
    """

    mode: Literal["frozen"] = "frozen"
    detail: Literal["learned", "interpolated"] = "learned"
    rounds: int = 10

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.rounds < 0:
            raise ConfigError(f"rounds are {self.rounds}; expected at least 0")
