"""Targets from pixels of the scene itself: a list of them, a mask, a raster or matrix, or polygons."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.label_files import is_vector, read_labels
from hypersigma.data.label_vectors import read_area
from hypersigma.data.targets import Floats, Target, usable
from hypersigma.errors import InputError
from hypersigma.tiling import Window

Mask = NDArray[np.bool_]

_PIXELS = re.compile(r"^\s*[+-]?\d+\s*,\s*[+-]?\d+\s*(;\s*[+-]?\d+\s*,\s*[+-]?\d+\s*)*;?\s*$")


def is_pixel_text(text: str) -> bool:
    """Whether a text is "row,col" or "row,col;row,col" rather than the name of a file."""
    return bool(_PIXELS.match(text))


def pixels_of_text(text: str) -> list[tuple[int, int]]:
    """The (row, col) pairs of "row,col;row,col", counted from zero."""
    pairs = (part.split(",") for part in text.split(";") if part.strip())
    return [(int(row), int(col)) for row, col in pairs]


def mask_of_pixels(cube: Cube, pixels: Iterable[tuple[int, int]]) -> Mask:
    """The mask (rows, cols) of some (row, col), counted from zero.

    Raises:
        InputError: there is none, or one lies outside the scene.
    """
    _, rows, cols = cube.shape
    mask = np.zeros((rows, cols), dtype=bool)
    for row, col in pixels:
        if not (0 <= row < rows and 0 <= col < cols):
            raise InputError(
                f"target pixel ({row}, {col}) lies outside the scene {cube.name} of {rows} rows x {cols} columns; "
                "rows and columns are counted from 0"
            )
        mask[row, col] = True
    return mask


def mask_of_file(cube: Cube, path: Path, variable: str | None) -> tuple[Mask, tuple[str, ...]]:
    """The pixels that a file marks, and notes: numbers above 0 of a raster or matrix, or what polygons cover.

    Raises:
        InputError: it cannot be read, lies on another grid or outside the scene, or marks no pixel.
        MissingExtraError: the format needs extra `geo`.
    """
    if is_vector(path):
        return read_area(path, cube)
    labelled = read_labels(path, cube, variable=variable)
    # the reader adds its notes to those of the scene
    return labelled.labels > 0, labelled.cube.notes[len(cube.notes) :]


def target_of_mask(cube: Cube, mask: Mask, notes: tuple[str, ...] = ()) -> Target:
    """The spectra of the marked pixels, without those that have no data.

    Raises:
        InputError: the mask has another size than the scene, marks no pixel, or only ones without data.
    """
    _, rows, cols = cube.shape
    if mask.shape != (rows, cols):
        raise InputError(
            f"the target's mask has shape {mask.shape}, the scene {cube.name} {rows} rows x {cols} columns; "
            "give one of the scene's size"
        )
    places = np.argwhere(mask)
    if not len(places):
        raise InputError(f"the target's mask marks no pixel of {cube.name}; it must be True (above 0) on the target")
    spectra = _read(cube, places)
    good, fault = usable(spectra)
    if not good.any():
        raise InputError(
            f"{cube.name}: the {len(places)} target pixels, such as ({places[0][0]}, {places[0][1]}), hold {fault}; "
            "choose pixels of the target that have data"
        )
    if fault:
        notes = (*notes, f"{int((~good).sum())} of {len(places)} target pixels hold {fault} and are left out")
    kept = np.zeros((rows, cols), dtype=bool)
    kept[tuple(places[good].T)] = True
    names = tuple(f"pixel ({row}, {col})" for row, col in places[good])
    return Target(spectra[good], names, notes, kept)


def _read(cube: Cube, places: NDArray[np.intp]) -> Floats:
    """Spectra (n, bands) of pixels, NaN in bands that are not valid: row by row, so that little of a scene is read."""
    spectra = np.full((len(places), cube.shape[0]), np.nan)
    for row in np.unique(places[:, 0]):
        members = np.flatnonzero(places[:, 0] == row)
        cols = places[members, 1]
        first, last = int(cols.min()), int(cols.max())
        values = cube.read(Window(int(row), first, 1, last - first + 1))[:, 0, cols - first]
        spectra[np.ix_(members, cube.used)] = values.T
    return np.where(np.isfinite(spectra), spectra, np.nan)
