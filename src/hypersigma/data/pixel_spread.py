"""What the pixels of a scene are taken to see of smaller ones: settings that all sharpening shares."""

from __future__ import annotations

from dataclasses import dataclass

from hypersigma.cube import Cube
from hypersigma.data.sharpening import Match, SpreadChoice, matched
from hypersigma.data.wald import WaldConfig
from hypersigma.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class PixelSpread:
    """What a pixel sees of smaller ones.

    Attributes:
        spread: "mean", its own area; "gaussian", a Gaussian point spread; "auto", what a companion tells of it, and
            "gaussian" without one.
        transfer: of "gaussian", contrast that the sensor leaves of the finest pattern that its pixels can show, between
            0 and 1; "auto" takes another where that tells clearly more.
    """

    spread: SpreadChoice = "auto"
    transfer: float = 0.3

    def __post_init__(self) -> None:
        if not 0 < self.transfer < 1:
            raise ConfigError(f"the transfer is {self.transfer}; expected a number between 0 and 1, such as 0.3")

    def wald(self, scale: int) -> WaldConfig:
        """What a scene is taken to see of pixels that many times smaller."""
        return WaldConfig(scale=scale, spread="mean" if self.spread == "mean" else "gaussian", transfer=self.transfer)

    def told(self, cube: Cube, companion: Cube) -> Match:
        """What a companion tells of a scene; errors are those of `matched`."""
        return matched(cube, companion, self.spread, self.transfer)
