"""Surroundings of a pixel: what is usual there, whatever is usual in the scene as a whole.

A neighbourhood that is high as a whole, a roof or a field of its own kind, is not anomalous; what is higher than the
median around it is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray


def local_median(scores: NDArray[Any], side: int) -> NDArray[Any]:
    """Median (h, w) of the known scores in the square around each pixel; NaN where there are none.

    Args:
        scores: (h + side - 1, w + side - 1), NaN where there is no data.
        side: of the square in pixels, an odd number.
    """
    squares = sliding_window_view(scores, (side, side))
    # a row at a time: the squares of all pixels are side * side copies of the scores
    return np.stack([_medians(row.reshape(len(row), -1)) for row in squares])


def _medians(values: NDArray[Any]) -> NDArray[Any]:
    """Median (n,) of the known of values (n, k)."""
    ordered = np.sort(values, axis=1)  # NaN comes last
    num_known = np.isfinite(ordered).sum(axis=1, keepdims=True)
    middle = np.concatenate([(num_known - 1) // 2, num_known // 2], axis=1)
    medians: NDArray[Any] = np.take_along_axis(ordered, middle, axis=1).mean(axis=1)
    return medians
