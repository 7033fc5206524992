"""Screening: a look at a sample of a scene that finds bands without information and measures what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.errors import InputError
from hypersigma.tiling import Window

_BLOCK = 32
NO_DATA, ALL_ZERO, CONSTANT = "no data in any pixel", "zero in every pixel", "the same number in every pixel"


@dataclass(frozen=True, kw_only=True, eq=False)
class Statistics:
    """What a sample of a scene's pixels holds; bands in the cube's order, valid or not.

    Attributes:
        num_pixels: pixels looked at.
        low, high: (bands,) least and greatest number of each band, NaN where there is no data.
        missing: (bands,) share of pixels without data.
        empty_share: share of pixels without data in all valid bands.
        partial_share: share of pixels without data in some but not all valid bands.
    """

    num_pixels: int
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    missing: NDArray[np.float64]
    empty_share: float
    partial_share: float


def statistics(cube: Cube, max_pixels: int = 65536) -> Statistics:
    """Statistics of a regular sample of about `max_pixels` pixels, read block by block; of all if there are no more."""
    bands = cube.shape[0]
    low, high = np.full(bands, np.inf, np.float32), np.full(bands, -np.inf, np.float32)
    missing = np.zeros(bands)
    pixels = empty = partial = 0
    for window in _sample(cube, max_pixels):
        values = cube.read(window, np.arange(bands)).reshape(bands, -1)
        absent = np.isnan(values)
        low = np.minimum(low, np.where(absent, np.inf, values).min(axis=1))
        high = np.maximum(high, np.where(absent, -np.inf, values).max(axis=1))
        missing += absent.sum(axis=1)
        lacking = absent[cube.valid].sum(axis=0)
        pixels += values.shape[1]
        empty += int((lacking == len(cube.used)).sum())
        partial += int(((lacking > 0) & (lacking < len(cube.used))).sum())
    seen = missing < pixels
    return Statistics(
        num_pixels=pixels,
        low=np.where(seen, low, np.nan),
        high=np.where(seen, high, np.nan),
        missing=missing / pixels,
        empty_share=empty / pixels,
        partial_share=partial / pixels,
    )


def _sample(cube: Cube, max_pixels: int) -> Iterator[Window]:
    """The whole scene where it is small, else square blocks spread evenly over it."""
    _, rows, cols = cube.shape
    if rows * cols <= max_pixels:
        yield from (Window(row, 0, min(_BLOCK, rows - row), cols) for row in range(0, rows, _BLOCK))
        return
    height, width = min(_BLOCK, rows), min(_BLOCK, cols)
    num_blocks = max(1, max_pixels // (height * width))
    # as many blocks along each side as keeps them evenly spaced, and no more than fit
    down = min(max(1, round((num_blocks * rows / cols) ** 0.5)), -(-rows // height))
    across = min(max(1, num_blocks // down), -(-cols // width))
    for row in _spread(rows, height, down):
        for col in _spread(cols, width, across):
            yield Window(row, col, height, width)


def _spread(length: int, block: int, count: int) -> list[int]:
    """First indices of `count` blocks spread evenly over a length."""
    if count == 1:
        return [(length - block) // 2]
    return [round(index * (length - block) / (count - 1)) for index in range(count)]


def screen(cube: Cube, max_pixels: int = 65536, found: Statistics | None = None) -> Cube:
    """The cube without bands that hold no data, only zeros, or one number, in a sample of the scene.

    Args:
        cube: the scene.
        max_pixels: size of the sample.
        found: its statistics, where they were computed before.

    Raises:
        InputError: no band is left.
    """
    found = statistics(cube, max_pixels) if found is None else found
    constant = found.low == found.high
    # one pixel cannot tell whether a band is constant
    constant &= found.num_pixels > 1
    cube = cube.dropped(np.isnan(found.low), NO_DATA)
    cube = cube.dropped(constant & (found.low == 0.0), ALL_ZERO)
    cube = cube.dropped(constant, CONSTANT)
    if not cube.valid.any():
        reasons = ", ".join(sorted(set(cube.reasons)))
        raise InputError(f"{cube.name}: none of the {len(cube.valid)} bands can be used: {reasons}; is this the scene?")
    return cube
