"""Sources that show a cube on another grid: a window of one, one resampled onto other pixels, one moved or filtered."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube, Source
from hypersigma.data.placement import Floats, Placement
from hypersigma.tiling import Window

# Positions so close to a pixel's centre are taken to lie there: its neighbours then have no part in it.
_ON_CENTRE = 1e-3
# Numbers that are read at once; larger windows are resampled part by part.
_MOST_NUMBERS = 1 << 22


@dataclass(frozen=True)
class WindowedSource:
    """A window of another source."""

    source: Source
    window: Window

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.source.shape[0], self.window.height, self.window.width

    @property
    def dtype(self) -> np.dtype:
        return self.source.dtype

    def read(self, bands: NDArray[np.intp], window: Window) -> NDArray[Any]:
        row, col, *size = window
        return self.source.read(bands, Window(self.window.row + row, self.window.col + col, *size))


@dataclass(frozen=True, eq=False)
class ResampledSource:
    """A cube's numbers after scaling on a window of another grid; bands in the cube's order.

    Every number depends on its place alone, not on the window it is read in. Between pixel centres numbers are
    bilinear; beyond the outermost centres, inside the scene, the outermost number goes on. A pixel is NaN outside the
    scene and wherever a number without data would have a part in it.

    Attributes:
        cube: the scene that is resampled.
        placement: where the pixels of the other grid lie on it.
        window: the part of the other grid that is shown.
        samples: points down and across a pixel of which the mean is taken, where the scene's pixels are finer.
    """

    cube: Cube
    placement: Placement
    window: Window
    samples: tuple[int, int] = (1, 1)
    dtype: np.dtype = field(default=np.dtype(np.float32), init=False)

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.cube.shape[0], self.window.height, self.window.width

    def read(self, bands: NDArray[np.intp], window: Window) -> NDArray[np.float32]:
        block = np.full((len(bands), window.height, window.width), np.nan, dtype=np.float32)
        self._fill(block, bands, Window(self.window.row + window.row, self.window.col + window.col, *window[2:]))
        return block

    def _fill(self, block: NDArray[np.float32], bands: NDArray[np.intp], window: Window) -> None:
        """Write a window of the other grid into its block, in parts where it needs much of the scene."""
        positions = self.placement.centres(window, self.samples)
        covered = self.placement.covered(positions)
        if not covered.any():
            return
        rows, cols = (
            _indices(np.where(covered, axis, 0.5), length)
            for axis, length in zip(positions, self.cube.shape[1:], strict=True)
        )
        area = _area(rows[covered], cols[covered], *self.cube.shape[1:])
        if len(bands) * area.height * area.width > _MOST_NUMBERS and max(window[2:]) > 1:
            for part in _halves(window):
                self._fill(block[:, *part.inside(window).slices], bands, part)
            return
        stored = self.cube.read(area, bands)
        rows, cols = (np.where(covered, axis - start, 0.0) for axis, start in ((rows, area.row), (cols, area.col)))
        block[...] = self._mean(stored, rows, cols)
        block[:, ~self._all_of_a_pixel(covered)] = np.nan

    def _mean(self, stored: NDArray[np.float32], rows: Floats, cols: Floats) -> NDArray[np.float32]:
        """Means (bands, h, w) over the points of each pixel."""
        down, across = self.samples
        total: NDArray[np.float32] | None = None
        for row, col in np.ndindex(down, across):
            values = bilinear(stored, rows[row::down, col::across], cols[row::down, col::across])
            total = values if total is None else total + values
        assert total is not None
        return total if down * across == 1 else total / np.float32(down * across)

    def _all_of_a_pixel(self, covered: NDArray[np.bool_]) -> NDArray[np.bool_]:
        down, across = self.samples
        height, width = covered.shape
        points = covered.reshape(height // down, down, width // across, across)
        whole: NDArray[np.bool_] = np.logical_and.reduce(points, axis=(1, 3))
        return whole


@dataclass(frozen=True, eq=False)
class ShiftedSource:
    """A cube's numbers after scaling, each from a place that lies some rows and columns further on.

    Between pixels numbers are cubic (Keys, 1981, a = -1/2), which blurs less than bilinear ones. A pixel is NaN where
    one that has a part in it lies outside of the scene or has no data. Bands are in the cube's order.
    """

    cube: Cube
    rows: float
    cols: float
    dtype: np.dtype = field(default=np.dtype(np.float32), init=False)

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.cube.shape

    def read(self, bands: NDArray[np.intp], window: Window) -> NDArray[np.float32]:
        (top, down), (left, across) = _taps(self.rows), _taps(self.cols)
        area = Window(
            window.row + top, window.col + left, window.height + len(down) - 1, window.width + len(across) - 1
        )
        values = _padded(self.cube, area, bands)
        lines = sum(weight * values[:, at : at + window.height] for at, weight in enumerate(down))
        block: NDArray[np.float32] = sum(
            weight * lines[..., at : at + window.width] for at, weight in enumerate(across)
        )
        return block


@dataclass(frozen=True, eq=False)
class FilteredSource:
    """A cube's numbers after scaling, each the sum of those around it times weights; bands in the cube's order.

    A pixel stands in for neighbours that lie outside of the scene or have no data, and is NaN where it has none itself.

    Attributes:
        cube: the scene.
        weights: (side, side) of an odd number of pixels.
    """

    cube: Cube
    weights: NDArray[np.float32]
    dtype: np.dtype = field(default=np.dtype(np.float32), init=False)

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.cube.shape

    def read(self, bands: NDArray[np.intp], window: Window) -> NDArray[np.float32]:
        reach = len(self.weights) // 2
        row, col, height, width = window
        area = Window(row - reach, col - reach, height + 2 * reach, width + 2 * reach)
        values = _padded(self.cube, area, bands)
        centre = values[:, reach : reach + height, reach : reach + width]
        block = np.zeros_like(centre)
        for (down, across), weight in np.ndenumerate(self.weights):
            part = values[:, down : down + height, across : across + width]
            block += weight * np.where(np.isnan(part), centre, part)
        return block


def _taps(shift: float) -> tuple[int, NDArray[np.float32]]:
    """The first pixel that has a part in the one at 0, and the weights of it and those behind it."""
    whole = round(shift)
    if abs(shift - whole) <= _ON_CENTRE:
        return whole, np.ones(1, dtype=np.float32)
    whole = math.floor(shift)
    near, far = np.array([shift - whole, whole + 1 - shift]), np.array([1 + shift - whole, whole + 2 - shift])
    near, far = 1.5 * near**3 - 2.5 * near**2 + 1, -0.5 * far**3 + 2.5 * far**2 - 4 * far + 2
    return whole - 1, np.array([far[0], *near, far[1]], dtype=np.float32)


def _padded(cube: Cube, area: Window, bands: NDArray[np.intp]) -> NDArray[np.float32]:
    """The numbers of an area that may reach beyond the scene, NaN there."""
    _, rows, cols = cube.shape
    values = np.full((len(bands), area.height, area.width), np.nan, dtype=np.float32)
    (top, bottom), (left, right) = (
        (max(0, start), min(length, start + count))
        for start, count, length in zip(area[:2], area[2:], (rows, cols), strict=True)
    )
    if top < bottom and left < right:
        inside = Window(top, left, bottom - top, right - left)
        values[:, *inside.inside(area).slices] = cube.read(inside, bands)
    return values


def bilinear(values: NDArray[np.float32], rows: Floats, cols: Floats) -> NDArray[np.float32]:
    """Values (bands, rows, cols) at fractional indices (h, w), NaN where a neighbour that has a part in it is."""
    height, width = values.shape[1:]
    lines = values.reshape(len(values), height * width)
    top, left = np.floor(rows).astype(np.intp), np.floor(cols).astype(np.intp)
    bottom, right = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
    down, across = (rows - top).astype(np.float32), (cols - left).astype(np.float32)
    upper, lower = (
        _between(lines.take(row * width + left, axis=1), lines.take(row * width + right, axis=1), across)
        for row in (top, bottom)
    )
    return _between(upper, lower, down)


def _between(
    first: NDArray[np.float32], second: NDArray[np.float32], share: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Between two numbers; exactly the first where both are the same, or where the second has no share."""
    second -= first
    second *= share
    second += first
    # NaN times nothing is NaN
    alone = share == 0
    if alone.any():
        second[:, alone] = first[:, alone]
    return second


def _indices(positions: Floats, length: int) -> Floats:
    """Positions counted from a corner as fractional indices of pixels, up to the outermost ones."""
    indices = positions - 0.5
    nearest = np.round(indices)
    indices = np.where(np.abs(indices - nearest) <= _ON_CENTRE, nearest, indices)
    clipped: Floats = np.clip(indices, 0, length - 1)
    return clipped


def _area(rows: Floats, cols: Floats, height: int, width: int) -> Window:
    """The pixels of a scene on either side of fractional indices."""
    top, left = int(rows.min()), int(cols.min())
    bottom, right = min(int(rows.max()) + 1, height - 1), min(int(cols.max()) + 1, width - 1)
    return Window(top, left, bottom - top + 1, right - left + 1)


def _halves(window: Window) -> Iterator[Window]:
    """The two halves of a window along its longer side."""
    row, col, height, width = window
    if height >= width:
        yield Window(row, col, height // 2, width)
        yield Window(row + height // 2, col, height - height // 2, width)
    else:
        yield Window(row, col, height, width // 2)
        yield Window(row, col + width // 2, height, width - width // 2)
