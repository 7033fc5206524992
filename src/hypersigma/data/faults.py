"""Numbers of a scene that no light made: dead columns of a band, stuck values, and columns that are off by a constant.

Nothing need be known of them. A dead column is constant in a band that varies; a stuck value (dead or saturated pixels,
salt and pepper) stands far more often in its band than the numbers around it, all over the scene and not in one place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.noise_level import strips
from hypersigma.tiling import Window

Image = NDArray[np.float32]
Known = NDArray[np.bool_]
Read = Callable[[Window], Image]

_FEWEST_ROWS = 16  # of a column that is judged
_MOST_VALUES = 2  # that one band may be stuck at: dead and saturated
_AROUND = 10  # different numbers on either side that a stuck one is compared with
_TIMES = 10  # as often as those
_LEAST_SHARE, _LEAST_COUNT = 2e-3, 8  # of the pixels of a band
_APART = 2.0  # times as likely beside its like as anywhere, and no more
_SLACK = 0.1
_LEAST_KNOWN = 0.5  # share of the bands of a pixel that must be sound, for the others to be told by them


@dataclass(frozen=True, kw_only=True, eq=False)
class Faults:
    """Faults of a scene.

    Attributes:
        dead: (bands, cols), columns that are constant.
        stuck: (bands, 2), values of a band that count for nothing; NaN for none.
        offsets: (bands, cols), what columns are too bright by.
    """

    dead: Known
    stuck: NDArray[np.float32]
    offsets: NDArray[np.float32]

    @property
    def any(self) -> bool:
        """Whether there is any fault."""
        return bool(self.dead.any() or np.isfinite(self.stuck).any() or self.offsets.any())

    def repaired(self, image: Image, col: int) -> tuple[Image, Known]:
        """An image (bands, rows, cols) whose first column is `col` of the scene, without offsets, and what is sound.

        Of a pixel half of whose bands are faulty all count as sound: nothing would be left to tell them by.
        """
        cols = slice(col, col + image.shape[2])
        known = np.repeat(~self.dead[:, None, cols], image.shape[1], axis=1)
        for value in self.stuck.T:
            known &= image != value[:, None, None]
        known[:, known.mean(axis=0) < _LEAST_KNOWN] = True
        return image - self.offsets[:, None, cols], known


_NONE: NDArray[Any] = np.zeros((0, 0))
NO_FAULTS = Faults(dead=_NONE.astype(np.bool_), stuck=_NONE.astype(np.float32), offsets=_NONE.astype(np.float32))


def find_faults(read: Read, shape: tuple[int, int, int], sample: Sequence[Image]) -> Faults:
    """Dead columns and stuck values of a scene; offsets are left to be found, and are zero.

    Args:
        read: a window of the scene (bands, rows, cols).
        shape: bands, rows and columns of it.
        sample: parts (bands, rows, cols) of it.
    """
    bands, rows, cols = shape
    least, most = np.full((bands, cols), np.inf, np.float32), np.full((bands, cols), -np.inf, np.float32)
    for part in strips(shape):
        image = read(Window(part.start, 0, min(part.stop, rows) - part.start, cols))
        np.minimum(least, np.nanmin(image, axis=1, initial=np.inf), out=least)
        np.maximum(most, np.nanmax(image, axis=1, initial=-np.inf), out=most)
    constant = least == most
    # A band whose columns are constant as a rule has no dead ones among them.
    dead = constant & (constant.mean(axis=1, keepdims=True) < _LEAST_KNOWN) & (rows >= _FEWEST_ROWS)
    stuck = np.full((bands, _MOST_VALUES), np.nan, dtype=np.float32)
    for band in range(bands):
        values = _stuck([part[band] for part in sample])[:_MOST_VALUES]
        stuck[band, : len(values)] = values
    return Faults(dead=dead, stuck=stuck, offsets=np.zeros((bands, cols), dtype=np.float32))


def _stuck(parts: Sequence[Image]) -> list[float]:
    """Values that a band, seen in parts (rows, cols), is stuck at; the most frequent first."""
    every = np.concatenate([part[np.isfinite(part)] for part in parts])
    values, counts = np.unique(every, return_counts=True)
    least = max(_LEAST_COUNT, _LEAST_SHARE * every.size)
    found = []
    for index in np.argsort(-counts, kind="stable")[: 2 * _MOST_VALUES]:
        around = np.delete(counts[max(0, index - _AROUND) : index + _AROUND + 1], min(index, _AROUND))
        often = counts[index] >= max(least, _TIMES * np.median(around)) if around.size else False
        if often and _scattered([part == values[index] for part in parts], counts[index] / every.size):
            found.append(float(values[index]))
    return found


def _scattered(masks: Sequence[NDArray[Any]], share: float) -> bool:
    """Whether pixels lie about as if drawn by lot; those of a shadow or of clouds lie together."""
    beside = [(mask[:, 1:] & mask[:, :-1]).sum() for mask in masks], [mask[:, 1:].sum() for mask in masks]
    together = sum(beside[0]) / max(sum(beside[1]), 1)
    return bool(together <= _APART * share + _SLACK)
