"""Windows over a raster, overlapping tiles, and the weights with which overlaps are blended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Window(NamedTuple):
    """A rectangle of pixels: first row, first column, height, width."""

    row: int
    col: int
    height: int
    width: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Row and column slices, to index an array (..., rows, cols)."""
        return slice(self.row, self.row + self.height), slice(self.col, self.col + self.width)

    def grown(self, margin: int, rows: int, cols: int) -> Window:
        """This window with a margin on every side, clipped to a raster of rows x cols."""
        row, col = max(0, self.row - margin), max(0, self.col - margin)
        bottom = min(rows, self.row + self.height + margin)
        right = min(cols, self.col + self.width + margin)
        return Window(row, col, bottom - row, right - col)

    def inside(self, outer: Window) -> Window:
        """This window in the coordinates of an outer window that contains it."""
        return Window(self.row - outer.row, self.col - outer.col, self.height, self.width)


def tile_starts(length: int, tile: int, overlap: int) -> list[int]:
    """First indices of tiles that cover 0..length evenly, each pair sharing at least `overlap`.

    A length of at most one tile gives the single start 0. The starts depend on nothing but the three
    numbers, so every pass over a scene sees the same tiles.
    """
    if not 0 <= overlap < tile:
        raise ValueError(f"overlap must be at least 0 and below the tile size {tile}, not {overlap}")
    if length <= tile:
        return [0]
    count = -(-(length - tile) // (tile - overlap)) + 1
    return [round(index * (length - tile) / (count - 1)) for index in range(count)]


def tiles(rows: int, cols: int, tile: int, overlap: int) -> Iterator[Window]:
    """Tiles of at most tile x tile pixels over a raster of rows x cols, in row-major order."""
    for row in tile_starts(rows, tile, overlap):
        for col in tile_starts(cols, tile, overlap):
            yield Window(row, col, min(tile, rows), min(tile, cols))


def blocks(rows: int, cols: int, block: int) -> Iterator[Window]:
    """Disjoint blocks of at most block x block pixels over a raster, in row-major order."""
    for row in range(0, rows, block):
        for col in range(0, cols, block):
            yield Window(row, col, min(block, rows - row), min(block, cols - col))


def strips(window: Window, height: int) -> Iterator[Window]:
    """A window in strips of at most so many rows, from top to bottom."""
    for row in range(0, window.height, height):
        yield window._replace(row=window.row + row, height=min(height, window.height - row))


def spread_blocks(rows: int, cols: int, block: int, num_pixels: int) -> list[Window]:
    """Disjoint blocks as `blocks` gives them; of a raster of more pixels than asked for, some all over it.

    They stand in rows and columns of blocks at even steps: each n-th block alone would, where n is a multiple of the
    blocks in a row, lie in one column.
    """
    every = list(blocks(rows, cols, block))
    if rows * cols <= num_pixels:
        return every
    down, across = -(-rows // block), -(-cols // block)
    most = max(1, num_pixels // block**2)
    num_across = min(max(1, round(across * (most / len(every)) ** 0.5)), most)
    num_down = min(down, most // num_across)
    num_across = min(across, most // num_down)
    chosen_rows, chosen_cols = (
        ((np.arange(count) + 0.5) * length / count).astype(int)
        for count, length in ((num_down, down), (num_across, across))
    )
    return [every[row * across + col] for row in chosen_rows for col in chosen_cols]


def blend_weights(height: int, width: int, overlap: int) -> NDArray[np.float32]:
    """Weights (height, width) that fall linearly towards the border over `overlap` pixels, never to zero."""

    def ramp(length: int) -> NDArray[np.float32]:
        edge = np.minimum(np.arange(length), np.arange(length)[::-1]) + 1.0
        return np.minimum(edge / (overlap + 1.0), 1.0).astype(np.float32)

    weights: NDArray[np.float32] = np.outer(ramp(height), ramp(width)).astype(np.float32)
    return weights


def reflected(start: int, stop: int, length: int) -> NDArray[np.intp]:
    """Indices start..stop of an axis of some length, those outside it mirrored at its ends, as often as needed."""
    index = np.arange(start, stop)
    if length == 1:
        return np.zeros_like(index)
    index = np.abs(index) % (2 * (length - 1))
    mirrored: NDArray[np.intp] = np.minimum(index, 2 * (length - 1) - index)
    return mirrored
