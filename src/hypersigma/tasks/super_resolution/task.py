"""Super-resolution as a task: what it does to a scene."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hypersigma.cube import Cube
from hypersigma.data.doubled import doubled, is_doubling
from hypersigma.data.sharpened_maps import Image, SharpenedScenes
from hypersigma.data.sharpening import Match, enlarged
from hypersigma.data.stored_numbers import StoredNumbers
from hypersigma.tasks._restoration import Restorer
from hypersigma.tasks.super_resolution.config import SuperResolutionConfig


@dataclass(frozen=True, kw_only=True, eq=False)
class SuperResolution(SharpenedScenes, Restorer):
    """What brings scenes onto smaller pixels."""

    name: ClassVar[str] = "super_resolution"
    Config: ClassVar[type] = SuperResolutionConfig

    @property
    def numbers(self) -> StoredNumbers:
        config: StoredNumbers = self.config
        return config

    def enlarged(self, image: Image, scale: int) -> Image:
        learned = self.config.detail == "learned" and is_doubling(scale)
        return enlarged(image, self.config.wald(scale), self.config.rounds, doubled if learned else None)

    def told(self, cube: Cube, companion: Cube) -> Match:
        match: Match = self.config.told(cube, companion)
        return match

    def fused(self, match: Match) -> Image:
        return match.sharpened(self.config.rounds)


TASK = SuperResolution
