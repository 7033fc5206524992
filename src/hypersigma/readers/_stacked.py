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
    """The bands of several sources, of each all or only those that are named.

    Raises:
        InputError: their rows and columns differ.
    """

    def __init__(self, sources: Sequence[Source], bands: Sequence[NDArray[np.intp]] | None = None) -> None:
        self.sources = tuple(sources)
        sizes = {source.shape[1:] for source in self.sources}
        if len(sizes) > 1:
            raise InputError(f"bands of several sizes, {' and '.join(f'{r} x {c}' for r, c in sorted(sizes))} pixels")
        named = [np.arange(source.shape[0]) for source in self.sources] if bands is None else bands
        # which source each band comes from, and its index there
        self._owners = np.repeat(np.arange(len(named)), [len(part) for part in named])
        self._indices = np.concatenate(named)
        self.dtype = np.result_type(*(source.dtype for source in self.sources))

    @property
    def shape(self) -> tuple[int, int, int]:
        return (len(self._owners), *self.sources[0].shape[1:])

    def read(self, bands: NDArray[np.intp], window: Window) -> NDArray[Any]:
        block = np.empty((len(bands), window.height, window.width), dtype=self.dtype)
        owners, indices = self._owners[bands], self._indices[bands]
        # a source of many bands is read once for all of them
        for owner in np.unique(owners):
            mine = np.flatnonzero(owners == owner)
            block[mine] = self.sources[owner].read(indices[mine], window)
        return block
