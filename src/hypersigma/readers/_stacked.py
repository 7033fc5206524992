"""Several sources of the same rows and columns as one, band after band."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Source
from hypersigma.errors import InputError
from hypersigma.tiling import Window


class StackedSource:
    """The bands of several sources, of each only those that are named.

    Raises:
        InputError: their rows and columns differ.
    """

    def __init__(self, parts: Sequence[tuple[Source, NDArray[np.intp]]]) -> None:
        self._sources = [source for source, _ in parts]
        sizes = {source.shape[1:] for source in self._sources}
        if len(sizes) > 1:
            raise InputError(f"bands of several sizes, {' and '.join(f'{r} x {c}' for r, c in sorted(sizes))} pixels")
        # which source each band comes from, and its index there
        self._owners = np.repeat(np.arange(len(parts)), [len(bands) for _, bands in parts])
        self._indices = np.concatenate([bands for _, bands in parts])
        self._dtype = np.result_type(*(source.dtype for source in self._sources))

    @property
    def shape(self) -> tuple[int, int, int]:
        return (len(self._owners), *self._sources[0].shape[1:])

    @property
    def dtype(self) -> np.dtype:
        return self._dtype

    def read(self, bands: NDArray[np.intp], window: Window) -> NDArray[Any]:
        block = np.empty((len(bands), window.height, window.width), dtype=self._dtype)
        for owner, source in enumerate(self._sources):
            mine = np.flatnonzero(self._owners[bands] == owner)
            if mine.size:
                block[mine] = source.read(self._indices[bands[mine]], window)
        return block
