"""What comes out of a denoising, whatever the method: the scene without noise, what was taken out, and the angle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.noise_level import strips
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
    nodata: float | None


def told_of(cube: Cube) -> Told:
    """What the layers of a scene say."""
    waves = None if cube.wavelengths is None else cube.wavelengths[cube.used]
    return Told(waves, "" if cube.quantity == "unknown" else cube.quantity, cube.nodata)


def stored_type(cube: Cube) -> np.dtype[Any]:
    """The type of a denoised scene: the scene's own where its numbers are whole and unscaled, else single precision."""
    kind = cube.source.dtype
    plain = np.all(np.asarray(cube.scale) == 1) and np.all(np.asarray(cube.offset) == 0)
    return kind if kind.kind in "iu" and plain else np.dtype(np.float32)


def denoised_arrays(before: Image, after: Image, cube: Cube, *, whole: bool = True) -> dict[str, NDArray[Any]]:
    """The arrays of a window by layer name; `before` becomes what was taken out, in place.

    Args:
        before: (bands, h, w) of the window, in the scene's numbers.
        after: the same, denoised.
        cube: the scene.
        whole: whether a scene of whole numbers keeps its type: rounded, and what its type cannot hold cut off.
    """
    turned = angles(before, after)
    before -= after
    kind = stored_type(cube) if whole else np.dtype(np.float32)
    if kind.kind not in "iu":
        return {DENOISED: after, RESIDUAL: before, ANGLE: turned}
    limits: Any = np.iinfo(kind)
    missing = ~np.isfinite(after)
    rounded = np.clip(np.rint(np.where(missing, 0.0, after)), limits.min, limits.max).astype(kind)
    if cube.nodata is not None:
        # a number that happens to be that of no data would be lost
        rounded[rounded == cube.nodata] = cube.nodata - 1 if cube.nodata > limits.min else cube.nodata + 1
        rounded[missing] = cube.nodata
    return {DENOISED: rounded, RESIDUAL: before, ANGLE: turned}


def denoised_layers(arrays: Mapping[str, NDArray[Any]], georef: Georef | None, told: Told) -> tuple[Layer, ...]:
    """Whole-scene arrays as layers."""
    cubes = (
        Layer(
            name=name,
            array=arrays[name],
            kind="cube",
            georef=georef,
            nodata=told.nodata if arrays[name].dtype.kind in "iu" else None,
            units=told.units,
            wavelengths=told.wavelengths,
            description=description,
        )
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
