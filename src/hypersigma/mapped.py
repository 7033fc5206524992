"""Arrays that lie in files and are seen through memory maps: made without a name, and given back page by page."""

from __future__ import annotations

import mmap
import tempfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

_MOST_IN_MEMORY = 64 << 20  # bytes; larger arrays are memory-mapped


def empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    """An array in memory, or where it is large a memory map of a temporary file that vanishes with it."""
    if int(np.prod(shape)) * dtype.itemsize <= _MOST_IN_MEMORY:
        return np.empty(shape, dtype)
    # The file has no name, so nothing is left of it once nobody looks at the map.
    with tempfile.TemporaryFile(prefix="hypersigma-") as file:
        return np.memmap(file, dtype=dtype, mode="w+", shape=shape)


def release(array: NDArray[Any]) -> None:
    """Give back the memory that an array's file takes, if it is seen through a map; what is read again comes back."""
    part: Any = array
    while isinstance(part, np.ndarray):
        # pages of a private map would be lost with what was written to them
        if isinstance(part, np.memmap) and part.mode == "c":
            return
        part = part.base
    if isinstance(part, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        part.madvise(mmap.MADV_DONTNEED)
