"""What classical methods of smaller pixels share: whole scenes, by a scale or a companion, and the outer door."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hypersigma.baselines._settings import Kept, load_kept
from hypersigma.cube import Cube
from hypersigma.data.pixel_spread import PixelSpread
from hypersigma.data.restoration import RestorationScene
from hypersigma.data.sharpened_maps import Image, SharpenedScenes
from hypersigma.data.sharpening import Match
from hypersigma.data.stored_numbers import StoredNumbers
from hypersigma.errors import InputError

SHARPENING = "super_resolution"


@dataclass(frozen=True, kw_only=True)
class Sharpener(PixelSpread, StoredNumbers):
    """A way to smaller pixels: the base of the files of this folder that have one, by `Enlarger` or `Fusion`."""

    def enlarged(self, image: Image, scale: int) -> Image:
        """An image (bands, rows, cols), NaN where it lacks data, as (bands, scale rows, scale cols)."""
        raise InputError(
            f"'{_name(self)}' takes its detail from a sharper image; give --companion SHARP instead of a scale"
        )

    def fused(self, match: Match, seed: int) -> Image:
        """A scene on its companion's pixels (bands, h, w), NaN where either lacks data."""
        raise InputError(f"'{_name(self)}' uses no companion; give --scale 4, say, instead of one")

    def fit(self, inputs: Sequence[RestorationScene], seed: int) -> FittedSharpener:
        """The method for some scenes; nothing is learned before a scene is sharpened."""
        return FittedSharpener(method=self, scale=inputs[0].scale, scenes=tuple(inputs), seed=seed)


class Enlarger(Sharpener):
    """A way to smaller pixels that knows the scene alone."""

    @abstractmethod
    def enlarged(self, image: Image, scale: int) -> Image: ...


class Fusion(Sharpener):
    """A way to smaller pixels that takes their detail from a companion."""

    def fused(self, match: Match, seed: int) -> Image:
        fine = self.combined(match, seed).astype(np.float32, copy=False)
        fine[:, ~match.both] = np.nan
        return fine

    @abstractmethod
    def combined(self, match: Match, seed: int) -> Image:
        """A scene on its companion's pixels (bands, h, w), whether or not there is data.

        Args:
            match: what the companion tells of the scene.
            seed: of what is drawn.
        """


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedSharpener(SharpenedScenes):
    """A classical way to smaller pixels; with a scale any scene goes through it, with a companion its own.

    Attributes:
        method: its settings; seed: of what it draws.
    """

    method: Sharpener
    seed: int = 0

    @property
    def numbers(self) -> StoredNumbers:
        return self.method

    def enlarged(self, image: Image, scale: int) -> Image:
        return self.method.enlarged(image, scale)

    def told(self, cube: Cube, companion: Cube) -> Match:
        return self.method.told(cube, companion)

    def fused(self, match: Match) -> Image:
        return self.method.fused(match, self.seed)

    def save(self, folder: Path) -> None:
        """Write settings and scale as YAML into a folder."""
        Kept(method=self.method, scale=self.scale, seed=self.seed).save(folder, SHARPENING)


def load(folder: Path) -> FittedSharpener:
    """A way to smaller pixels that was saved into a folder; errors are those of `load_kept`."""
    kept = load_kept(folder, Sharpener)
    return FittedSharpener(method=kept.method, scale=kept.scale, seed=kept.seed)


def _name(method: Sharpener) -> str:
    """The registered name of a method, that of its file."""
    return type(method).__module__.rpartition(".")[2]
