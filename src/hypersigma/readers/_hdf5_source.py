"""Pixels in HDF5: a source over one dataset, read window by window; what attributes say, whatever their form."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.readers._handle import Handle
from hypersigma.readers._unreadable import unreadable
from hypersigma.tiling import Window

SIGNATURE = b"\x89HDF\r\n\x1a\n"


def is_hdf5(path: Path) -> bool:
    """Whether a file is HDF5 by its first bytes; MATLAB's files, which are read otherwise, do not count."""
    if not path.is_file() or path.suffix.lower() == ".mat":
        return False
    with path.open("rb") as file:
        return file.read(len(SIGNATURE)) == SIGNATURE


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


def words(item: Any, key: str) -> str:
    """A text attribute of a file, group or dataset, or ""."""
    values = np.ravel(item.attrs.get(key, ""))
    value = values[0] if values.size == 1 else ""
    value = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    return str(value) if isinstance(value, str) else ""


def number(item: Any, key: str, default: float) -> float:
    """A numeric attribute, or the default where it is absent."""
    return float(np.ravel(item.attrs[key])[0]) if key in item.attrs else default


def text(dataset: Any) -> str:
    """What stands in a dataset that holds one text."""
    value = np.ravel(dataset[()])[0]
    return str(value.decode("utf-8", "replace") if isinstance(value, bytes) else value)


def nodata(dataset: Any) -> float | None:
    """The number that means no data: an attribute that says so, or the fill value a netCDF writer set."""
    for key in ("_FillValue", "missing_value", "Data_Ignore_Value"):
        if key in dataset.attrs:
            return number(dataset, key, 0.0)
    # HDF5's own default is zero, which is a number like any other
    return float(dataset.fillvalue) if dataset.fillvalue else None


def radiance_note(dataset: Any) -> tuple[str, ...]:
    """What a person should know of a dataset of radiance: its unit; nothing of any other dataset."""
    unit = words(dataset, "units")
    return (f"radiance in {unit}",) if unit and "radiance" in dataset.name else ()


class Hdf5Source:
    """A dataset with its axes in any order: `axes` tells where bands, rows and columns lie."""

    def __init__(self, path: Path, name: str, axes: tuple[int, int, int]) -> None:
        self.path, self.name, self._axes = path, name, axes
        self._file: Handle[Any] = Handle(partial(open_hdf5, path))
        dataset = self._file()[name]
        bands, rows, cols = (dataset.shape[axis] for axis in axes)
        self.shape: tuple[int, int, int] = (bands, rows, cols)
        self.dtype: np.dtype = np.dtype(dataset.dtype)

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
