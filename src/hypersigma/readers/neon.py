"""NEON AOP reflectance (HDF5): flight lines and mosaics on a map grid, water-vapour windows marked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.georef import Georef
from hypersigma.readers._bands import BandTable, Given
from hypersigma.readers._crs import wkt
from hypersigma.readers._envi_header import Header
from hypersigma.readers._envi_map import georef_of
from hypersigma.readers._found import Found
from hypersigma.readers._hdf5_product import Hdf5Product
from hypersigma.readers._hdf5_source import Hdf5Source, nodata, number, text, words

PRODUCT = "NEON AOP reflectance"

_DATA = "Reflectance/Reflectance_Data"
_FILL, _SCALE = -9999.0, 10000.0


def sniff(path: Path) -> int:
    """2 for a NEON reflectance file, else 0."""
    return _PRODUCT.sniff(path)


def open(path: Path, *, variable: str | None = None, given: Given | None = None) -> Cube:
    """A NEON scene (rows, cols, bands) as a cube of reflectance.

    Raises:
        InputError: damaged, or its map info is none.
    """
    return _PRODUCT.open(path, variable, given)


def _site(file: Any) -> str | None:
    """The site's code, the name of the group that holds everything, or None."""
    return next((name for name in file if f"{name}/{_DATA}" in file), None)


def _found(path: Path, file: Any) -> Found:
    """What a flight line or tile of a mosaic holds."""
    name = f"{_site(file)}/{_DATA}"
    data = file[name]
    spectral = data.parent["Metadata/Spectral_Data"]
    centres, fwhm = (np.ravel(spectral[key][()]) for key in ("Wavelength", "FWHM"))
    fill = nodata(data)
    return Found(
        source=Hdf5Source(path, name, (2, 0, 1)),
        path=path,
        table=BandTable(
            centres=centres,
            unit=words(spectral["Wavelength"], "Units"),
            fwhm=fwhm,
            good=~_in_windows(centres, data.parent.attrs),
        ),
        quantity="reflectance",
        scale=1.0 / number(data, "Scale_Factor", _SCALE),
        nodata=_FILL if fill is None else fill,
        georef=_georef(path, data.parent),
        sensor="NEON AIS",
        acquired=path.name,
    )


def _in_windows(centres: NDArray[np.float64], attributes: Any) -> NDArray[np.bool_]:
    """Which bands lie in the windows that the provider marks: Band_Window_1_Nanometers and so on."""
    marked = np.zeros(len(centres), dtype=bool)
    for key in attributes:
        if key.startswith("Band_Window_") and key.endswith("_Nanometers"):
            first, last = (float(limit) for limit in np.ravel(attributes[key])[:2])
            marked |= (centres >= first) & (centres <= last)
    return marked


def _georef(path: Path, group: Any) -> Georef | None:
    """The georeference of the map info, which is ENVI's, in the system that the EPSG code names."""
    system = group["Metadata/Coordinate_System"]
    georef = georef_of(Header(path, {"map info": text(system["Map_Info"])}))
    # the code is surer than the zone of the map info, which names its hemisphere in a word
    crs = wkt(f"EPSG:{text(system['EPSG Code'])}") if "EPSG Code" in system else None
    return georef if georef is None or crs is None else replace(georef, crs=crs)


_PRODUCT = Hdf5Product(name="a NEON scene", is_mine=lambda file: _site(file) is not None, found=_found)
