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
from hypersigma.readers._stacked import StackedSource
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


class PooledRaster:
    """A raster of a pool, on its own grid or interpolated onto that of another one over the same ground.

    Args:
        pool: opens it.
        path: its file.
        onto: the raster whose grid it takes, or None for its own.
        nodata: the stored number that must not be mixed with others.

    Raises:
        InputError: it cannot be opened, is cut short, or lies on other ground.
    """

    def __init__(
        self, pool: Handle[RasterPool], path: Path, onto: PooledRaster | None = None, nodata: float | None = None
    ) -> None:
        self.path, self._pool, self._nodata = path, pool, nodata
        dataset = self.dataset()
        require_whole(path, dataset)
        grid = dataset if onto is None else onto.dataset()
        self._interpolation = _interpolation(path, dataset, grid)
        self.shape: tuple[int, int, int] = (dataset.count, grid.height, grid.width)
        # interpolated whole numbers have fractions
        self.dtype = np.result_type(*dataset.dtypes, *([np.float32] if self.interpolated else []))

    @property
    def interpolated(self) -> bool:
        return self._interpolation is not None

    def dataset(self) -> Any:
        """The raster, open."""
        return self._pool()(self.path)

    def read(self, bands: NDArray[np.intp], window: Window) -> NDArray[Any]:
        if self._interpolation is None:
            return read_raster(self.path, self.dataset(), bands, window)
        stored = read_raster(self.path, self.dataset(), bands, self._interpolation.area(window))
        return self._interpolation(stored.astype(self.dtype), window, self._nodata)


class RasterStack(StackedSource):
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
        pool: Handle[RasterPool] = Handle(RasterPool)
        reference = PooledRaster(pool, paths[grid])
        self.georef = raster_georef(reference.dataset())
        self.rasters = tuple(PooledRaster(pool, path, reference, nodata) for path in paths)
        for raster in self.rasters:
            if raster.interpolated and not resample:
                raise InputError(
                    f"{raster.path}: {_size(raster.dataset())} on a grid of its own, {reference.path.name} has "
                    f"{_size(reference.dataset())}; files of one scene lie on one grid: is this one of another scene, "
                    "or cut out?"
                )
        super().__init__(self.rasters)

    @property
    def num_interpolated(self) -> int:
        """How many of the rasters are not on the grid of the stack themselves."""
        return sum(raster.interpolated for raster in self.rasters)


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
