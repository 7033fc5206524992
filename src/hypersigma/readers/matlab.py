"""MATLAB files: version 5 through SciPy, version 7.3 (HDF5, axes reversed) through h5py."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube, Source
from hypersigma.errors import InputError
from hypersigma.readers._arrays import Shape, choose, is_cube, named
from hypersigma.readers._bands import BandTable, Given
from hypersigma.readers._found import Found, told_quantity
from hypersigma.readers._hdf5_source import Hdf5Source
from hypersigma.readers._unreadable import unreadable
from hypersigma.tiling import Window

WAVELENGTHS = re.compile(r"^(wav|wl$|lambda|cent(er|re)s?$|band_?cent)", re.IGNORECASE)
_FWHM = re.compile(r"fwhm|band_?width", re.IGNORECASE)
_ROWS = ("nrow", "nrows", "rows", "lines", "height", "h", "m")
_COLS = ("ncol", "ncols", "cols", "columns", "samples", "width", "w", "n")
_NUM_BANDS = ("nband", "nbands", "bands", "num_bands")
_NOT_NUMERIC = {"struct", "cell", "char", "object", "function", "opaque", "unknown"}
_FEWEST_BANDS, _PIXELS_PER_BAND = 5, 4


def sniff(path: Path) -> int:
    """1 for a MATLAB file: by its first words, or HDF5 that is named .mat; else 0."""
    with path.open("rb") as file:
        start = file.read(128)
    # a few writers leave the header out
    return int(start.startswith(b"MATLAB ") or path.suffix.lower() == ".mat")


def open(path: Path, *, variable: str | None = None, given: Given | None = None) -> Cube:
    """A MATLAB array as a cube: rows x columns x bands, or a matrix bands x pixels, pixels column after column.

    Raises:
        InputError: damaged, no array that can be a scene, or several and none named.
    """
    file = MatlabFile.of(path)
    name = choose(path, file.arrays, _candidates(file)) if variable is None else named(path, file.arrays, variable)
    shape = file.arrays[name]
    notes = [f"variable '{name}'"] if variable is None and len(file.arrays) > 1 else []
    source: Source
    if len(shape) == 2:
        rows, cols = _flattened(file, name)
        source = LoadedSource(partial(_unflatten, partial(file.load, name), rows, cols), (shape[0], rows, cols))
        notes.append(f"'{name}' read as {shape[0]} bands x {rows} * {cols} pixels, column after column")
    elif is_cube(shape):
        source = _cube_source(file, name)
    else:
        raise InputError(f"{path}: variable '{name}' is {shape}; a scene is rows x columns x bands")
    table = BandTable(centres=file.vector(WAVELENGTHS, source.shape[0]), fwhm=file.vector(_FWHM, source.shape[0]))
    quantity = told_quantity(name, source.dtype, scaled=False)
    return Found(source=source, path=path, table=table, quantity=quantity, notes=tuple(notes)).cube(given)


class LoadedSource:
    """An array that is read whole when it is first needed, as the compression of version 5 demands."""

    def __init__(self, load: Callable[[], NDArray[Any]], shape: tuple[int, int, int]) -> None:
        self._load = load
        self.shape = shape

    @cached_property
    def _array(self) -> NDArray[Any]:
        return self._load()

    def __getstate__(self) -> dict[str, Any]:
        # workers load the array for themselves
        return {"_load": self._load, "shape": self.shape}

    @property
    def dtype(self) -> np.dtype:
        return self._array.dtype

    def read(self, bands: NDArray[np.intp], window: Window) -> NDArray[Any]:
        return self._array[:, *window.slices][bands]


@dataclass(frozen=True)
class MatlabFile:
    """A MATLAB file: names and shapes (as MATLAB shows them) of its numeric arrays, and how to load one."""

    path: Path
    arrays: Mapping[str, Shape]
    in_hdf5: bool

    @classmethod
    def of(cls, path: Path) -> MatlabFile:
        """The file, of either version.

        Raises:
            InputError: damaged, or no MATLAB file.
        """
        import h5py
        from scipy.io import whosmat
        from scipy.io.matlab import MatReadError

        try:
            # version 7.3 is HDF5 behind a header of 512 bytes
            if h5py.is_hdf5(path):
                with h5py.File(path) as file:
                    items = {key: item for key, item in file.items() if isinstance(item, h5py.Dataset)}
                    shapes = {key: item.shape[::-1] for key, item in items.items() if item.dtype.kind in "iuf"}
                    return cls(path, shapes, in_hdf5=True)
            found = whosmat(path)
        except (OSError, ValueError, NotImplementedError, MatReadError, EOFError, TypeError, IndexError) as error:
            raise unreadable(path, "as a MATLAB file", error) from error
        shapes = {name: tuple(shape) for name, shape, kind in found if kind not in _NOT_NUMERIC}
        return cls(path, shapes, in_hdf5=False)

    def load(self, name: str) -> NDArray[Any]:
        """An array, axes as MATLAB shows them.

        Raises:
            InputError: it is damaged.
        """
        try:
            return _load_v73(self.path, name) if self.in_hdf5 else _load_v5(self.path, name)
        except (OSError, ValueError, EOFError, TypeError) as error:
            raise unreadable(self.path, f"(variable '{name}')", error) from error

    def vector(self, pattern: re.Pattern[str], length: int) -> NDArray[np.float64] | None:
        """A vector of a length whose name fits a pattern, or None."""
        for name, shape in self.arrays.items():
            # the length must fit too: names such as 'wave' are used for much
            if pattern.search(name) and math.prod(shape) == length == max(shape):
                return np.asarray(self.load(name), dtype=np.float64).ravel()
        return None

    def scalar(self, names: tuple[str, ...]) -> int | None:
        """A single number of one of some names, case aside, or None."""
        for name, shape in self.arrays.items():
            if name.lower() in names and math.prod(shape) == 1:
                return int(np.asarray(self.load(name)).ravel()[0])
        return None


def _load_v5(path: Path, name: str) -> NDArray[Any]:
    from scipy.io import loadmat

    array: NDArray[Any] = loadmat(path, variable_names=[name])[name]
    return array


def _load_v73(path: Path, name: str) -> NDArray[Any]:
    import h5py

    with h5py.File(path) as file:
        array: NDArray[Any] = file[name][()].T
    return array


def _cube_source(file: MatlabFile, name: str) -> Source:
    """The pixels of an array with three axes: window by window in version 7.3, whole in version 5.

    Bands are the last axis, as is the custom, unless a list of wavelengths is as long as another one only.
    """
    shape = file.arrays[name]
    axis = next((axis for axis in (2, 0, 1) if file.vector(WAVELENGTHS, shape[axis]) is not None), 2)
    rows, cols = (other for other in range(3) if other != axis)
    if file.in_hdf5:
        # HDF5 stores the axes in reverse
        return Hdf5Source(file.path, name, (2 - axis, 2 - rows, 2 - cols))
    return LoadedSource(partial(_bands_first, partial(file.load, name), axis), (shape[axis], shape[rows], shape[cols]))


def _bands_first(load: Callable[[], NDArray[Any]], axis: int) -> NDArray[Any]:
    return np.moveaxis(load(), axis, 0)


def _unflatten(load: Callable[[], NDArray[Any]], rows: int, cols: int) -> NDArray[Any]:
    matrix = load()
    # column after column: rows vary fastest
    return matrix.reshape(len(matrix), cols, rows).swapaxes(1, 2)


def _candidates(file: MatlabFile) -> list[str]:
    """Arrays that can be the scene.

    A matrix bands x pixels whose pixels agree with a row and a column count in the file is the scene even where
    an array with three axes stands beside it: that holds abundances (Samson) then. Otherwise arrays with three
    axes, then matrices with a square number of pixels, many times that of bands.
    """
    matrices = {name: shape for name, shape in file.arrays.items() if len(shape) == 2}
    sized = _stated_size(file)
    if sized is not None:
        pixels = sized[0] * sized[1]
        flat = [name for name, shape in matrices.items() if shape[1] == pixels and shape[0] >= _FEWEST_BANDS]
        num_bands = file.scalar(_NUM_BANDS)
        exact = [name for name in flat if matrices[name][0] == num_bands]
        if flat:
            return exact or flat
    cubes = [name for name, shape in file.arrays.items() if is_cube(shape)]
    # a square map looks like a flattened scene, so matrices come last and must be long
    return cubes or [name for name, shape in matrices.items() if _looks_flattened(shape)]


def _looks_flattened(shape: Shape) -> bool:
    bands, pixels = shape
    return bands >= _FEWEST_BANDS and pixels >= _PIXELS_PER_BAND * bands and math.isqrt(pixels) ** 2 == pixels


def _stated_size(file: MatlabFile) -> tuple[int, int] | None:
    rows, cols = file.scalar(_ROWS), file.scalar(_COLS)
    return None if rows is None or cols is None else (rows, cols)


def _flattened(file: MatlabFile, name: str) -> tuple[int, int]:
    """Rows and columns of the scene whose pixels a matrix lists.

    Raises:
        InputError: nothing tells them.
    """
    pixels = file.arrays[name][1]
    sized = _stated_size(file)
    if sized is not None and sized[0] * sized[1] == pixels:
        return sized
    side = math.isqrt(pixels)
    if side * side == pixels and pixels > 1:
        return side, side
    raise InputError(
        f"{file.path}: variable '{name}' is a matrix with {pixels} columns, and nothing tells the rows and columns of "
        "the scene; expected an array rows x columns x bands, or scalars nRow and nCol beside it"
    )
