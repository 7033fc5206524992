"""Where a raster lies on the Earth: by an affine transform, or by a geographic lookup table (GLT)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.errors import InputError
from hypersigma.tiling import Window

Integers = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Georef:
    """An affine georeference.

    Attributes:
        transform: (a, b, c, d, e, f) with x = a col + b row + c and y = d col + e row + f, where
            (row, col) = (0, 0) is the outer corner of the first pixel. Rotation is b, d != 0.
        crs: coordinate reference system as WKT, or None where the file names none.
    """

    transform: tuple[float, float, float, float, float, float]
    crs: str | None = None

    def xy(self, row: float, col: float) -> tuple[float, float]:
        """Coordinates of a point given in pixels (pixel centres lie at .5)."""
        a, b, c, d, e, f = self.transform
        return a * col + b * row + c, d * col + e * row + f

    def row_col(self, x: float, y: float) -> tuple[float, float]:
        """Pixel position (row, col), fractional, of a point given in coordinates."""
        a, b, c, d, e, f = self.transform
        determinant = a * e - b * d
        col = (e * (x - c) - b * (y - f)) / determinant
        row = (a * (y - f) - d * (x - c)) / determinant
        return row, col

    @property
    def pixel_size(self) -> tuple[float, float]:
        """Width and height of a pixel in units of the coordinates, whatever the rotation."""
        a, b, _, d, e, _ = self.transform
        return math.hypot(a, d), math.hypot(b, e)

    @property
    def crs_name(self) -> str:
        """A short name of the coordinate reference system: "EPSG:32633", else its own name, else "none"."""
        if self.crs is None:
            return "none"
        from rasterio.crs import CRS

        code = CRS.from_wkt(self.crs).to_epsg()
        return self.crs.split('"')[1] if code is None else f"EPSG:{code}"

    def windowed(self, window: Window) -> Georef:
        """The georeference of a window of this raster."""
        a, b, _, d, e, _ = self.transform
        x, y = self.xy(window.row, window.col)
        return Georef((a, b, x, d, e, y), self.crs)

    def divided(self, parts: float) -> Georef:
        """The georeference of this raster with pixels so many times smaller, from the same corner on."""
        a, b, c, d, e, f = self.transform
        return Georef((a / parts, b / parts, c, d / parts, e / parts, f), self.crs)

    def bounds(self, window: Window) -> tuple[float, float, float, float]:
        """Least and greatest coordinates (x0, y0, x1, y1) of a window of this raster."""
        corners = [
            self.xy(window.row + down, window.col + right) for down in (0, window.height) for right in (0, window.width)
        ]
        xs, ys = zip(*corners, strict=True)
        return min(xs), min(ys), max(xs), max(ys)

    def same_grid(self, other: Georef, tolerance: float = 1e-3) -> bool:
        """Whether another raster of the same size has the same pixels, to a fraction of a pixel."""
        step = max(abs(self.transform[0]) + abs(self.transform[1]), 1e-300)
        pairs = zip(self.transform, other.transform, strict=True)
        return all(abs(mine - theirs) <= tolerance * step for mine, theirs in pairs)


@dataclass(frozen=True, eq=False, kw_only=True)
class LookupTable(Georef):
    """The georeference of a raster in sensor geometry: a map grid each cell of which names the pixel it shows.

    A pixel may be shown by several cells or by none. `transform`, `crs`, `pixel_size` and `crs_name` are those of
    the map grid; positions given as rows and columns are the raster's own.

    Attributes:
        rows, cols: (map rows, map columns) the pixel of each map cell, -1 where the cell shows none.
        size: rows and columns of the raster.
    """

    rows: Integers
    cols: Integers
    size: tuple[int, int]

    def __post_init__(self) -> None:
        if self.rows.ndim != 2 or self.rows.shape != self.cols.shape:
            raise InputError(f"a lookup table needs rows and columns alike, found {self.rows.shape}, {self.cols.shape}")
        for name, indices, length in zip(("row", "column"), (self.rows, self.cols), self.size, strict=True):
            largest = int(indices.max(initial=-1))
            if largest >= length:
                raise InputError(
                    f"the lookup table names {name} {largest} (from 0) of a raster of {length}; is it the raster's own?"
                )
        if not np.array_equal(self.rows < 0, self.cols < 0):
            raise InputError("the lookup table has cells with a row and no column; it is damaged")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LookupTable) and self.crs == other.crs and self.same_grid(other, 0.0)

    __hash__ = Georef.__hash__

    @property
    def grid(self) -> Georef:
        """The map grid, an affine georeference."""
        return Georef(self.transform, self.crs)

    def xy(self, row: float, col: float) -> tuple[float, float]:
        """Coordinates of the middle of the map cells that show the pixel nearest to a point given in pixels.

        Raises:
            InputError: the map shows no pixel at all.
        """
        shown = self.rows >= 0
        # two scans of small integers instead of a distance a cell: patches of a scene ask often
        beside = (abs(self.rows - math.floor(row)) <= 1) & (abs(self.cols - math.floor(col)) <= 1) & shown
        distance, cells = self._nearest(np.argwhere(beside), row, col)
        # pixels further than the neighbours lie at least one pixel away
        if distance > 1.0:
            distance, cells = self._nearest(np.argwhere(shown), row, col)
        if distance == np.inf:
            raise InputError("no pixel of this raster is shown on the map, so that it has no coordinates")
        map_row, map_col = cells.mean(axis=0) + 0.5
        return self.grid.xy(float(map_row), float(map_col))

    def _nearest(self, cells: NDArray[np.intp], row: float, col: float) -> tuple[float, NDArray[np.intp]]:
        """Squared distance in pixels from a point to the nearest pixel that some cells show, and the cells of it."""
        shown = self.rows[tuple(cells.T)], self.cols[tuple(cells.T)]
        distances = (shown[0] + 0.5 - row) ** 2 + (shown[1] + 0.5 - col) ** 2
        nearest = float(distances.min(initial=np.inf))
        return nearest, cells[distances == nearest]

    def row_col(self, x: float, y: float) -> tuple[float, float]:
        """Centre (row, col) of the pixel that the map shows at a point given in coordinates.

        Raises:
            InputError: the point lies outside the map, or the map shows no pixel there.
        """
        map_row, map_col = (math.floor(value) for value in self.grid.row_col(x, y))
        inside = 0 <= map_row < self.rows.shape[0] and 0 <= map_col < self.rows.shape[1]
        if not inside or self.rows[map_row, map_col] < 0:
            raise InputError(f"({x:.9g}, {y:.9g}) shows no pixel of this raster")
        return float(self.rows[map_row, map_col]) + 0.5, float(self.cols[map_row, map_col]) + 0.5

    def windowed(self, window: Window) -> LookupTable:
        """The georeference of a window of this raster, on the part of the map that shows it."""
        inside = (self.rows >= window.row) & (self.rows < window.row + window.height)
        inside &= (self.cols >= window.col) & (self.cols < window.col + window.width)
        top, bottom = _span(np.flatnonzero(inside.any(axis=1)))
        left, right = _span(np.flatnonzero(inside.any(axis=0)))
        part = (slice(top, bottom), slice(left, right))
        rows, cols = (
            np.where(inside[part], indices[part] - start, -1)
            for indices, start in ((self.rows, window.row), (self.cols, window.col))
        )
        grid = self.grid.windowed(Window(top, left, bottom - top, right - left))
        return LookupTable(grid.transform, self.crs, rows=rows, cols=cols, size=(window.height, window.width))

    def divided(self, parts: float) -> Georef:
        """Refused: cells of the map grid show whole pixels.

        Raises:
            InputError: always.
        """
        raise InputError("a scene in sensor geometry cannot be brought onto smaller pixels; orthorectify it first")

    def bounds(self, window: Window) -> tuple[float, float, float, float]:
        """Least and greatest coordinates (x0, y0, x1, y1) of the map cells that show a window of this raster."""
        part = self.windowed(window)
        return part.grid.bounds(Window(0, 0, *part.rows.shape))

    def same_grid(self, other: Georef, tolerance: float = 1e-3) -> bool:
        """Whether another raster of the same size has the same pixels: the same table on the same map grid."""
        return (
            isinstance(other, LookupTable)
            and self.grid.same_grid(other.grid, tolerance)
            and np.array_equal(self.rows, other.rows)
            and np.array_equal(self.cols, other.cols)
        )

    def orthorectified(self, array: NDArray[Any], fill: float, out: NDArray[Any] | None = None) -> NDArray[Any]:
        """An array (..., rows, cols) in sensor geometry on the map grid, each cell with the value of its pixel.

        Args:
            array: may be a memory map; it is read plane by plane.
            fill: value of cells that show no pixel; must fit the array's type, or that of `out`.
            out: (..., map rows, map columns) to write into; made where None.

        Raises:
            InputError: the array is of another size than the raster.
        """
        if array.shape[-2:] != self.size:
            raise InputError(f"an array of {array.shape[-2:]} pixels for a lookup table of a raster of {self.size}")
        shape = (*array.shape[:-2], *self.rows.shape)
        result = np.empty(shape, dtype=array.dtype) if out is None else out
        shown = self.rows >= 0
        pixels = self.rows[shown], self.cols[shown]
        for index in np.ndindex(shape[:-2]):
            plane = result[index]
            plane[...] = fill
            plane[shown] = array[index][pixels]
        return result

    def in_sensor_geometry(self, labels: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        """Labels (map rows, map columns) of the map grid, each pixel with the label of its cells.

        Returns:
            labels (rows, cols) int32, 0 for pixels whose cells bear no label or labels that differ; and (rows, cols)
            where they differ.
        """
        bearing = (self.rows >= 0) & (labels > 0)
        pixels = self.rows[bearing], self.cols[bearing]
        lowest, highest = np.full(self.size, np.iinfo(np.int32).max), np.zeros(self.size, dtype=np.int32)
        np.minimum.at(lowest, pixels, labels[bearing])
        np.maximum.at(highest, pixels, labels[bearing])
        differing = lowest < highest
        return np.where(differing, 0, highest).astype(np.int32), differing


def _span(places: NDArray[np.intp]) -> tuple[int, int]:
    """From the first of ascending places to behind the last one; (0, 0) where there are none."""
    return (int(places[0]), int(places[-1]) + 1) if places.size else (0, 0)
