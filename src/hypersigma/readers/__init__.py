"""Readers: files of many formats as cubes, read lazily.

A file of this package is a reader; it exports `sniff(path)` and `open(path, *, variable, given)`, where it knows a
product `PRODUCT`, its name, and where that is a folder `FOLDER`, which says what it looks for in one.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.errors import InputError
from hypersigma.registry import load, names

if TYPE_CHECKING:
    from hypersigma.readers._bands import Given

_PACKAGE = "hypersigma.readers"
_FORMATS = "ENVI (.hdr beside the data), GeoTIFF, MATLAB (.mat), HDF5 and netCDF4 with a wavelength coordinate"
_HOW_TO_ADD = (
    "add a reader of another product: one file with sniff and open in hypersigma/readers, or an entry point in the "
    f"group {_PACKAGE} (CONTRIBUTING.md)"
)


class Reader(Protocol):
    """What a reader's module offers."""

    def sniff(self, path: Path) -> int:
        """0: not mine; 1: a container I read; 2: a product whose description I know. Cheap.

        The path is a file; it may be a folder only where the module says `FOLDER`.
        """

    def open(self, path: Path, *, variable: str | None, given: Given | None) -> Cube:
        """The scene, lazily; `variable` names one of several arrays, `given` replaces the file's band table."""


def open_cube(
    path: str | Path,
    *,
    reader: str | None = None,
    variable: str | None = None,
    wavelengths: str | Sequence[float] | NDArray[np.float64] | None = None,
    sensor: str | None = None,
) -> Cube:
    """A scene on disk, opened lazily: pixels are read when they are asked for.

    Args:
        path: the file; for ENVI the header or the data; for a product of many files its folder or its metadata.
        reader: name of a reader, where the file's own signs mislead.
        variable: the array to read, where a file holds several; the choice of bands, where a product offers one.
        wavelengths: band centres that replace the file's: "FIRST:LAST" in nm (evenly spaced), or one a band.
        sensor: a sensor whose band centres and widths replace the file's.

    Raises:
        InputError: no such file, a format or product no reader knows, or a file that is damaged or does not fit.
        ConfigError: no such reader or sensor.
    """
    path = Path(path)
    require_there(path)
    given = _given(wavelengths, sensor)
    chosen = _best(path) if reader is None else _named(reader, path)
    cube = chosen.open(path, variable=variable, given=given)
    if given is not None:
        cube = cube.noted(f"band centres: as for sensor {sensor}" if sensor else "band centres: as given")
    return cube


def is_scene(path: Path) -> bool:
    """Whether a reader takes a file or folder for a scene, by its signs."""
    return max(_scores(path)) > 0


def require_there(path: Path) -> None:
    """Raise InputError where there is no such file or folder."""
    if not path.exists():
        # a mistyped name is the usual mistake, so the nearest one is offered
        siblings = [item.name for item in path.parent.iterdir()] if path.parent.is_dir() else []
        near = difflib.get_close_matches(path.name, siblings, n=1)
        raise InputError(f"{path}: there is no such file" + (f"; did you mean {near[0]}?" if near else ""))


def _named(name: str, path: Path) -> Reader:
    """The reader of a name.

    Raises:
        InputError: it reads single files, and the path is a folder.
    """
    reader = cast(Reader, load(_PACKAGE, name))
    if path.is_dir() and not hasattr(reader, "FOLDER"):
        raise InputError(f"{path} is a folder; the reader '{name}' takes one file of the scene")
    return reader


def _best(path: Path) -> Reader:
    """The reader that is surest of a file or folder.

    Raises:
        InputError: none is.
    """
    readers, scores = _readers(), _scores(path)
    if max(scores) == 0:
        raise InputError(_unknown_folder(path, readers) if path.is_dir() else _unknown_file(path, readers))
    # at a tie the first by name: sniffing the same file twice gives the same reader
    return readers[scores.index(max(scores))]


def _readers() -> list[Reader]:
    return [cast(Reader, load(_PACKAGE, name)) for name in names(_PACKAGE)]


def _scores(path: Path) -> list[int]:
    """How sure each reader is of a file or folder."""
    folder = path.is_dir()
    return [candidate.sniff(path) if hasattr(candidate, "FOLDER") or not folder else 0 for candidate in _readers()]


def _unknown_file(path: Path, readers: Sequence[Reader]) -> str:
    found = f"{path.stat().st_size} bytes, suffix '{path.suffix}'"
    products = ", ".join(
        f"{reader.PRODUCT}{' by its folder' if hasattr(reader, 'FOLDER') else ''}"
        for reader in readers
        if hasattr(reader, "PRODUCT")
    )
    return (
        f"{path}: not a scene in a known format ({found}); can be read: {_FORMATS}; of products {products}; "
        f"{_HOW_TO_ADD}"
    )


def _unknown_folder(path: Path, readers: Sequence[Reader]) -> str:
    signs = "; ".join(str(reader.FOLDER) for reader in readers if hasattr(reader, "FOLDER"))
    return (
        f"{path} is a folder of no product that is known here; looked for: {signs}. "
        f"Give one file of the scene ({_FORMATS}), or {_HOW_TO_ADD}"
    )


def _given(wavelengths: str | Sequence[float] | NDArray[np.float64] | None, sensor: str | None) -> Given | None:
    """A person's band table for any number of bands, or None where nothing was given.

    Raises:
        InputError: both wavelengths and a sensor are given.
    """
    from hypersigma.readers._bands import BandTable
    from hypersigma.spectra import parse_wavelengths, sensor_bands

    if wavelengths is not None and sensor is not None:
        raise InputError("both wavelengths and a sensor are given; give one of them")
    if sensor is not None:
        centres, fwhm = sensor_bands(sensor)
        return lambda num_bands: BandTable(centres=centres, unit="nm", fwhm=fwhm)
    if isinstance(wavelengths, str):
        text = wavelengths
        return lambda num_bands: BandTable(centres=parse_wavelengths(text, num_bands), unit="nm")
    if wavelengths is not None:
        values = np.asarray(wavelengths, dtype=np.float64)
        # no unit: a list in micrometres is told by its values, as in files
        return lambda num_bands: BandTable(centres=values)
    return None
