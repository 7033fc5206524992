"""Super-resolution as a task: what it does to a scene."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hypersigma.cube import Cube
from hypersigma.data.doubled import doubled, is_doubling
from hypersigma.data.lessons import Directions, Lesson, Lessons
from hypersigma.data.restoration import whole_scene
from hypersigma.data.sharpened_maps import Image, SharpenedScenes
from hypersigma.data.sharpening import Match, enlarged, filled
from hypersigma.data.stored_numbers import StoredNumbers
from hypersigma.data.wald import back_projected, coarsened, whole
from hypersigma.errors import ConfigError, InputError
from hypersigma.tasks._restoration import Restorer
from hypersigma.tasks.super_resolution.config import SuperResolutionConfig
from hypersigma.tiling import Window

_DIRECTIONS = 8  # principal components that a network corrects
_FLAT = 1e-9  # of the largest variance, below which a component is nothing
_FEWEST = 4  # pixels each way of the scene made coarser


@dataclass(frozen=True, kw_only=True, eq=False)
class SuperResolution(SharpenedScenes, Restorer):
    """What brings scenes onto smaller pixels."""

    name: ClassVar[str] = "super_resolution"
    Config: ClassVar[type] = SuperResolutionConfig
    num_told: ClassVar[int] = 1

    @property
    def numbers(self) -> StoredNumbers:
        config: StoredNumbers = self.config
        return config

    def predict(self, cube: Cube, window: Window) -> Image:
        result = super().predict(cube, window)
        if self.corrector is None or self.scale is None:
            return result
        full, _ = filled(whole_scene(cube))
        directions = _directions(full)
        fine, _ = filled(result)
        coefficients = _coefficients(full, directions)
        told = _told(_coefficients(fine, directions), coefficients)
        added = self.corrector.added(coefficients, told, self.corrector.view(cube, directions))
        change = np.tensordot(directions.spectra.T.astype(np.float32), added, axes=1)
        # the scene's own pixels must not see what is added
        result += back_projected(change, np.zeros_like(full), self.config.wald(self.scale), rounds=self.config.rounds)
        return result

    def lessons(self, cube: Cube, generator: np.random.Generator) -> Lessons:
        """The scene made coarser by the scale, and what is missed where it is sharpened again (Wald's protocol)."""
        scale = self.scale or 1
        if not is_doubling(scale):
            raise ConfigError(f"the scale is {scale}; a network is trained for scales of 2, 4, 8 ...: give one of them")
        image = whole_scene(cube)
        if min(image.shape[1:]) // scale < _FEWEST:
            raise InputError(
                f"{cube.name} has {image.shape[1]} x {image.shape[2]} pixels; to learn on it made {scale} times "
                f"coarser, {_FEWEST * scale} each way are needed: use mode=frozen or a lower scale"
            )
        full, known = filled(image)
        true, coarse = whole(full, scale), coarsened(full, self.config.wald(scale))
        directions = _directions(full)
        coefficients = _coefficients(coarse, directions)
        found = _coefficients(self.enlarged(coarse, scale), directions)
        missed = _coefficients(true, directions) - found
        part = Lesson(coefficients, _told(found, coefficients), missed, whole(known[None], scale)[0])
        power = np.square(directions.spectra).sum(axis=1)
        return Lessons(directions=directions, weights=power / power.sum(), parts=[part], trials=[part])

    def enlarged(self, image: Image, scale: int) -> Image:
        learned = self.config.detail == "learned" and is_doubling(scale)
        return enlarged(image, self.config.wald(scale), self.config.rounds, doubled if learned else None)

    def told(self, cube: Cube, companion: Cube) -> Match:
        match: Match = self.config.told(cube, companion)
        return match

    def fused(self, match: Match) -> Image:
        return match.sharpened(self.config.rounds)


def _directions(image: Image) -> Directions:
    """The leading principal components of an image (bands, rows, cols) without gaps, of one deviation each."""
    flat = image.reshape(len(image), -1).astype(np.float64)
    mean = flat.mean(axis=1)
    values, vectors = np.linalg.eigh(np.cov(flat, bias=True).reshape(len(flat), -1))
    chosen = np.flatnonzero(values > _FLAT * values[-1])[::-1][:_DIRECTIONS]
    if not len(chosen):
        raise InputError("no band of the scene varies from pixel to pixel; there is nothing to learn")
    return Directions(mean, vectors[:, chosen].T * np.sqrt(values[chosen, None]))


def _coefficients(image: Image, directions: Directions) -> Image:
    """An image (bands, rows, cols) in directions (D, rows, cols); they are orthogonal."""
    into = directions.spectra / np.square(directions.spectra).sum(axis=1, keepdims=True)
    centred = image - directions.mean[:, None, None].astype(np.float32)
    result: Image = np.tensordot(into.astype(np.float32), centred, axes=1)
    return result


def _told(fine: Image, coarse: Image) -> Image:
    """What the network is told of each direction (D, 1, rows, cols): detail beside the coarse pixels."""
    scale = fine.shape[1] // coarse.shape[1]
    detail: Image = fine - coarse.repeat(scale, axis=1).repeat(scale, axis=2)
    return detail[:, None]


TASK = SuperResolution
