"""EMIT L2A reflectance and L1B radiance (netCDF4): sensor geometry, placed by the lookup table in the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from hypersigma.cube import Cube, Quantity
from hypersigma.georef import Georef
from hypersigma.readers._bands import BandTable, Given
from hypersigma.readers._found import Found
from hypersigma.readers._glt import IN_SENSOR_GEOMETRY, gdal_grid, lookup_table
from hypersigma.readers._hdf5_product import Hdf5Product
from hypersigma.readers._hdf5_source import Hdf5Source, nodata, radiance_note, words

PRODUCT = "EMIT (L2A reflectance, L1B radiance)"

_QUANTITIES: tuple[Quantity, ...] = ("reflectance", "radiance")
_BANDS = "sensor_band_parameters"
_FILL = -9999.0


def sniff(path: Path) -> int:
    """2 for an EMIT file of reflectance or radiance, else 0."""
    return _PRODUCT.sniff(path)


def open(path: Path, *, variable: str | None = None, given: Given | None = None) -> Cube:
    """An EMIT scene (downtrack, crosstrack, bands) as a cube whose georeference is a lookup table.

    Raises:
        InputError: damaged, or its lookup table is not that of its pixels.
    """
    return _PRODUCT.open(path, variable, given)


def _is_emit(file: Any) -> bool:
    return f"{_BANDS}/wavelengths" in file and "location/glt_x" in file and any(name in file for name in _QUANTITIES)


def _found(path: Path, file: Any) -> Found:
    """What a granule holds."""
    quantity = next(name for name in _QUANTITIES if name in file)
    source = Hdf5Source(path, quantity, (2, 0, 1))
    fill = nodata(file[quantity])
    bands = file[_BANDS]
    # radiance comes without a list of good bands
    fwhm, good = (bands[key][()] if key in bands else None for key in ("fwhm", "good_wavelengths"))
    _, rows, cols = source.shape
    return Found(
        source=source,
        path=path,
        table=BandTable(centres=bands["wavelengths"][()], unit="nm", fwhm=fwhm, good=good),
        quantity=quantity,
        nodata=_FILL if fill is None else fill,
        georef=_georef(path, file, (rows, cols)),
        sensor="EMIT",
        acquired=words(file, "time_coverage_start"),
        notes=(*radiance_note(file[quantity]), IN_SENSOR_GEOMETRY),
    )


def _georef(path: Path, file: Any, size: tuple[int, int]) -> Georef:
    """The lookup table of a granule.

    Raises:
        InputError: it names pixels that the granule lacks.
    """
    grid = gdal_grid(path, np.ravel(file.attrs["geotransform"]).tolist(), words(file, "spatial_ref"))
    return lookup_table(path, file["location/glt_y"], file["location/glt_x"], grid, size)


_PRODUCT = Hdf5Product(name="an EMIT scene", is_mine=_is_emit, found=_found)
