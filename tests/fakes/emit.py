"""EMIT granules and other scenes in sensor geometry written by code, with a lookup table of a turned swath."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.crs import CRS

from tests.fakes.hdf5 import write_hdf5

ROWS, COLS = 12, 10
CENTRES = np.array([381.0, 550.0, 700.0, 1380.0, 1600.0, 2200.0, 2493.0])
GOOD = np.array([1, 1, 1, 0, 1, 1, 1], dtype="u1")
UNITS = {"reflectance": "unitless", "radiance": "uW/cm^2/SR/nm"}
GEOTRANSFORM = (13.4, 0.000542, 0.0, 52.4, 0.0, -0.000542)


def turned_table(rows: int = ROWS, cols: int = COLS, degrees: float = 25.0) -> tuple[NDArray, NDArray]:
    """Line and sample, from one, of each cell of a map on which a swath lies turned; zero for cells beside it."""
    side = int(np.ceil(np.hypot(rows, cols))) + 1
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    turn = np.deg2rad(degrees)
    line = np.floor(np.cos(turn) * y + np.sin(turn) * x + rows / 2).astype("i4") + 1
    sample = np.floor(np.cos(turn) * x - np.sin(turn) * y + cols / 2).astype("i4") + 1
    beside = (line < 1) | (line > rows) | (sample < 1) | (sample > cols)
    line[beside] = sample[beside] = 0
    return line, sample


def write_emit(
    path: Path,
    quantity: str = "reflectance",
    attributes: dict[str, Any] | None = None,
    without: tuple[str, ...] = (),
    largest_line: int | None = None,
) -> Path:
    """Write a granule; pixel (2, 3) is fill in every band, and one cell of the map is filled in from its neighbour.

    Args:
        attributes: further ones of the file.
        without: datasets to leave out.
        largest_line: a line that the table names in one cell.
    """
    array = np.random.default_rng(1).random((ROWS, COLS, len(CENTRES)), dtype=np.float32)
    array[2, 3] = -9999.0
    line, sample = turned_table()
    shown = np.argwhere(line > 0)[5]
    line[tuple(shown)] *= -1
    sample[tuple(shown)] *= -1
    if largest_line is not None:
        line[tuple(shown)] = largest_line
    bands = "sensor_band_parameters"
    datasets = {
        quantity: array,
        f"{bands}/wavelengths": CENTRES.astype("f4"),
        f"{bands}/fwhm": np.full(len(CENTRES), 8.5, dtype="f4"),
        f"{bands}/good_wavelengths": GOOD,
        "location/glt_x": sample,
        "location/glt_y": line,
        "location/lon": np.zeros((ROWS, COLS)),
        "location/lat": np.zeros((ROWS, COLS)),
        "location/elev": np.zeros((ROWS, COLS)),
    }
    root = {
        "geotransform": np.array(GEOTRANSFORM),
        "spatial_ref": CRS.from_epsg(4326).to_wkt(),
        "title": f"EMIT L2A Estimated Surface {quantity.capitalize()} 60 m V001",
        "instrument": "EMIT",
        "time_coverage_start": "2023-03-16T04:51:33+0000",
    }
    scale = {"_FillValue": np.array([-9999.0], dtype="f4"), "units": UNITS[quantity]}
    table = {"_FillValue": np.array([0], dtype="i4")}
    kept = {name: data for name, data in datasets.items() if name not in without}
    marks = {quantity: scale, "location/glt_x": table, "location/glt_y": table, "/": root | (attributes or {})}
    return write_hdf5(path, kept, {name: items for name, items in marks.items() if name == "/" or name in kept})
