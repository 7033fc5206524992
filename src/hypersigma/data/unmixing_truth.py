"""True endmembers and abundances from files, whichever way up their arrays are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.errors import InputError
from hypersigma.readers import open_cube
from hypersigma.readers._raster import open_raster
from hypersigma.readers.matlab import MatlabFile

Floats = NDArray[np.float64]

_MOST = 64  # materials; an array with more of them is something else
_ROUNDING = 0.05  # by which true shares may miss a sum of one


class UnmixingTruth(NamedTuple):
    """What is known: abundances (K, rows, cols), NaN where they are not, endmembers (K, bands), and the K names.

    None where unknown; no names where nobody named the materials.
    """

    abundances: Floats | None
    spectra: Floats | None
    names: tuple[str, ...] = ()


def read_unmixing_truth(
    cube: Cube, given: Any, abundances: str | None = None, endmembers: str | None = None
) -> UnmixingTruth:
    """The truth of a scene.

    Args:
        cube: the scene.
        given: a MATLAB file with abundances, endmembers or both; a raster of the scene's size with a band a material,
            negative where unknown; or a mapping of arrays "abundances" (K, rows, cols) and "endmembers" (K, bands).
            None for no truth.
        abundances: name of the array of abundances in a MATLAB file, where its shape does not tell it.
        endmembers: the same of the endmembers.

    Raises:
        InputError: there is no such file or array, none fits the scene, or several do.
    """
    if given is None:
        return UnmixingTruth(None, None)
    if isinstance(given, Mapping):
        shares, spectra = (given.get(key) for key in ("abundances", "endmembers"))
        parts = [None if part is None else np.asarray(part, np.float64) for part in (shares, spectra)]
        return UnmixingTruth(parts[0], parts[1])
    path = Path(given)
    if path.suffix.lower() != ".mat":
        raster = open_cube(path)
        return UnmixingTruth(_known(raster.read(bands=np.arange(raster.shape[0]))), None, _band_names(path))
    return _of_matlab(cube, MatlabFile.of(path), abundances, endmembers)


def _band_names(path: Path) -> tuple[str, ...]:
    """Names of a raster's bands, where all have one."""
    try:
        with open_raster(path) as dataset:
            names = tuple(str(name) for name in dataset.descriptions if name)
            return names if len(names) == dataset.count else ()
    except InputError:
        return ()


def _of_matlab(cube: Cube, file: MatlabFile, abundances: str | None, endmembers: str | None) -> UnmixingTruth:
    """What arrays of a MATLAB file fit the scene."""
    found: list[Floats | None] = []
    for kind, name, shaped in (
        ("abundances", abundances, _as_abundances),
        ("endmembers", endmembers, _as_spectra),
    ):
        arrays = {key: shaped(cube, file.load(key)) for key in _candidates(file, name, kind)}
        fitting = {key: array for key, array in arrays.items() if array is not None}
        # what is named must fit
        if name is not None and not fitting:
            raise InputError(f"{file.path}: '{name}' of shape {file.arrays[name]} does not fit {cube.name} as {kind}")
        if len(fitting) > 1:
            listed = ", ".join(f"'{key}'" for key in fitting)
            raise InputError(f"{file.path}: {listed} may all be the true {kind}; say which: --truth-{kind} NAME")
        found.append(next(iter(fitting.values()), None))
    if all(part is None for part in found):
        raise InputError(
            f"{file.path}: no array is of abundances or endmembers of {cube.name} ({cube.shape[0]} bands, "
            f"{cube.shape[1]} x {cube.shape[2]} pixels); name them: --truth-abundances NAME, --truth-endmembers NAME"
        )
    return UnmixingTruth(found[0], found[1])


def _candidates(file: MatlabFile, name: str | None, kind: str) -> list[str]:
    if name is None:
        return [key for key, shape in file.arrays.items() if len(shape) in (2, 3) and min(shape) > 1]
    if name not in file.arrays:
        known = ", ".join(file.arrays)
        raise InputError(f"{file.path} holds no array '{name}' for the true {kind}; it holds {known}")
    return [name]


def _as_abundances(cube: Cube, array: NDArray[Any]) -> Floats | None:
    """An array as abundances (K, rows, cols), or None if it is something else; flat ones run down the columns."""
    _, rows, cols = cube.shape
    ways: list[Callable[[NDArray[Any]], NDArray[Any]]] = []
    if array.ndim == 3 and array.shape[:2] == (rows, cols):
        ways.append(lambda found: np.moveaxis(found, -1, 0))
    elif array.ndim == 3 and array.shape[1:] == (rows, cols):
        ways.append(lambda found: found)
    elif array.ndim == 2 and rows * cols in array.shape:
        ways.append(lambda found: found if found.shape[1] == rows * cols else found.T)
    if not ways:
        return None
    shares = ways[0](np.asarray(array, dtype=np.float64))
    if shares.ndim == 2:
        shares = shares.reshape(len(shares), cols, rows).swapaxes(1, 2)
    total = shares.sum(axis=0)
    whole = np.isfinite(total) & (np.abs(total - 1.0) < _ROUNDING) & (shares.min(axis=0) > -_ROUNDING)
    return _known(shares) if len(shares) <= _MOST and whole.mean() > 0.5 else None


def _as_spectra(cube: Cube, array: NDArray[Any]) -> Floats | None:
    """An array as endmembers (K, bands) in the cube's order, or None if it is something else."""
    bands = cube.shape[0]
    if array.ndim != 2 or bands not in array.shape:
        return None
    spectra = np.asarray(array if array.shape[1] == bands else array.T, dtype=np.float64)
    return spectra[:, cube.order] if len(spectra) <= _MOST else None


def _known(shares: NDArray[Any]) -> Floats:
    """Shares (K, rows, cols) with NaN in pixels that say "unknown" by a negative number."""
    known = np.isfinite(shares).all(axis=0) & (shares > -_ROUNDING).all(axis=0)
    return np.where(known, shares, np.nan).astype(np.float64)
