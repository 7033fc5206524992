"""Cubic convolution, changed until the scene's pixels would see of it what they saw."""

from __future__ import annotations

from dataclasses import dataclass

from hypersigma.baselines._sharpener import Enlarger
from hypersigma.data.sharpened_maps import Image
from hypersigma.data.sharpening import enlarged
from hypersigma.errors import ConfigError

TASK = "super_resolution"


@dataclass(frozen=True, kw_only=True)
class BackProjection(Enlarger):
    """Iterative back-projection (Irani and Peleg, 1991) of an image that begins as the bicubic one.

    Attributes:
        rounds: how often what the scene and the coarsened result differ by is enlarged and added.
    """

    rounds: int = 10

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.rounds < 1:
            raise ConfigError(f"rounds of back-projection are {self.rounds}; expected at least 1, such as 10")

    def enlarged(self, image: Image, scale: int) -> Image:
        return enlarged(image, self.wald(scale), self.rounds)


METHOD = BackProjection()
