"""Denoising as a task: what it does to a scene, and the layers that come out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from hypersigma.cube import Cube
from hypersigma.data.noise_level import strips
from hypersigma.data.subspace_denoising import denoised
from hypersigma.georef import Georef
from hypersigma.products import Layer
from hypersigma.tasks._restoration import Image, Restorer, whole_scene
from hypersigma.tasks.denoising.config import DenoisingConfig
from hypersigma.tiling import Window

DENOISED, RESIDUAL, ANGLE = "denoised", "residual", "angle"


class Denoising(Restorer):
    """A denoiser that finds the noise and the subspace of each scene anew."""

    name: ClassVar[str] = "denoising"
    Config: ClassVar[type] = DenoisingConfig

    def predict(self, cube: Cube, window: Window) -> Image:
        with threadpool_limits(limits=1):
            return denoised(whole_scene(cube), self.config.subspace).image

    def finish(self, quantities: Image, cube: Cube, window: Window) -> Mapping[str, NDArray[Any]]:
        self.remember(cube, cube.georef)
        image = cube.read()
        turned = angles(image, quantities)
        # what was read becomes what was taken out, in place
        image -= quantities
        return {DENOISED: quantities, RESIDUAL: image, ANGLE: turned}

    def layers(self, arrays: Mapping[str, NDArray[Any]], georef: Georef | None) -> tuple[Layer, ...]:
        (seen,) = self.seen
        told = {
            DENOISED: "the scene without the noise that was found",
            RESIDUAL: "what was taken out: the scene less the denoised one",
        }
        cubes = (
            Layer(
                name=name,
                array=arrays[name],
                kind="cube",
                georef=georef,
                units=seen.units,
                wavelengths=seen.wavelengths,
                description=description,
            )
            for name, description in told.items()
        )
        angle = Layer(
            name=ANGLE,
            array=arrays[ANGLE],
            kind="score",
            georef=georef,
            units="radians",
            description="angle between the spectra before and after",
        )
        return (*cubes, angle)


def angles(before: Image, after: Image) -> NDArray[np.float32]:
    """Angles (rows, cols) in radians between spectra of two images; NaN where data lack or a spectrum is zero."""
    result = np.full(before.shape[1:], np.nan, dtype=np.float32)
    for rows in strips(before.shape):
        one, other = before[:, rows].astype(np.float64), after[:, rows].astype(np.float64)
        with np.errstate(invalid="ignore", divide="ignore"):
            one /= np.linalg.norm(one, axis=0)
            other /= np.linalg.norm(other, axis=0)
            # exact for small angles, of which the arc cosine loses half the digits
            result[rows] = 2.0 * np.arctan2(np.linalg.norm(one - other, axis=0), np.linalg.norm(one + other, axis=0))
    return result


TASK = Denoising
