"""A scene on smaller pixels: by itself, or with the detail of a sharper companion of the same ground.

Pixels that lack a number in some band lack all numbers in the result; what they would show plays no part in others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from hypersigma.cube import Cube
from hypersigma.data.placement import Placement
from hypersigma.data.resampled import ResampledSource
from hypersigma.data.resize import resized
from hypersigma.data.wald import WaldConfig, back_projected
from hypersigma.errors import InputError
from hypersigma.georef import Georef, LookupTable
from hypersigma.tiling import Window

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]

_FINER = 1.05  # pixels of a companion in one of the scene, from which on it is sharper
_LEAST_SIDE = 4  # common pixels each way
_PIXELS_A_BAND = 2  # complete pixels for each number of a regression


@dataclass(frozen=True, kw_only=True, eq=False)
class Sharpened:
    """A scene with the detail of a companion.

    Attributes:
        image: (bands, rows, cols) on the companion's grid.
        georef: of the image.
        ratio: pixels of the companion along one of the scene.
        window: the part of the scene that both show.
        coarse: (companion bands, window height, window width), the companion on the scene's pixels.
        explained: (bands,) share of the variance of each band that the companion tells.
    """

    image: Image
    georef: Georef
    ratio: float
    window: Window
    coarse: Image
    explained: NDArray[np.float64]


def enlarged(image: Image, config: WaldConfig, rounds: int) -> Image:
    """An image (bands, rows, cols) enlarged by bicubic interpolation, and brought into line with itself.

    Args:
        image: NaN where there is no data.
        config: how many pixels, and what the image saw of them.
        rounds: of back-projection.

    Raises:
        InputError: no pixel has numbers in all bands.
    """
    full, known = filled(image)
    shape = (image.shape[1] * config.scale, image.shape[2] * config.scale)
    fine = back_projected(resized(full, shape), full, config, rounds=rounds)
    fine[:, ~known.repeat(config.scale, axis=0).repeat(config.scale, axis=1)] = np.nan
    return fine


def hypersharpened(cube: Cube, companion: Cube, transfer: float = WaldConfig.transfer) -> Sharpened:
    """A scene on the grid of a sharper companion, where both show the same ground.

    Each band is regressed on the companion's bands, with a constant, over the scene's pixels; the companion's own
    pixels then tell the band, and what the regression left is added to them by cubic splines (hyper-sharpening; Selva
    and others, 2015). The scene's pixels see the companion through a Gaussian point spread.

    Args:
        cube: the scene.
        companion: with smaller pixels, in any bands.
        transfer: contrast that the scene's sensor leaves at half a wave a pixel, as of `WaldConfig`.

    Raises:
        InputError: one has no georeference or is in sensor geometry, both share no ground, the companion is not
            sharper, or too few pixels have data.
    """
    own, other = placed(cube), placed(companion)
    down = Placement.of(own, cube.shape[1:], other, companion.shape[1:])
    up = Placement.of(other, companion.shape[1:], own, cube.shape[1:])
    window, fine = _overlap(cube, companion, down), _overlap(companion, cube, up)
    across = down.pixels_across(window)
    ratio = math.sqrt(across[0] * across[1])
    if min(across) < _FINER:
        raise InputError(
            f"the companion {companion.name} is not sharper than {cube.name}: {ratio:.3g} of its pixels lie along "
            "one of the scene; give an image with smaller pixels"
        )
    image, sharp = cube.read(window), companion.read(fine)
    seen = point_spread(filled(sharp)[0], np.array(across), transfer)
    places = down.centres(window) - np.array([fine.row, fine.col])[:, None, None] - 0.5
    coarse = np.stack([ndimage.map_coordinates(band, places, order=3, mode="mirror") for band in seen])
    coarse = coarse.astype(np.float32)
    coarse[:, ~_covered(companion, down, window, across)] = np.nan
    matrix, residual, explained = _regressed(image, coarse, cube.name)
    result = np.tensordot(matrix[1:].T.astype(np.float32), sharp, axes=1)
    result += matrix[0].astype(np.float32)[:, None, None]
    _add_residual(result, residual, image, up.centres(fine) - np.array([window.row, window.col])[:, None, None])
    place = other.windowed(fine)
    return Sharpened(
        image=result,
        georef=Georef(place.transform, place.crs or own.crs),
        ratio=ratio,
        window=window,
        coarse=coarse,
        explained=explained,
    )


def filled(image: Image) -> tuple[Image, Mask]:
    """An image (bands, rows, cols) in which incomplete pixels are those nearest to them; and which are complete.

    Raises:
        InputError: none is.
    """
    known: Mask = complete(image)
    if not known.any():
        raise InputError(f"no pixel has numbers in all {len(image)} bands; give a scene with data")
    if known.all():
        return image, known
    rows, cols = ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)
    return image[:, rows, cols], known


def complete(image: Image) -> Mask:
    """Which pixels (rows, cols) have numbers in all bands."""
    return np.asarray(np.isfinite(image).all(axis=0))


def placed(cube: Cube) -> Georef:
    """The affine georeference of a scene.

    Raises:
        InputError: there is none.
    """
    if cube.georef is None:
        raise InputError(
            f"{cube.name} has no georeference, which tells how a companion lies on a scene; add one to both"
        )
    if isinstance(cube.georef, LookupTable):
        raise InputError(f"{cube.name} is in sensor geometry; orthorectify it onto a map first")
    return cube.georef


def _overlap(cube: Cube, other: Cube, placement: Placement) -> Window:
    """The pixels of a scene that the other one shows.

    Raises:
        InputError: there are too few.
    """
    window = placement.overlap()
    if window is None or min(window.height, window.width) < _LEAST_SIDE:
        found = "no ground" if window is None else f"{window.height} x {window.width} pixels"
        raise InputError(
            f"{cube.name} shares {found} with {other.name}; at least {_LEAST_SIDE} x {_LEAST_SIDE} pixels must be "
            "common: are they of the same place?"
        )
    return window


def point_spread(
    image: Image, across: NDArray[np.float64], transfer: float = WaldConfig.transfer
) -> NDArray[np.float64]:
    """What a pixel with a Gaussian point spread would see at every place of an image (bands, rows, cols).

    Args:
        image: without gaps.
        across: its pixels in such a pixel, down and across.
        transfer: as of `WaldConfig`.
    """
    deviations = WaldConfig(scale=1, transfer=transfer).gaussian_deviation * across
    return np.stack([ndimage.gaussian_filter(band.astype(np.float64), deviations) for band in image])


def _covered(companion: Cube, placement: Placement, window: Window, across: tuple[float, float]) -> Mask:
    """Which pixels of a window of the scene hold nothing but data of the companion."""
    known = np.where(complete(companion.read()), 1.0, np.nan).astype(np.float32)
    samples = (math.ceil(across[0] - 0.01), math.ceil(across[1] - 0.01))
    shown = ResampledSource(Cube.from_array(known[None]), placement, window, samples)
    return complete(shown.read(np.arange(1), Window(0, 0, window.height, window.width)))


def _regressed(image: Image, coarse: Image, name: str) -> tuple[NDArray[np.float64], Image, NDArray[np.float64]]:
    """Regression of an image on a companion of its size, over the pixels that are complete in both.

    Returns:
        (1 + companion bands, bands) constants and coefficients, the residual (bands, rows, cols) of all these pixels,
        NaN elsewhere, and the share (bands,) of variance that is explained.

    Raises:
        InputError: too few pixels are complete.
    """
    known = complete(image) & complete(coarse)
    needed = _PIXELS_A_BAND * (1 + len(coarse))
    if np.count_nonzero(known) < needed:
        raise InputError(
            f"{name}: {np.count_nonzero(known)} pixels have data in the scene and in the companion, where {needed} are "
            "needed; give images that share more ground"
        )
    told = np.concatenate([np.ones((1, np.count_nonzero(known))), coarse[:, known]]).T.astype(np.float64)
    numbers = image[:, known].T.astype(np.float64)
    matrix = np.linalg.lstsq(told, numbers, rcond=None)[0]
    left = numbers - told @ matrix
    residual = np.full(image.shape, np.nan, dtype=np.float32)
    residual[:, known] = left.T
    spread = np.maximum(numbers.var(axis=0), np.finfo(np.float64).tiny)
    return np.asarray(matrix), residual, np.asarray(1 - left.var(axis=0) / spread)


def _add_residual(result: Image, residual: Image, image: Image, positions: NDArray[np.float64]) -> None:
    """Add what a regression left to a fine image in place, NaN where the scene has no data there.

    Args:
        result: (bands, h, w).
        residual: (bands, rows, cols), NaN where it is not known.
        image: the scene (bands, rows, cols).
        positions: (2, h, w) of the fine pixels on the scene, counted from its corner.
    """
    full, _ = filled(residual)
    size = np.array(image.shape[1:])[:, None, None]
    with np.errstate(invalid="ignore"):
        outside = ~((positions >= 0) & (positions <= size)).all(axis=0)
    positions = np.where(outside, 0.5, positions)
    row, col = np.minimum(positions.astype(np.intp), size - 1)
    for band, left in zip(result, full, strict=True):
        band += ndimage.map_coordinates(left, positions - 0.5, order=3, mode="mirror")
    result[:, outside | ~(complete(image)[row, col] & complete(result))] = np.nan
