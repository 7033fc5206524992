"""Rasters of the same ground as one stack of bands: a file a band or a detector, possibly of several pixel sizes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.errors import InputError
from hypersigma.readers._bilinear import Axis, Bilinear
from hypersigma.readers._handle import Handle
from hypersigma.readers._raster import open_raster, raster_georef, read_raster, require_whole
from hypersigma.tiling import Window

# all 242 files of a Hyperion scene; much more would reach what systems let a process open
_MOST_OPEN = 256


class RasterPool:
    """Open rasters, of which the one not used for longest is closed when there are too many."""

    def __init__(self) -> None:
        self._open: OrderedDict[Path, Any] = OrderedDict()

    def __call__(self, path: Path) -> Any:
        """The open dataset of a file.

        Raises:
            InputError: GDAL cannot open it.
        """
        if path not in self._open:
            self._open[path] = open_raster(path)
        self._open.move_to_end(path)
        while len(self._open) > _MOST_OPEN:
            self._open.popitem(last=False)[1].close()
        return self._open[path]


class RasterStack:
    """The bands of several rasters, one raster after the other, on the grid of one of them.

    Args:
        paths: the rasters.
        grid: index of the raster whose grid is that of the stack.
        resample: whether rasters of another grid over the same ground are taken, and interpolated bilinearly.
        nodata: the stored number that stands for no data, which must not be mixed with others.

    Raises:
        InputError: a raster cannot be opened, is cut short, or lies on another grid or other ground.
    """

    def __init__(
        self, paths: Sequence[Path], *, grid: int = 0, resample: bool = False, nodata: float | None = None
    ) -> None:
        self.paths = tuple(paths)
        self._nodata = nodata
        self._pool: Handle[RasterPool] = Handle(RasterPool)
        reference = self.dataset(grid)
        self.georef = raster_georef(reference)
        self._interpolations: list[Bilinear | None] = []
        places: list[tuple[int, int]] = []
        dtypes: set[str] = set()
        for number, path in enumerate(self.paths):
            dataset = self.dataset(number)
            require_whole(path, dataset)
            interpolation = _interpolation(path, dataset, reference)
            if interpolation is not None and not resample:
                raise InputError(
                    f"{path}: {_size(dataset)} on a grid of its own, {self.paths[grid].name} has {_size(reference)}; "
                    "files of one scene lie on one grid: is this one of another scene, or cut out?"
                )
            self._interpolations.append(interpolation)
            places += [(number, band) for band in range(dataset.count)]
            dtypes.update(dataset.dtypes)
        self._places = np.array(places, dtype=np.intp)
        self._shape = (len(places), reference.height, reference.width)
        # interpolated whole numbers have fractions
        self._dtype = np.result_type(*dtypes, *([np.float32] if self.resampled else []))

    @property
    def shape(self) -> tuple[int, int, int]:
        return self._shape

    @property
    def dtype(self) -> np.dtype:
        return self._dtype

    @property
    def resampled(self) -> list[Path]:
        """The rasters that are interpolated."""
        return [path for path, one in zip(self.paths, self._interpolations, strict=True) if one is not None]

    def dataset(self, number: int) -> Any:
        """One of the rasters, open."""
        return self._pool()(self.paths[number])

    def read(self, bands: NDArray[np.intp], window: Window) -> NDArray[Any]:
        block = np.empty((len(bands), window.height, window.width), self._dtype)
        numbers, inner = self._places[bands].T
        # a raster of many bands is read once for all of them
        for number in np.unique(numbers):
            wanted = np.flatnonzero(numbers == number)
            block[wanted] = self._read_raster(int(number), inner[wanted], window)
        return block

    def _read_raster(self, number: int, bands: NDArray[np.intp], window: Window) -> NDArray[Any]:
        path, dataset, interpolation = self.paths[number], self.dataset(number), self._interpolations[number]
        if interpolation is None:
            return read_raster(path, dataset, bands, window)
        stored = read_raster(path, dataset, bands, interpolation.area(window))
        return interpolation(stored.astype(self._dtype), window, self._nodata)


def _size(dataset: Any) -> str:
    return f"{dataset.height} rows x {dataset.width} columns"


def _interpolation(path: Path, dataset: Any, reference: Any) -> Bilinear | None:
    """How a raster comes onto the grid of another, None where it lies on it.

    Raises:
        InputError: it is turned against that grid, or does not lie under all of it.
    """
    own, other = raster_georef(dataset), raster_georef(reference)
    if own is None or other is None:
        # without a place, rasters of one scene are taken to show the same ground
        rows = Axis(dataset.height / reference.height, 0.0, dataset.height)
        cols = Axis(dataset.width / reference.width, 0.0, dataset.width)
        return Bilinear(rows, cols) if dataset.shape != reference.shape else None
    if dataset.shape == reference.shape and own.same_grid(other):
        return None
    height, width = reference.shape
    row, col = own.row_col(*other.xy(0, 0))
    row_below, col_below = own.row_col(*other.xy(height, 0))
    row_right, col_right = own.row_col(*other.xy(0, width))
    rows = Axis((row_below - row) / height, row, dataset.height)
    cols = Axis((col_right - col) / width, col, dataset.width)
    turned = max(abs(col_below - col), abs(row_right - row)) > 0.5
    if turned or own.crs != other.crs or not (_under(rows, height) and _under(cols, width)):
        raise InputError(
            f"{path}: lies on other ground than {Path(reference.name).name}, or is turned against it; files of one "
            "scene show the same ground: is this one of another scene, or cut out?"
        )
    return Bilinear(rows, cols)


def _under(axis: Axis, num_pixels: int) -> bool:
    """Whether a raster lies under a whole grid along one axis, to within a pixel."""
    ends = axis.start, axis.step * num_pixels + axis.start
    return min(ends) >= -1.0 and max(ends) <= axis.length + 1.0
