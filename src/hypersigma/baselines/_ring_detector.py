"""Detectors that compare a pixel with the ring between two square windows around it."""

from __future__ import annotations

from dataclasses import dataclass

from hypersigma.baselines._components import ComponentDetector
from hypersigma.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class RingDetector(ComponentDetector):
    """The base of local detectors.

    Attributes:
        inner: side in pixels of the window that should hold what is looked for, odd.
        outer: side of the window up to which pixels count as its surroundings, odd.
    """

    inner: int = 17
    outer: int = 31

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.inner % 2 == 0 or self.outer % 2 == 0 or not 0 < self.inner < self.outer:
            raise ConfigError(
                f"inner ({self.inner}) and outer ({self.outer}) must be odd numbers of pixels, the outer one the larger"
            )

    @property
    def reach(self) -> int:
        return self.outer // 2
