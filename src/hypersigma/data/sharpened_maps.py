"""What comes out of a super-resolution, whatever the method: the scene on smaller pixels, as a layer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.denoised_maps import Told, restored_layer, told_of
from hypersigma.data.method import Tiling
from hypersigma.data.restoration import RestorationScene, whole_scene
from hypersigma.data.sharpening import Match
from hypersigma.data.stored_numbers import StoredNumbers
from hypersigma.data.threads import one_thread
from hypersigma.errors import InputError
from hypersigma.georef import Georef
from hypersigma.products import Layer
from hypersigma.tiling import Window

Image = NDArray[np.float32]

SHARPENED = "sharpened"


class Seen(NamedTuple):
    """What a layer says of the scene that was sharpened last."""

    told: Told
    georef: Georef | None


@dataclass(frozen=True, kw_only=True, eq=False)
class SharpenedScenes(ABC):
    """What brings whole scenes onto smaller pixels.

    Attributes:
        scale: rows and columns of the sharpened scene over those of the scene; None where a companion tells.
        scenes: those that it was made for, which may have companions; none in a loaded one.
        seen: of the scene that was sharpened last.
    """

    scale: int | None = None
    scenes: tuple[RestorationScene, ...] = field(default=(), repr=False)
    seen: list[Seen] = field(default_factory=list, repr=False)

    @abstractmethod
    def enlarged(self, image: Image, scale: int) -> Image:
        """An image (bands, rows, cols), NaN where it lacks data, as (bands, scale rows, scale cols).

        Raises:
            InputError: the method needs a companion.
        """

    @abstractmethod
    def told(self, cube: Cube, companion: Cube) -> Match:
        """What a companion tells of a scene.

        Raises:
            InputError: the companion does not suit the scene, or the method takes none.
        """

    @abstractmethod
    def fused(self, match: Match) -> Image:
        """The scene on the companion's pixels (bands, h, w), NaN where either lacks data."""

    @property
    @abstractmethod
    def numbers(self) -> StoredNumbers:
        """How the sharpened scene is stored."""

    @property
    def tiling(self) -> Tiling:
        return Tiling()

    def predict(self, cube: Cube, window: Window) -> Image:
        """The sharpened scene (bands, rows, cols), on the grid that its layer tells.

        Raises:
            InputError: the scene has no data or is in sensor geometry; or its companion does not suit it, or is not
                known.
        """
        image = whole_scene(cube)
        if self.scale is not None:
            self._remember(cube, None if cube.georef is None else cube.georef.divided(self.scale))
            return self.enlarged(image, self.scale)
        companions = [scene.companion for scene in self.scenes if scene.cube is cube]
        if not companions or companions[0] is None:
            raise InputError(
                f"this model sharpened another scene with a companion, and has none of {cube.name}; run "
                "super_resolution on it with its own"
            )
        with one_thread():
            match = self.told(cube, companions[0])
            self._remember(cube, match.georef)
            return self.fused(match)

    def _remember(self, cube: Cube, georef: Georef | None) -> None:
        """Keep what the layer of a scene says, which its arrays do not hold."""
        self.seen[:] = [Seen(told_of(cube, self.numbers.storage(cube, gaps=self.scale is None)), georef)]

    def finish(self, quantities: Image, cube: Cube, window: Window) -> Mapping[str, NDArray[Any]]:
        return {SHARPENED: self.seen[0].told.storage.stored(quantities)}

    def layers(self, arrays: Mapping[str, NDArray[Any]], georef: Georef | None) -> tuple[Layer, ...]:
        (seen,) = self.seen
        told = seen.told
        # the scene's own georeference is that of larger pixels
        place, description = seen.georef, "the scene on smaller pixels"
        return (restored_layer(SHARPENED, arrays[SHARPENED], place, told, told.storage, description),)
