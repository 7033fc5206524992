"""What a detection looks for, from whatever a person gives: a library, a table, pixels of the scene, or an array."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.target_libraries import is_library, spread_over, target_of_file, target_of_library
from hypersigma.data.target_pixels import (
    is_pixel_text,
    mask_of_file,
    mask_of_pixels,
    pixels_of_text,
    target_of_mask,
)
from hypersigma.data.target_scale import on_scene_scale
from hypersigma.data.targets import Target, usable
from hypersigma.errors import InputError
from hypersigma.products import SpectralLibrary

_KINDS = (
    "a spectral library (ENVI .sli + .hdr, .csv, ENVI's plot .txt), a raster, MATLAB file or polygons on the scene, or "
    "pixels as ROW,COL;ROW,COL"
)


def read_target(
    cube: Cube,
    target: Any,
    *,
    spectrum: str | None = None,
    variable: str | None = None,
    names: Sequence[str] = (),
) -> Target:
    """The spectra to look for, in the numbers and the bands of a scene.

    Args:
        cube: the scene.
        target: a file: a spectral library (`FILE#NAME` for one of several spectra), a table of wavelengths and values,
            a raster or MATLAB array on the scene's grid (numbers above 0) or polygons over it; or several files; or
            pixels counted from zero as text "row,col;row,col". In Python also a SpectralLibrary, an array (bands,) or
            (n, bands) over all bands or the used ones, a mask (rows, cols) of booleans, or pairs (row, col).
        spectrum: name of the spectrum of a library, in place of `FILE#NAME`.
        variable: the MATLAB array, where a file holds several that fit.
        names: what the spectra are called, one each, in place of the names that they come with.

    Raises:
        InputError: it cannot be read, has no shape to look for, or does not fit the scene: other bands, pixels outside
            of it or without data.
        MissingExtraError: the format of polygons needs extra `geo`.
    """
    found = _read(cube, target, spectrum, variable)
    return replace(found, names=tuple(names)) if names else found


def _read(cube: Cube, target: Any, spectrum: str | None, variable: str | None) -> Target:
    if isinstance(target, SpectralLibrary):
        return target_of_library(cube, target, spectrum)
    if isinstance(target, str) and is_pixel_text(target):
        return target_of_mask(cube, mask_of_pixels(cube, pixels_of_text(target)))
    if isinstance(target, str | Path):
        return _of_file(cube, str(target), spectrum, variable)
    if isinstance(target, list | tuple):
        if target and all(isinstance(item, str | Path | SpectralLibrary) for item in target):
            return _together([_read(cube, item, spectrum, variable) for item in target])
        if target and all(_is_pair(item) for item in target):
            return target_of_mask(cube, mask_of_pixels(cube, target))
    return _of_array(cube, _as_array(target))


def _of_file(cube: Cube, text: str, spectrum: str | None, variable: str | None) -> Target:
    """The target of a file, whose name may go on with "#" and that of a spectrum.

    Raises:
        InputError: there is no such file, or it holds no spectra to choose by name.
    """
    path = Path(text)
    if not path.is_file() and "#" in text:
        start, _, name = text.rpartition("#")
        path, spectrum = Path(start), name if spectrum is None else spectrum
    if not path.is_file():
        siblings = [item.name for item in path.parent.iterdir()] if path.parent.is_dir() else []
        near = difflib.get_close_matches(path.name, siblings, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise InputError(f"{path}: there is no such file{hint}; a target is {_KINDS}")
    if is_library(path):
        return target_of_file(cube, path, spectrum)
    if spectrum is not None:
        raise InputError(f"{path} is no spectral library, so it holds no spectrum '{spectrum}'; leave the name out")
    mask, notes = mask_of_file(cube, path, variable)
    return target_of_mask(cube, mask, notes)


def _together(targets: Sequence[Target]) -> Target:
    """Targets of one scene as one: all their spectra, and all pixels that any was taken from."""
    masks = [item.pixels for item in targets if item.pixels is not None]
    return Target(
        np.concatenate([item.spectra for item in targets]),
        tuple(name for item in targets for name in item.names),
        tuple(dict.fromkeys(note for item in targets for note in item.notes)),
        np.logical_or.reduce(masks) if masks else None,
    )


def _is_pair(item: Any) -> bool:
    """Whether an item is a (row, col) of whole numbers."""
    whole = (int, np.integer)
    return (
        isinstance(item, list | tuple | np.ndarray)
        and len(item) == 2
        and all(isinstance(part, whole) and not isinstance(part, bool) for part in item)
    )


def _as_array(target: Any) -> NDArray[Any]:
    """Whatever is neither file nor pixels as an array of numbers.

    Raises:
        InputError: it is none.
    """
    try:
        array = np.asarray(target)
    except ValueError as error:
        raise InputError(f"the target's rows differ in length ({error}); a target is {_KINDS}, or an array") from error
    if array.dtype.kind not in "biuf" or not array.size:
        kind = f"{type(target).__name__} of type {array.dtype} with {array.size} numbers"
        raise InputError(f"the target is a {kind}; a target is {_KINDS}, or an array of spectra or a mask")
    return array


def _of_array(cube: Cube, array: NDArray[Any]) -> Target:
    """The target of an array: a mask, rows and columns of pixels, or spectra.

    Raises:
        InputError: it fits none of them, or no spectrum has a shape.
    """
    bands, rows, cols = cube.shape
    if array.dtype.kind == "b":
        return target_of_mask(cube, array)
    # as np.argwhere gives them
    if array.dtype.kind in "iu" and array.ndim == 2 and array.shape[1] == 2 and bands != 2:
        return target_of_mask(cube, mask_of_pixels(cube, array))
    spectra = spread_over(cube, np.atleast_2d(array).astype(np.float64)) if array.ndim in (1, 2) else None
    if spectra is None:
        raise InputError(
            f"the target has shape {array.shape}; {cube.name} has {bands} bands ({len(cube.used)} used), {rows} rows "
            f"and {cols} columns: give spectra (bands,) or (n, bands), a mask (rows, cols) of booleans, or "
            "pairs (row, col)"
        )
    good, fault = usable(spectra)
    if not good.any():
        raise InputError(f"the target holds {fault}; give a spectrum that differs from band to band")
    notes = (f"{int((~good).sum())} of {len(good)} target spectra hold {fault} and are left out",) if fault else ()
    scaled, said = on_scene_scale(cube, spectra[good], "unknown")
    names = tuple(f"spectrum {index + 1}" for index in np.flatnonzero(good))
    return Target(scaled, names, (*notes, *said))
