"""HDF5 and netCDF4-like files written by code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray


def write_hdf5(
    path: Path,
    datasets: Mapping[str, NDArray],
    attributes: Mapping[str, Mapping[str, Any]] | None = None,
    axes: Mapping[str, Sequence[str]] | None = None,
    **options: Any,
) -> Path:
    """Write datasets by path, attributes by dataset ("/" for the file), and names of axes by dataset.

    An axis named as a dataset becomes its dimension scale, as in netCDF4; any other is a mere label.
    """
    with h5py.File(path, "w") as file:
        for name, array in datasets.items():
            file.create_dataset(name, data=array, **(options if np.ndim(array) == 3 else {}))
        for name, items in (attributes or {}).items():
            for key, value in items.items():
                file[name].attrs[key] = value
        for name, labels in (axes or {}).items():
            for dimension, label in zip(file[name].dims, labels, strict=True):
                if label in file and file[label].ndim == 1:
                    file[label].make_scale(label)
                    dimension.attach_scale(file[label])
                else:
                    dimension.label = label
    return path
