"""AVIRIS netCDF files written by code: a group of the quantity's name, the grid in a grid mapping at the root."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from rasterio.crs import CRS

from tests.fakes.emit import turned_table
from tests.fakes.hdf5 import write_hdf5

ROWS, COLS = 12, 10
CENTRES = np.linspace(390.0, 2500.0, 7)
GEOTRANSFORM = "500000.0 4.0 0.0 4200000.0 0.0 -4.0"


def write_aviris_netcdf(
    path: Path,
    quantity: str = "reflectance",
    *,
    table: bool = False,
    on_map: bool = False,
    geotransform: str | None = GEOTRANSFORM,
) -> Path:
    """Write a flight line, with its lookup table or without; pixel (1, 1) is fill.

    Args:
        on_map: whether the table is that of a scene that lies on the map already.
    """
    array = np.random.default_rng(3).random((len(CENTRES), ROWS, COLS), dtype=np.float32)
    array[:, 1, 1] = -9999.0
    datasets: dict[str, Any] = {
        f"{quantity}/{quantity}": array,
        f"{quantity}/wavelength": CENTRES.astype("f4"),
        f"{quantity}/fwhm": np.full(len(CENTRES), 7.6, dtype="f4"),
        "transverse_mercator": np.bytes_(" "),
    }
    mapping = {"spatial_ref": np.bytes_(CRS.from_epsg(32611).to_wkt())}
    if geotransform is not None:
        mapping["GeoTransform"] = np.bytes_(geotransform)
    attributes: dict[str, Any] = {
        f"{quantity}/{quantity}": {"_FillValue": np.float32(-9999)},
        f"{quantity}/wavelength": {"units": np.bytes_("nm")},
        "transverse_mercator": mapping,
    }
    if table:
        line, sample = turned_table()
        if on_map:
            line, sample = line[:ROWS, :COLS], sample[:ROWS, :COLS]
        line[line == 0] = sample[sample == 0] = -9999
        datasets |= {"geolocation_lookup_table/line": line, "geolocation_lookup_table/sample": sample}
        attributes |= {f"geolocation_lookup_table/{key}": {"_FillValue": np.int32(-9999)} for key in ("line", "sample")}
    return write_hdf5(path, datasets, attributes)
