"""HyperGlobal-450K: crops of 64 x 64 pixels as MATLAB files, key `img`, axes (bands, rows, cols), unscaled numbers."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.errors import InputError
from hypersigma.readers._bands import BandTable, Given
from hypersigma.readers._found import Found
from hypersigma.readers._unreadable import unreadable
from hypersigma.spectra import sensor_bands

_KEY, _SIDE = "img", 64
_SENSORS = {"EO1": "EO-1 Hyperion", "GF5": "GF-5 AHSI"}
# Hyperion's 242 bands, counted from 1, less those that the publishers of the crops removed
_REMOVED = ((1, 7), (58, 76), (121, 126), (167, 180), (222, 242))
_VNIR_BANDS = 70  # their radiance is stored times 40, that of the others times 80
_GF5_BANDS = 150  # "0.4 to 1.0 um" is all that is published of them


def sniff(path: Path) -> int:
    """2 for a MATLAB file named EO1... or GF5... that holds an array `img` of 64 x 64 pixels, else 0."""
    if path.suffix.lower() != ".mat" or _prefix(path) is None:
        return 0
    try:
        shape = _shape(path)
    except InputError:
        return 0
    return 2 if shape is not None and shape[1:] == (_SIDE, _SIDE) else 0


def open(path: Path, *, variable: str | None = None, given: Given | None = None) -> Cube:
    """A crop as a cube: radiance with known bands for EO1, counts with nominal ones for GF5.

    Raises:
        InputError: the file is damaged, or its number of bands is not the sensor's.
    """
    prefix, shape = _prefix(path), _shape(path, variable or _KEY)
    if prefix is None or shape is None:
        raise InputError(
            f"{path}: not a crop of HyperGlobal-450K; expected EO1*.mat or GF5*.mat with an array '{_KEY}'"
        )
    centres, fwhm, scale = _TABLES[prefix]()
    if shape[0] != len(centres):
        raise InputError(f"{path}: {shape[0]} bands, expected {len(centres)} of {_SENSORS[prefix]}")
    source = CropSource(path, variable or _KEY, shape)
    found = Found(
        source=source,
        path=path,
        table=BandTable(centres=centres, unit="nm", fwhm=fwhm),
        quantity="counts" if scale is None else "radiance",
        scale=1.0 if scale is None else scale,
        sensor=_SENSORS[prefix],
        notes=() if scale is not None else ("band centres are nominal, evenly spaced from 400 to 1000 nm",),
    )
    return found.cube(given)


class CropSource:
    """The pixels of a crop, read whole when they are first needed."""

    def __init__(self, path: Path, variable: str, shape: tuple[int, int, int]) -> None:
        self._load = partial(_load, path, variable)
        self._shape = shape
        self._array: NDArray[Any] | None = None

    def __getstate__(self) -> dict[str, Any]:
        # workers load the crop for themselves
        return {"_load": self._load, "_shape": self._shape, "_array": None}

    def _pixels(self) -> NDArray[Any]:
        if self._array is None:
            self._array = self._load()
        return self._array

    @property
    def shape(self) -> tuple[int, int, int]:
        return self._shape

    @property
    def dtype(self) -> np.dtype:
        return self._pixels().dtype

    def read(self, bands: NDArray[np.intp], window: Any) -> NDArray[Any]:
        return self._pixels()[:, *window.slices][bands]


def _prefix(path: Path) -> str | None:
    start = path.name[:3].upper()
    return start if start in _SENSORS else None


def _shape(path: Path, variable: str = _KEY) -> tuple[int, int, int] | None:
    """Bands, rows and columns of the array, or None where there is none with three axes.

    Raises:
        InputError: no MATLAB file of version 5.
    """
    from scipy.io import whosmat

    try:
        found = {name: shape for name, shape, _ in whosmat(path)}
    # SciPy's parser stumbles over damage in many ways
    except Exception as error:
        raise unreadable(path, "as a MATLAB file", error) from error
    shape = found.get(variable, ())
    return (shape[0], shape[1], shape[2]) if len(shape) == 3 else None


def _load(path: Path, variable: str) -> NDArray[Any]:
    from scipy.io import loadmat

    try:
        array: NDArray[Any] = loadmat(path, variable_names=[variable])[variable]
    except Exception as error:
        raise unreadable(path, f"(variable '{variable}')", error) from error
    return array


def _hyperion() -> tuple[NDArray[np.float64], NDArray[np.float64] | None, NDArray[np.float64] | None]:
    """Centres, widths and scale of the 175 bands that were kept."""
    centres, fwhm = sensor_bands("hyperion")
    numbers = np.arange(1, len(centres) + 1)
    kept = ~np.any([(numbers >= first) & (numbers <= last) for first, last in _REMOVED], axis=0)
    scale = np.where(numbers <= _VNIR_BANDS, 1 / 40, 1 / 80)
    return centres[kept], fwhm[kept], scale[kept]


def _ahsi() -> tuple[NDArray[np.float64], NDArray[np.float64] | None, NDArray[np.float64] | None]:
    return np.linspace(400.0, 1000.0, _GF5_BANDS), None, None


_TABLES = {"EO1": _hyperion, "GF5": _ahsi}
