"""The ring between two square windows about a pixel: which samples it has, and sums over it for all pixels at once.

Images come padded by r = outer // 2 pixels on each side, NaN where there is no data or no scene. Windows are odd,
the inner below the outer; the settings that they come from have been checked.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

MIN_SAMPLES = 3  # in a ring, for its pixel to have a score

Array = NDArray[np.float64]


def complete(padded: NDArray[Any]) -> NDArray[np.bool_]:
    """Pixels (rows, cols) of an image (bands, rows, cols) with a number in every band."""
    has_data: NDArray[np.bool_] = np.isfinite(padded).all(axis=0)
    return has_data


def ring_offsets(inner: int, outer: int, num_cols: int) -> NDArray[np.intp]:
    """Flat positions of a ring's samples from the upper left corner of its outer window, in rows of `num_cols`."""
    rows, cols = np.indices((outer, outer))
    far = np.maximum(np.abs(rows - outer // 2), np.abs(cols - outer // 2)) > inner // 2
    return (rows * num_cols + cols)[far]


def ring_sum(image: Array, inner: int, outer: int) -> Array:
    """Sums over the rings of all pixels of a padded image (h + 2 r, w + 2 r): (h, w).

    A ring is two slabs above and below the inner window and two sides. Each is a sum of positive steps: nothing is
    taken away again, as with running sums or outer minus inner, so a very bright pixel leaves no rounding error in
    rings that it does not belong to, and each pixel's terms are added in the same order wherever a scene is cut.
    """
    width = (outer - inner) // 2
    num_rows, num_cols = image.shape[0] - outer + 1, image.shape[1] - outer + 1
    slab = _window_sum(_window_sum(image, outer, 1), width, 0)
    side = _window_sum(_window_sum(image, width, 1), inner, 0)[width : width + num_rows]
    far = outer - width
    total: Array = slab[:num_rows] + slab[far : far + num_rows]
    total += side[:, :num_cols]
    total += side[:, far : far + num_cols]
    return total


def _window_sum(image: Array, length: int, axis: int) -> Array:
    """Sums over all stretches of `length` along an axis, from sums over 1, 2, 4, 8 ... pixels."""
    size = image.shape[axis] - length + 1
    power, step, start = np.moveaxis(image, axis, 0), 1, 0
    total: Array | None = None
    while True:
        if length & step:
            term = power[start : start + size]
            total = term if total is None else total + term
            start += step
        if 2 * step > length:
            break
        power = power[:-step] + power[step:]
        step *= 2
    assert total is not None
    return np.moveaxis(total, 0, axis)
