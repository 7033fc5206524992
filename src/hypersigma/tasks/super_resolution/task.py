"""Super-resolution as a task: what it does to a scene, and the layer that comes out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from hypersigma.cube import Cube
from hypersigma.data.sharpening import Match, enlarged, matched
from hypersigma.data.wald import WaldConfig
from hypersigma.errors import InputError
from hypersigma.georef import Georef
from hypersigma.products import Layer
from hypersigma.tasks._restoration import Image, Restorer, whole_scene
from hypersigma.tasks.super_resolution.config import SuperResolutionConfig
from hypersigma.tiling import Window

SHARPENED = "sharpened"


class SuperResolution(Restorer):
    """What brings scenes onto smaller pixels."""

    name: ClassVar[str] = "super_resolution"
    Config: ClassVar[type] = SuperResolutionConfig

    def predict(self, cube: Cube, window: Window) -> Image:
        """The sharpened scene (bands, rows, cols), on the grid that its layer tells.

        Raises:
            InputError: the scene has no data or is in sensor geometry; or its companion does not suit it, or is not
                known.
        """
        image = whole_scene(cube)
        if self.scale is not None:
            georef = None if cube.georef is None else cube.georef.divided(self.scale)
            self.remember(cube, georef)
            return enlarged(image, wald(self.config, self.scale), self.config.rounds, self.config.detail)
        companions = [scene.companion for scene in self.scenes if scene.cube is cube]
        if not companions or companions[0] is None:
            raise InputError(
                f"this model sharpened another scene with a companion, and has none of {cube.name}; run "
                "super_resolution on it with its own"
            )
        with threadpool_limits(limits=1):
            found = told(cube, companions[0], self.config)
            self.remember(cube, found.georef)
            return found.sharpened(self.config.rounds)

    def finish(self, quantities: Image, cube: Cube, window: Window) -> Mapping[str, NDArray[Any]]:
        return {SHARPENED: quantities}

    def layers(self, arrays: Mapping[str, NDArray[Any]], georef: Georef | None) -> tuple[Layer, ...]:
        (seen,) = self.seen
        sharpened = Layer(
            name=SHARPENED,
            array=arrays[SHARPENED],
            kind="cube",
            # the scene's own georeference is that of larger pixels
            georef=seen.georef,
            units=seen.units,
            wavelengths=seen.wavelengths,
            description="the scene on smaller pixels",
        )
        return (sharpened,)


def wald(config: SuperResolutionConfig, scale: int) -> WaldConfig:
    """What a scene is taken to see of smaller pixels."""
    return WaldConfig(scale=scale, spread="mean" if config.spread == "mean" else "gaussian", transfer=config.transfer)


def told(cube: Cube, companion: Cube, config: SuperResolutionConfig) -> Match:
    """What a companion tells of a scene, as the settings say."""
    return matched(cube, companion, config.spread, config.transfer)


TASK = SuperResolution
