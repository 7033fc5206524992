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
from hypersigma.readers._hyperion_bands import NUM_BANDS, NUM_VNIR, dropping_reasons
from hypersigma.readers._unreadable import unreadable
from hypersigma.spectra import sensor_bands

PRODUCT = "HyperGlobal-450K crops"

_KEY, _SIDE = "img", 64
_SENSORS = {"EO1": "EO-1 Hyperion", "GF5": "GF-5 AHSI"}
_GF5_BANDS = 150  # those of the VNIR detector; "0.4 to 1.0 um" is all that is published of them


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
        # an empty reason a band: the publishers' choice stands, detectors that overlap are not cut again
        table=BandTable(centres=centres, unit="nm", fwhm=fwhm, reasons=[""] * len(centres)),
        quantity="counts" if scale is None else "radiance",
        scale=1.0 if scale is None else scale,
        sensor=_SENSORS[prefix],
        notes=() if scale is not None else ("band centres are those of the table on board, gf5_ahsi",),
    )
    return found.cube(given)


class CropSource:
    """The pixels of a crop, read whole when they are first needed."""

    def __init__(self, path: Path, variable: str, shape: tuple[int, int, int]) -> None:
        self._load = partial(_load, path, variable)
        self.shape = shape
        self._array: NDArray[Any] | None = None

    def __getstate__(self) -> dict[str, Any]:
        # workers load the crop for themselves
        return {"_load": self._load, "shape": self.shape, "_array": None}

    def _pixels(self) -> NDArray[Any]:
        if self._array is None:
            self._array = self._load()
        return self._array

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
    kept = np.array([not reason for reason in dropping_reasons()])
    # radiance of the VNIR detector is stored times 40, that of the other times 80
    scale = np.where(np.arange(NUM_BANDS) < NUM_VNIR, 1 / 40, 1 / 80)
    return centres[kept], fwhm[kept], scale[kept]


def _ahsi() -> tuple[NDArray[np.float64], NDArray[np.float64] | None, NDArray[np.float64] | None]:
    centres, fwhm = sensor_bands("gf5_ahsi")
    return centres[:_GF5_BANDS], fwhm[:_GF5_BANDS], None


_TABLES = {"EO1": _hyperion, "GF5": _ahsi}
