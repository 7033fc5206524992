"""PRISMA L2D files written by code: both cubes (rows, bands, cols), empty slots, error matrices, corners."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.fakes.hdf5 import write_hdf5

FIELDS = "HDFEOS/SWATHS/PRS_L2D_HCO/Data Fields"
# descending, with slots of wavelength zero that hold no band: before the VNIR's, behind the SWIR's
CENTRES = {
    "Vnir": np.array([0, 0, 977.4, 966.1, 955.3, 700.0, 550.2, 407.0]),
    "Swir": np.array([2497.1, 1800.0, 1200.0, 965.0, 943.3, 0, 0]),
}
SCALES = {"Vnir": (0.0, 1.2), "Swir": (-0.1, 0.9)}
ROWS, COLS = 12, 10
# centres of the outer pixels
CORNERS = {"UL": (352755.0, 5987235.0), "LR": (352755.0 + 30 * (COLS - 1), 5987235.0 - 30 * (ROWS - 1))}


def write_prisma(
    path: Path, changes: dict[str, Any] | None = None, *, errors: bool = True, swir_rows: int = ROWS
) -> Path:
    """Write a file; `changes` replace attributes (None takes one out).

    The first column lies beside the swath. Pixel (3, 4) is zero in one SWIR band; (5, 6) is marked invalid in one.
    """
    random = np.random.default_rng(0)
    datasets: dict[str, Any] = {}
    attributes: dict[str, Any] = {"Epsg_Code": np.int32(32633), "Product_Name": np.bytes_(path.name)}
    attributes["Product_StartTime"] = np.bytes_("2020-08-13T10:30:56.123456")
    for name, centres in CENTRES.items():
        rows = ROWS if name == "Vnir" else swir_rows
        stored = random.integers(1, 65536, (rows, len(centres), COLS)).astype("u2")
        stored[:, centres == 0] = 0
        stored[:, :, 0] = 0
        marks = np.zeros(stored.shape, dtype="u1")
        if name == "Swir":
            stored[3, 1, 4], marks[3, 1, 4] = 0, 2
            stored[5, 2, 6], marks[5, 2, 6] = 9, 1
            stored[6, 2, 6], marks[6, 2, 6] = 65535, 3
        datasets[f"{FIELDS}/{name.upper()}_Cube"] = stored
        if errors:
            datasets[f"{FIELDS}/{name.upper()}_PIXEL_L2_ERR_MATRIX"] = marks
        attributes[f"List_Cw_{name}"] = centres.astype("f4")
        attributes[f"List_Fwhm_{name}"] = np.where(centres > 0, 11.5, 0).astype("f4")
        attributes |= {
            f"L2Scale{name}{side}": np.float32(v) for side, v in zip(("Min", "Max"), SCALES[name], strict=True)
        }
    for corner, place in CORNERS.items():
        for axis, value in zip(("easting", "northing"), place, strict=True):
            attributes[f"Product_{corner}corner_{axis}"] = np.float64(value)
    attributes |= changes or {}
    kept = {key: value for key, value in attributes.items() if value is not None}
    return write_hdf5(path, datasets, {"/": kept})
