"""What a network for unmixing is trained on: squares of the scenes, turned and flipped; nothing is labelled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from hypersigma.tasks._contract import Batch, ChannelReader
from hypersigma.tasks._crops import turned
from hypersigma.tiling import Window

_MOST_DRAWS = 20  # for a square with data in it


class Squares:
    """Draws squares that lie anywhere in the scenes, large scenes as much more often as they are larger.

    Attributes:
        size: side in pixels; count: squares in a batch.
    """

    def __init__(self, readers: Sequence[ChannelReader], *, size: int, count: int) -> None:
        self.readers, self.size, self.count = readers, size, count
        areas = np.array([reader.cube.shape[1] * reader.cube.shape[2] for reader in readers], dtype=np.float64)
        self._chances = areas / areas.sum()

    def __call__(self, generator: np.random.Generator) -> Batch:
        """Images (B, C, size, size), no data as zero, and where there are data (B, size, size), 1 or 0."""
        pairs = [self._square(generator) for _ in range(self.count)]
        image = torch.from_numpy(np.stack([image for image, _ in pairs]))
        return Batch(image, torch.from_numpy(np.stack([known for _, known in pairs]).astype(np.int64)))

    def _square(self, generator: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        for _ in range(_MOST_DRAWS):
            reader = self.readers[generator.choice(len(self.readers), p=self._chances)]
            _, rows, cols = reader.cube.shape
            row, col = (int(generator.integers(length - self.size + 1)) for length in (rows, cols))
            image = reader.read(Window(row, col, self.size, self.size))
            known: NDArray[np.bool_] = np.logical_and.reduce(np.isfinite(image))
            if known.any():
                break
        marks: NDArray[np.int32] = known.astype(np.int32)
        image, marks = turned(image, marks, int(generator.integers(8)))
        return np.nan_to_num(image), marks
