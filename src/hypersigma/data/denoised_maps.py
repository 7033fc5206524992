"""What comes out of a denoising, whatever the method: the scene without noise, what was taken out, and the angle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.noise_level import strips
from hypersigma.data.stored_numbers import Storage
from hypersigma.georef import Georef
from hypersigma.products import Layer

Image = NDArray[np.float32]

DENOISED, RESIDUAL, ANGLE = "denoised", "residual", "angle"

_TOLD = {
    DENOISED: "the scene without the noise that was found",
    RESIDUAL: "what was taken out: the scene less the denoised one",
}


class Told(NamedTuple):
    """What the layers of a scene say that its arrays do not hold."""

    wavelengths: NDArray[np.float64] | None
    units: str
    storage: Storage


def told_of(cube: Cube, storage: Storage) -> Told:
    """What the layers of a scene say."""
    waves = None if cube.wavelengths is None else cube.wavelengths[cube.used]
    return Told(waves, "" if cube.quantity == "unknown" else cube.quantity, storage)


def denoised_arrays(before: Image, after: Image, storage: Storage) -> dict[str, NDArray[Any]]:
    """The arrays of a window by layer name; `before` becomes what was taken out, in place.

    Args:
        before: (bands, h, w) of the window, in the scene's numbers.
        after: the same, denoised.
        storage: of the denoised scene.
    """
    turned = angles(before, after)
    before -= after
    return {DENOISED: storage.stored(after), RESIDUAL: before, ANGLE: turned}


def restored_layer(
    name: str, array: NDArray[Any], georef: Georef | None, told: Told, storage: Storage, description: str
) -> Layer:
    """A cube (bands, rows, cols) that came of a scene, as a layer."""
    return Layer(
        name=name,
        array=array,
        kind="cube",
        georef=georef,
        nodata=storage.nodata,
        units=told.units,
        wavelengths=told.wavelengths,
        description=description,
        scale=storage.scale,
        offset=storage.offset,
    )


def denoised_layers(arrays: Mapping[str, NDArray[Any]], georef: Georef | None, told: Told) -> tuple[Layer, ...]:
    """Whole-scene arrays as layers."""
    cubes = (
        restored_layer(name, arrays[name], georef, told, told.storage if name == DENOISED else Storage(), description)
        for name, description in _TOLD.items()
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
