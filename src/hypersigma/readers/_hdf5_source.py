"""Pixels in HDF5: a source over one dataset, read window by window."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.readers._handle import Handle
from hypersigma.readers._unreadable import unreadable
from hypersigma.tiling import Window


def open_hdf5(path: Path) -> Any:
    """An HDF5 file, open for reading.

    Raises:
        InputError: HDF5 cannot open it.
    """
    import h5py

    try:
        return h5py.File(path)
    except OSError as error:
        raise unreadable(path, "as HDF5", error) from error


class Hdf5Source:
    """A dataset with its axes in any order: `axes` tells where bands, rows and columns lie."""

    def __init__(self, path: Path, name: str, axes: tuple[int, int, int]) -> None:
        self.path, self.name, self._axes = path, name, axes
        self._file: Handle[Any] = Handle(partial(open_hdf5, path))
        dataset = self._file()[name]
        bands, rows, cols = (dataset.shape[axis] for axis in axes)
        self._shape = (bands, rows, cols)
        self._dtype: np.dtype = np.dtype(dataset.dtype)

    @property
    def shape(self) -> tuple[int, int, int]:
        return self._shape

    @property
    def dtype(self) -> np.dtype:
        return self._dtype

    def read(self, bands: NDArray[np.intp], window: Window) -> NDArray[Any]:
        # h5py gathers single indices slowly: the span of bands is read and the rest thrown away
        first, last = int(bands.min()), int(bands.max())
        wanted: list[slice] = [slice(None)] * 3
        for axis, part in zip(self._axes, (slice(first, last + 1), *window.slices), strict=True):
            wanted[axis] = part
        try:
            block: NDArray[Any] = self._file()[self.name][tuple(wanted)]
        except OSError as error:
            raise unreadable(self.path, f"in {window}", error) from error
        return block.transpose(self._axes)[bands - first]
