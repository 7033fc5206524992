"""Bilinear interpolation of a raster's windows onto a finer grid over the same ground."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.tiling import Window


@dataclass(frozen=True)
class Axis:
    """How pixels of a grid lie along one axis of a raster: index i has its centre at step (i + 1/2) + start - 1/2.

    Attributes:
        step: pixels of the raster that one of the grid is long.
        start: where the grid begins, in pixels of the raster.
        length: pixels of the raster.
    """

    step: float
    start: float
    length: int

    def neighbours(self, first: int, count: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
        """The raster's pixels on either side of each of `count` indices, and the share of the second.

        Outside of the outermost centres the outermost pixel goes on.
        """
        positions = self.step * (np.arange(first, first + count) + 0.5) + self.start - 0.5
        before = np.floor(positions).astype(np.intp)
        shares = (positions - before).astype(np.float32)
        last = self.length - 1
        return np.clip(before, 0, last), np.clip(before + 1, 0, last), shares


@dataclass(frozen=True)
class Bilinear:
    """The interpolation of a raster onto a grid; each number depends on its place alone, not on its window."""

    rows: Axis
    cols: Axis

    def area(self, window: Window) -> Window:
        """The raster's pixels that a window of the grid needs."""
        above, below, _ = self.rows.neighbours(window.row, window.height)
        left, right, _ = self.cols.neighbours(window.col, window.width)
        # both sides count at both ends: axes may run against each other
        row, col = int(min(above.min(), below.min())), int(min(left.min(), right.min()))
        bottom, end = int(max(above.max(), below.max())), int(max(left.max(), right.max()))
        return Window(row, col, bottom + 1 - row, end + 1 - col)

    def __call__(self, stored: NDArray[Any], window: Window, nodata: float | None) -> NDArray[Any]:
        """The window of the grid (bands, h, w), from the pixels of `area(window)`.

        No-data takes no part; where it has more than half of the weight, the result is no-data.
        """
        # most windows miss nothing, and then the same numbers come out without the weights
        if nodata is None or not (stored == nodata).any():
            return self._interpolated(stored, window)
        present = (stored != nodata).astype(stored.dtype)
        weights = self._interpolated(present, window)
        sums = self._interpolated(stored * present, window)
        empty = weights < 0.5
        result: NDArray[Any] = np.where(empty, nodata, sums / np.where(empty, 1, weights)).astype(stored.dtype)
        return result

    def _interpolated(self, values: NDArray[Any], window: Window) -> NDArray[Any]:
        area = self.area(window)
        above, below, down = self.rows.neighbours(window.row, window.height)
        left, right, across = self.cols.neighbours(window.col, window.width)
        lines = _between(values[:, above - area.row], values[:, below - area.row], down[:, None])
        return _between(lines[..., left - area.col], lines[..., right - area.col], across)


def _between(first: NDArray[Any], second: NDArray[Any], share: NDArray[np.float32]) -> NDArray[Any]:
    """Between two numbers; exactly the first where both are the same."""
    mixed: NDArray[Any] = first + (second - first) * share
    return mixed
