"""Every choice of a super-resolution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hypersigma.data.pixel_spread import PixelSpread
from hypersigma.data.stored_numbers import StoredNumbers
from hypersigma.errors import ConfigError
from hypersigma.tasks._encoder_config import SquaresConfig


@dataclass(frozen=True, kw_only=True)
class SuperResolutionConfig(SquaresConfig, PixelSpread, StoredNumbers):
    """Settings of a super-resolution, beside those of `SquaresConfig`, what pixels see of smaller ones and storage.

    Attributes:
        mode: "frozen", nothing is trained on the scene; or "trained", a network corrects that, which learns on the
            scene made coarser by the same scale.
        detail: without a companion: "learned", by a small network that learned on other scenes, where the scale is
            2, 4, 8 ...; "interpolated", bicubic.
        rounds: of back-projection.
    """

    detail: Literal["learned", "interpolated"] = "learned"
    rounds: int = 10
    patch: int = 2
    crops_per_batch: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        PixelSpread.__post_init__(self)
        if self.rounds < 0:
            raise ConfigError(f"rounds are {self.rounds}; expected at least 0")
