"""Every choice of a super-resolution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hypersigma.data.sharpening import Detail, SpreadChoice
from hypersigma.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class SuperResolutionConfig:
    """Settings of a super-resolution.

    Attributes:
        mode: "frozen": nothing is trained on the scene.
        detail: without a companion: "learned", by a small network that learned on other scenes, where the scale is
            2, 4, 8 ...; "interpolated", bicubic.
        spread: what the scene's pixels see of smaller ones: "mean", their own area; "gaussian", a Gaussian point
            spread; "auto", what a companion tells of it, and "gaussian" without one.
        transfer: of "gaussian", contrast that the sensor leaves of the finest pattern that its pixels can show, between
            0 and 1.
        rounds: of back-projection.
    """

    mode: Literal["frozen"] = "frozen"
    detail: Detail = "learned"
    spread: SpreadChoice = "auto"
    transfer: float = 0.3
    rounds: int = 10

    def __post_init__(self) -> None:
        if not 0 < self.transfer < 1:
            raise ConfigError(f"the transfer is {self.transfer}; expected a number between 0 and 1, such as 0.3")
        if self.rounds < 0:
            raise ConfigError(f"rounds are {self.rounds}; expected at least 0")
