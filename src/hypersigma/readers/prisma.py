"""PRISMA L2D (HDF-EOS5): two spectrometers, wavelengths in attributes, placed by the centres of its corner pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.errors import InputError
from hypersigma.georef import Georef
from hypersigma.readers._bands import BandTable, Given
from hypersigma.readers._crs import wkt
from hypersigma.readers._found import Found
from hypersigma.readers._hdf5_product import Hdf5Product
from hypersigma.readers._hdf5_source import Hdf5Source, number, words
from hypersigma.readers._stacked import StackedSource
from hypersigma.tiling import Window

PRODUCT = "PRISMA L2D"

_FIELDS = "HDFEOS/SWATHS/PRS_L2D_HCO/Data Fields"
_DETECTORS = ("Vnir", "Swir")
_LARGEST = 65535.0
_PIXEL = 30.0  # metres
_NO_DATA = -1
_INVALID = 1  # in the error matrices; 2 and 3 mark values clipped at either end, which are numbers still


class _Detector(NamedTuple):
    """What a file says of one spectrometer: its usable slots, their centres and widths, scale and offset."""

    slots: NDArray[np.intp]
    num_slots: int
    centres: NDArray[np.float64]
    fwhm: NDArray[np.float64]
    scale: float
    offset: float


def sniff(path: Path) -> int:
    """2 for a PRISMA L2D file, else 0."""
    return _PRODUCT.sniff(path)


def open(path: Path, *, variable: str | None = None, given: Given | None = None) -> Cube:
    """A PRISMA scene, VNIR and SWIR cubes (rows, bands, cols) as one cube of reflectance.

    Raises:
        InputError: damaged, or cubes and attributes do not belong together.
    """
    return _PRODUCT.open(path, variable, given)


def _is_prisma(file: Any) -> bool:
    return all(f"{_FIELDS}/{name.upper()}_Cube" in file for name in _DETECTORS)


def _found(path: Path, file: Any) -> Found:
    """What a file holds: both spectrometers, the VNIR first."""
    detectors = [_detector(path, file, name) for name in _DETECTORS]
    source = _source(path, file, detectors)
    _, rows, cols = source.shape
    georef, notes = _georef(file, rows, cols)
    num_bands = [len(detector.slots) for detector in detectors]
    empty = sum(detector.num_slots for detector in detectors) - sum(num_bands)
    if empty:
        notes.insert(0, f"{empty} slots of the file hold no band and are left out")
    return Found(
        source=source,
        path=path,
        table=BandTable(
            centres=np.concatenate([detector.centres for detector in detectors]),
            unit="nm",
            fwhm=np.concatenate([detector.fwhm for detector in detectors]),
        ),
        quantity="reflectance",
        scale=np.repeat([detector.scale for detector in detectors], num_bands),
        offset=np.repeat([detector.offset for detector in detectors], num_bands),
        nodata=_NO_DATA,
        georef=georef,
        sensor="PRISMA",
        acquired=words(file, "Product_StartTime"),
        notes=tuple(notes),
    )


def _detector(path: Path, file: Any, name: str) -> _Detector:
    """The attributes of one spectrometer; slots of wavelength zero, or not selected, were never acquired.

    Raises:
        InputError: an attribute is missing, or its list is of another length than the cube.
    """
    num_slots = int(file[f"{_FIELDS}/{name.upper()}_Cube"].shape[1])
    lists = []
    for key in (f"List_Cw_{name}", f"List_Fwhm_{name}"):
        values = np.ravel(np.asarray(file.attrs.get(key, ()), dtype=np.float64))
        if len(values) != num_slots:
            raise InputError(
                f"{path}: {key} has {len(values)} entries for the {num_slots} bands of {name.upper()}_Cube"
            )
        lists.append(values)
    centres, fwhm = lists
    low, high = (number(file, f"L2Scale{name}{side}", np.nan) for side in ("Min", "Max"))
    if not low < high:
        raise InputError(f"{path}: L2Scale{name}Min and Max are {low:g} and {high:g}; expected ascending numbers")
    selected = np.ravel(file.attrs.get(f"CNM_{name.upper()}_SELECT", np.ones(num_slots)))
    # a list of another length is one of another level
    slots = np.flatnonzero((centres > 0) & (selected != 0 if len(selected) == num_slots else True))
    return _Detector(slots, num_slots, centres[slots], fwhm[slots], (high - low) / _LARGEST, low)


def _source(path: Path, file: Any, detectors: list[_Detector]) -> PrismaSource:
    """The pixels of both spectrometers, with their error matrices where the file has both.

    Raises:
        InputError: the two are of different sizes.
    """

    def stacked(suffix: str) -> StackedSource:
        names = (f"{_FIELDS}/{name.upper()}_{suffix}" for name in _DETECTORS)
        parts = [Hdf5Source(path, name, (1, 0, 2)) for name in names]
        return StackedSource(parts, [detector.slots for detector in detectors])

    errors = "PIXEL_L2_ERR_MATRIX"
    has_errors = all(f"{_FIELDS}/{name.upper()}_{errors}" in file for name in _DETECTORS)
    try:
        return PrismaSource(stacked("Cube"), stacked(errors) if has_errors else None, len(detectors[0].slots))
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


class PrismaSource:
    """The stored numbers as signed ones, with -1 where there is no data.

    Zero is a number (negative reflectance is clipped to it), but a pixel of zeros in all bands of the VNIR lies
    beside the swath; the error matrices mark single numbers that the instrument did not give.
    """

    def __init__(self, cubes: StackedSource, errors: StackedSource | None, num_vnir: int) -> None:
        self._cubes, self._errors = cubes, errors
        self._vnir = np.arange(num_vnir)

    @property
    def shape(self) -> tuple[int, int, int]:
        return self._cubes.shape

    @property
    def dtype(self) -> np.dtype:
        return np.dtype(np.int32)

    def read(self, bands: NDArray[np.intp], window: Window) -> NDArray[Any]:
        needed = np.union1d(self._vnir, bands)
        block = self._cubes.read(needed, window)
        beside = (block[: len(self._vnir)] == 0).all(axis=0)
        values = block[np.searchsorted(needed, bands)].astype(np.int32)
        values[:, beside] = _NO_DATA
        if self._errors is not None:
            values[self._errors.read(bands, window) == _INVALID] = _NO_DATA
        return values


def _georef(file: Any, rows: int, cols: int) -> tuple[Georef | None, list[str]]:
    """The georeference of the upper left pixel's centre and the pixel's size, and what does not fit."""
    corners = {
        (corner, axis): number(file, f"Product_{corner}corner_{axis}", np.nan)
        for corner in ("UL", "LR")
        for axis in ("easting", "northing")
    }
    if not np.isfinite(list(corners.values())).all():
        return None, ["the file does not say where the scene lies"]
    x, y = corners["UL", "easting"], corners["UL", "northing"]
    width, height = corners["LR", "easting"] - x, y - corners["LR", "northing"]
    notes = []
    # centres of pixels lie one step less than the size apart
    if max(abs(width - _PIXEL * (cols - 1)), abs(height - _PIXEL * (rows - 1))) > 1.5 * _PIXEL:
        notes.append(
            f"the corners lie {width:.0f} x {height:.0f} m apart, which does not fit {rows} x {cols} pixels of "
            f"{_PIXEL:.0f} m; the scene is placed by the upper left one"
        )
    transform = (_PIXEL, 0.0, x - _PIXEL / 2, 0.0, -_PIXEL, y + _PIXEL / 2)
    return Georef(transform, wkt(f"EPSG:{int(number(file, 'Epsg_Code', 0))}")), notes


_PRODUCT = Hdf5Product(name="a PRISMA scene", is_mine=_is_prisma, found=_found)
