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
        faults: one text a band: why it holds no information, "" where it does.
        empty_share: share of pixels without data in all valid bands that hold information.
        partial_share: share of pixels without data in some of them, but not in all.
    """

    num_pixels: int
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    missing: NDArray[np.float64]
    faults: tuple[str, ...]
    empty_share: float
    partial_share: float


def statistics(cube: Cube, max_pixels: int = 65536) -> Statistics:
    """Statistics of a regular sample of about `max_pixels` pixels, read block by block; of all if there are no more."""
    bands = cube.shape[0]
    low, high = np.full(bands, np.inf, np.float32), np.full(bands, -np.inf, np.float32)
    absences = []
    for window in _sample(cube, max_pixels):
        values = cube.read(window, np.arange(bands)).reshape(bands, -1)
        absent = np.isnan(values)
        low = np.minimum(low, np.where(absent, np.inf, values).min(axis=1))
        high = np.maximum(high, np.where(absent, -np.inf, values).max(axis=1))
        absences.append(absent)
        cube.forget()
    missing = np.concatenate(absences, axis=1)
    seen = ~missing.all(axis=1)
    low, high = np.where(seen, low, np.nan), np.where(seen, high, np.nan)
    num_pixels = missing.shape[1]
    # one pixel cannot tell whether a band is constant
    faults = tuple(_fault(*ends) if num_pixels > 1 else "" for ends in zip(low.tolist(), high.tolist(), strict=True))
    # a band that is empty throughout says nothing of pixels
    share = missing[cube.valid & np.array([not fault for fault in faults])]
    empty = share.all(axis=0)
    return Statistics(
        num_pixels=num_pixels,
        low=low,
        high=high,
        missing=missing.mean(axis=1),
        faults=faults,
        empty_share=float(empty.mean()),
        partial_share=float((share.any(axis=0) & ~empty).mean()),
    )


def _fault(low: float, high: float) -> str:
    """Why a band with this least and greatest number holds no information, or ""."""
    if np.isnan(low):
        return NO_DATA
    if low == high:
        return ALL_ZERO if low == 0.0 else CONSTANT
    return ""


def _sample(cube: Cube, max_pixels: int) -> Iterator[Window]:
    """The whole scene where it is small, else square blocks spread evenly over it."""
    _, rows, cols = cube.shape
    if rows * cols <= max_pixels:
        yield from (Window(row, 0, min(_BLOCK, rows - row), cols) for row in range(0, rows, _BLOCK))
        return
    height, width = min(_BLOCK, rows), min(_BLOCK, cols)
    num_blocks = max(1, max_pixels // (height * width))
    # as many blocks along each side as keeps them evenly spaced, and no more than fit
    down = min(max(1, round((num_blocks * rows / cols) ** 0.5)), -(-rows // height), num_blocks)
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
    # bands that the file marks keep the file's reason
    for fault in (NO_DATA, ALL_ZERO, CONSTANT):
        cube = cube.dropped(np.array([other == fault for other in found.faults]), fault)
    if not cube.valid.any():
        reasons = ", ".join(sorted(set(cube.reasons)))
        raise InputError(f"{cube.name}: none of the {len(cube.valid)} bands can be used: {reasons}; is this the scene?")
    return cube
