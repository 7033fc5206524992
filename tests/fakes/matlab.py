"""MATLAB files written by code, of version 5 and 7.3."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray
from scipy.io import savemat


def write_v5(path: Path, **arrays: NDArray | float) -> Path:
    """Write arrays, axes as MATLAB shows them, as a file of version 5."""
    savemat(path, arrays, do_compression=True)
    return path


def write_v73(path: Path, **arrays: NDArray | float) -> Path:
    """Write arrays, axes as MATLAB shows them, as a file of version 7.3: HDF5 behind a header, axes reversed."""
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, array in arrays.items():
            item = file.create_dataset(name, data=np.atleast_2d(array).T)
            item.attrs["MATLAB_class"] = np.bytes_(b"double")
    head = b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM"
    with path.open("r+b") as file:
        file.write(head)
    return path
