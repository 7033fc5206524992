"""NEON AOP reflectance written by code: everything under the site's code, windows of water vapour marked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.fakes.hdf5 import write_hdf5

ROWS, COLS = 12, 10
CENTRES = np.array([383.5, 550.0, 1345.0, 1400.0, 1445.0, 1700.0, 1800.0, 2500.0])
WINDOWS = {"Band_Window_1_Nanometers": np.array([1340, 1445]), "Band_Window_2_Nanometers": np.array([1790, 1955])}
MAP_INFO = "UTM, 1.000, 1.000, 726000.00, 4700000.00, 1.0000, 1.0000, 18, North, WGS-84, units=Meters, 0"


def write_neon(path: Path, without: tuple[str, ...] = (), map_info: str = MAP_INFO) -> Path:
    """Write a tile; pixel (0, 0) is no data."""
    stored = np.random.default_rng(2).integers(0, 10000, (ROWS, COLS, len(CENTRES))).astype("i2")
    stored[0, 0] = -9999
    group = "HARV/Reflectance"
    datasets: dict[str, Any] = {
        f"{group}/Reflectance_Data": stored,
        f"{group}/Metadata/Spectral_Data/Wavelength": CENTRES,
        f"{group}/Metadata/Spectral_Data/FWHM": np.full(len(CENTRES), 5.8),
        f"{group}/Metadata/Coordinate_System/Map_Info": np.bytes_(map_info),
        f"{group}/Metadata/Coordinate_System/EPSG Code": np.bytes_("32618"),
        f"{group}/Metadata/to-sensor_Zenith_Angle": np.zeros((ROWS, COLS), dtype="f4"),
    }
    attributes: dict[str, Any] = {
        f"{group}/Reflectance_Data": {"Scale_Factor": 10000.0, "Data_Ignore_Value": -9999.0, "Interleave": "BSQ"},
        f"{group}/Metadata/Spectral_Data/Wavelength": {"Units": "nanometers"},
        group: WINDOWS,
    }
    kept = {name: data for name, data in datasets.items() if name.rsplit("/", 1)[-1] not in without}
    return write_hdf5(path, kept, {name: items for name, items in attributes.items() if name == group or name in kept})
