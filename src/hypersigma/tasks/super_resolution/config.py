"""Every choice of a super-resolution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hypersigma.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class SuperResolutionConfig:
    """Settings of a super-resolution.

    Attributes:
        mode: "frozen": bicubic with back-projection, or a regression on the companion; nothing is trained.
        transfer: contrast that the sensor leaves of the finest pattern that its pixels can show, between 0 and 1.
        rounds: of back-projection, where there is no companion.
    """

    mode: Literal["frozen"] = "frozen"
    transfer: float = 0.3
    rounds: int = 10

    def __post_init__(self) -> None:
        if not 0 < self.transfer < 1:
            raise ConfigError(f"the transfer is {self.transfer}; expected a number between 0 and 1, such as 0.3")
        if self.rounds < 0:
            raise ConfigError(f"rounds are {self.rounds}; expected at least 0")
