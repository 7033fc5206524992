"""Guessing the sensor of a scene: from its metadata, its band table, or the name its provider gave the file."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

# sensor, number of bands (0: any), first and last centre in nm: the band tables of common products
_BAND_TABLES = (
    ("EnMAP", 224, 418.0, 2445.0),
    ("AVIRIS", 224, 366.0, 2496.0),
    ("AVIRIS", 220, 400.0, 2499.0),
    ("AVIRIS-NG", 432, 346.0, 2505.0),
    ("AVIRIS-NG", 425, 376.5, 2500.5),
    ("EMIT", 285, 381.0, 2493.0),
    ("PRISMA", 239, 402.0, 2497.0),
    ("PRISMA", 234, 402.0, 2497.0),
    ("DESIS", 235, 402.0, 1000.0),
    ("Hyperion", 242, 355.6, 2577.0),
    ("NEON AIS", 426, 381.5, 2510.0),
    ("CASI-1500", 72, 367.7, 1043.4),
    ("ROSIS", 103, 430.0, 860.0),
    ("HYDICE", 210, 400.0, 2500.0),
    ("Landsat ETM+", 6, 482.5, 2220.0),
    ("Sentinel-2 MSI", 13, 443.0, 2202.0),
)
_FILE_NAMES = (
    (r"^ang\d{8}t", "AVIRIS-NG"),
    (r"^f\d{6}t\d{2}p", "AVIRIS"),
    (r"^enmap", "EnMAP"),
    (r"^prs_l[12]", "PRISMA"),
    (r"^emit_?l[12]", "EMIT"),
    (r"^desis", "DESIS"),
    (r"^eo1h", "Hyperion"),
    (r"^hymap", "HyMap"),
    (r"^neon_", "NEON AIS"),
    (r"^hyspex", "HySpex"),
)
_UNTOLD = {"", "unknown", "none"}
# centres drift by some nm over an instrument's life
_TOLERANCE = 6.0


def guess_sensor(stated: str, wavelengths: NDArray[np.float64] | None, file_name: str) -> str | None:
    """The sensor as the file states it, else as its bands or its name suggest ("... (guess)"), or None."""
    if stated.strip().lower() not in _UNTOLD:
        return stated.strip()
    if wavelengths is not None:
        for name, count, first, last in _BAND_TABLES:
            # the number of bands alone is shared by too many sensors
            near = abs(wavelengths[0] - first) < _TOLERANCE and abs(wavelengths[-1] - last) < _TOLERANCE
            if near and len(wavelengths) == count:
                return f"{name} (guessed from the bands)"
    for pattern, name in _FILE_NAMES:
        if re.search(pattern, file_name, re.IGNORECASE):
            return f"{name} (guessed from the file name)"
    return None
