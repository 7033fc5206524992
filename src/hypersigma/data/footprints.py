"""What the pixels of a scene see of a finer image, wherever they lie on it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from hypersigma.data.resize import Weights, mirrored

Floats = NDArray[np.float64]

_ENDS = 4.0  # deviations at which the Gaussian ends
_BOX = 12**-0.5  # deviation of a box over its side
_PART = math.sqrt(3) / 2  # distance of parts from the centre, and their size one half: together they spread as before
_MOST_WEIGHTS = 1 << 22  # that are held at once


@dataclass(frozen=True, kw_only=True)
class Spread:
    """What a pixel sees around its centre, along rows and along columns alike.

    Attributes:
        kind: "mean", its own area; "gaussian", with a Gaussian weight.
        deviation: in pixels of the scene; for "mean" that of a box as wide as the pixel.
    """

    kind: Literal["mean", "gaussian"]
    deviation: float

    @classmethod
    def of(cls, kind: Literal["mean", "gaussian"], transfer: float) -> Spread:
        """A box, or the Gaussian that leaves so much of the contrast at half a wave a pixel."""
        return cls(kind=kind, deviation=_BOX if kind == "mean" else math.sqrt(-2.0 * math.log(transfer)) / math.pi)

    @property
    def part(self) -> tuple[Spread, float]:
        """A spread half as wide, and how far from the centre two of them make up this one, of a Gaussian nearly."""
        return Spread(kind=self.kind, deviation=self.deviation / 2), self.deviation * _PART

    def taps(self, centres: Floats, across: float) -> tuple[NDArray[np.intp], Floats]:
        """Fine pixels (n, taps) of one axis that have a part in pixels, and weights that sum to one.

        Args:
            centres: (n,) of the pixels, counted from the outer edge of the fine image, whose centres lie at .5.
            across: fine pixels in a pixel.
        """
        width = self.deviation * across
        reach = width / _BOX / 2 if self.kind == "mean" else _ENDS * width
        offsets = np.arange(-math.ceil(reach) - 1, math.ceil(reach) + 2)
        columns = np.floor(centres)[:, None] + offsets
        distance = columns + 0.5 - centres[:, None]
        if self.kind == "mean":
            values = np.clip(np.minimum(distance + 0.5, reach) - np.maximum(distance - 0.5, -reach), 0.0, None)
        else:
            values = np.exp(-((distance / width) ** 2) / 2)
        values /= values.sum(axis=1, keepdims=True)
        return columns.astype(np.intp), values


def seen(image: NDArray[Any], places: Floats, across: tuple[float, float], spread: Spread) -> NDArray[np.float32]:
    """What pixels see of a finer image, which beyond its borders goes on as its mirror image.

    Args:
        image: (bands, h, w) without gaps.
        places: (2, rows, cols) of the pixels' centres on it, counted from its outer corner.
        across: its pixels in one of those, down and across.
        spread: what each sees.

    Returns:
        (bands, rows, cols).
    """
    _, rows, cols = places.shape
    flat = image.reshape(len(image), -1).T
    result = np.empty((len(image), rows, cols), dtype=np.float32)
    size = [len(spread.taps(np.zeros(1), width)[0][0]) for width in across]
    step = max(1, _MOST_WEIGHTS // (cols * size[0] * size[1]))
    for row in range(0, rows, step):
        part = places[:, row : row + step]
        weights = _weights(part.reshape(2, -1), across, spread, (image.shape[1], image.shape[2]))
        result[:, row : row + step] = (weights @ flat).T.reshape(len(image), -1, cols)
    return result


def _weights(points: Floats, across: tuple[float, float], spread: Spread, shape: tuple[int, int]) -> Weights:
    """Weights (n, h * w) of the pixels of a fine image in pixels centred at points (2, n)."""
    (rows, down), (cols, right) = (spread.taps(centres, width) for centres, width in zip(points, across, strict=True))
    index = mirrored(rows, shape[0])[:, :, None] * shape[1] + mirrored(cols, shape[1])[:, None]
    values = (down[:, :, None] * right[:, None]).astype(np.float32)
    used = values > 0
    lines = np.repeat(np.arange(points.shape[1]), used.sum(axis=(1, 2)))
    return sparse.coo_array((values[used], (lines, index[used])), shape=(points.shape[1], shape[0] * shape[1])).tocsr()
