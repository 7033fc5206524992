"""Where the pixels of one raster lie on another: computed at about every 16th pixel, interpolated in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.georef import Georef
from hypersigma.tiling import Window

Floats = NDArray[np.float64]

# Pixels between nodes. A chord of 16 pixels leaves the curve of a map projection by 5e-6 pixels a metre of pixel size.
_STEP = 16
_STRIP = 256
# Rounding of coordinates in files must neither make a raster miss its own pixels nor mix in a neighbour.
_TOLERANCE = 1e-3
_WHOLE = 0.01


@dataclass(frozen=True, kw_only=True, eq=False)
class Placement:
    """Positions of a raster's pixels on another raster, in pixels of that one; a row or column counts from its corner.

    Attributes:
        nodes: (2, nodes down, nodes across) rows and columns on the other raster of points spread evenly from one
            outer corner to the opposite one, NaN where a coordinate system does not reach.
        size: rows and columns of the raster.
        other: rows and columns of the other raster.
    """

    nodes: Floats
    size: tuple[int, int]
    other: tuple[int, int]

    @classmethod
    def of(cls, georef: Georef, size: Sequence[int], other: Georef, other_size: Sequence[int]) -> Placement:
        """A raster's placement on another; where one names no coordinate system, the coordinates are taken alike."""
        (rows, cols), (height, width) = size, other_size
        # none lies outside: beyond its edges a world map begins anew at the other end
        axes = (np.linspace(0.0, length, -(-length // _STEP) + 1) for length in (rows, cols))
        down, across = np.meshgrid(*axes, indexing="ij")
        a, b, c, d, e, f = georef.transform
        xs, ys = a * across + b * down + c, d * across + e * down + f
        if georef.crs is not None and other.crs is not None and georef.crs != other.crs:
            xs, ys = _transformed(georef.crs, other.crs, xs, ys)
        a, b, c, d, e, f = other.transform
        xs, ys, determinant = xs - c, ys - f, a * e - b * d
        nodes = np.stack([a * ys - d * xs, e * xs - b * ys]) / determinant
        return cls(nodes=nodes, size=(rows, cols), other=(height, width))

    def __call__(self, rows: Floats, cols: Floats) -> Floats:
        """Positions (2, h, w) of points at rows (h,) and columns (w,); those of centres lie at .5."""
        above, down = _between_nodes(rows, self.size[0], self.nodes.shape[1])
        left, across = _between_nodes(cols, self.size[1], self.nodes.shape[2])
        lines = self.nodes[:, above] + (self.nodes[:, above + 1] - self.nodes[:, above]) * down[:, None]
        points: Floats = lines[..., left] + (lines[..., left + 1] - lines[..., left]) * across
        return points

    def centres(self, window: Window, samples: tuple[int, int] = (1, 1)) -> Floats:
        """Positions (2, samples h, samples w) of the pixel centres of a window, or of several points a pixel."""
        # one rounding a point, so that its position does not depend on where the window starts
        down, across = (
            (np.arange(start * count, (start + length) * count) + 0.5) / count
            for start, length, count in zip(window[:2], window[2:], samples, strict=True)
        )
        return self(down, across)

    def covered(self, positions: Floats) -> NDArray[np.bool_]:
        """Which positions (2, h, w) lie on the other raster, its edges included."""
        height, width = self.other
        rows, cols = positions
        on_rows = (rows >= -_TOLERANCE) & (rows <= height + _TOLERANCE)
        inside: NDArray[np.bool_] = on_rows & (cols >= -_TOLERANCE) & (cols <= width + _TOLERANCE)
        return inside

    def overlap(self) -> Window | None:
        """The least window of the raster that holds all pixel centres on the other one; None where there are none."""
        rows, cols = self.size
        in_row, in_col = np.zeros(rows, dtype=bool), np.zeros(cols, dtype=bool)
        for row in range(0, rows, _STRIP):
            strip = Window(row, 0, min(_STRIP, rows - row), cols)
            inside = self.covered(self.centres(strip))
            in_row[strip.slices[0]] = inside.any(axis=1)
            in_col |= inside.any(axis=0)
        if not in_row.any():
            return None
        (top, bottom), (left, right) = (np.flatnonzero(found)[[0, -1]].tolist() for found in (in_row, in_col))
        return Window(top, left, bottom - top + 1, right - left + 1)

    def whole_shift(self) -> tuple[int, int] | None:
        """Rows and columns by which all pixels lie further on on the other raster; None where none are whole pixels."""
        rows, cols = self.size
        corners = self(np.array([0.0, rows]), np.array([0.0, cols]))
        shifts = corners - np.array(np.meshgrid([0.0, rows], [0.0, cols], indexing="ij"))
        row, col = shifts[:, 0, 0]
        # a corner that has no place makes the comparison fail
        whole = np.round([row, col]) if np.isfinite([row, col]).all() else np.zeros(2)
        if not (np.abs(shifts - whole[:, None, None]) <= _WHOLE).all():
            return None
        return int(whole[0]), int(whole[1])

    def pixels_across(self, window: Window) -> tuple[float, float]:
        """How many pixels of the other raster a pixel is high and wide, in the middle of a window."""
        row, col = window.row + window.height / 2, window.col + window.width / 2
        points = self(np.array([row - 0.5, row + 0.5]), np.array([col - 0.5, col + 0.5]))
        down, across = points[:, 1, 0] - points[:, 0, 0], points[:, 0, 1] - points[:, 0, 0]
        return float(np.hypot(*down)), float(np.hypot(*across))


def _between_nodes(points: Floats, length: int, num_nodes: int) -> tuple[NDArray[np.intp], Floats]:
    """The node before each point of an axis, and how far the point lies on the way to the next one."""
    places = points * (num_nodes - 1) / length
    before = np.clip(np.floor(places).astype(np.intp), 0, num_nodes - 2)
    return before, places - before


def _transformed(source: str, target: str, xs: Floats, ys: Floats) -> tuple[Floats, Floats]:
    """Coordinates of one system (WKT) in another one, NaN where they have none."""
    from rasterio.crs import CRS

    systems = CRS.from_wkt(source), CRS.from_wkt(target)
    if systems[0] == systems[1]:
        return xs, ys
    points = _reached(systems, np.stack([xs.ravel(), ys.ravel()])).reshape(2, *xs.shape)
    points[:, ~np.isfinite(points).all(axis=0)] = np.nan
    return points[0], points[1]


def _reached(systems: tuple[Any, Any], points: Floats) -> Floats:
    """Points (2, n) in another system; one that it does not reach fails a whole call, so they are parted from it."""
    from rasterio._err import CPLE_BaseError
    from rasterio.warp import transform

    try:
        return np.array(transform(*systems, *points))
    except CPLE_BaseError:
        count = points.shape[1]
        if count == 1:
            return np.full((2, 1), np.nan)
        halves = points[:, : count // 2], points[:, count // 2 :]
        return np.concatenate([_reached(systems, half) for half in halves], axis=1)
