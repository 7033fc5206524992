"""Spectra: band centres and widths of sensors, and resampling between bands and the canonical grid."""

from __future__ import annotations

import csv
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from hypersigma.errors import ConfigError, InputError
from hypersigma.registry import suggestion

Floats = NDArray[np.float64]


def sensor_names() -> list[str]:
    """Sensors whose bands are known, sorted."""
    folder = resources.files("hypersigma") / "sensors"
    return sorted(item.name.removesuffix(".csv") for item in folder.iterdir() if item.name.endswith(".csv"))


def sensor_bands(name: str) -> tuple[Floats, Floats]:
    """Band centres and full widths at half maximum of a sensor, in nm, in the order of its files.

    Raises:
        ConfigError: no such sensor; the message suggests the nearest one.
    """
    key = name.lower().replace("-", "_").replace(" ", "_")
    known = sensor_names()
    if key not in known:
        raise ConfigError(f"the bands of sensor '{name}' are not known: {suggestion(key, known)}")
    file = resources.files("hypersigma") / "sensors" / f"{key}.csv"
    rows = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
    return np.array([float(row["centre_nm"]) for row in rows]), np.array([float(row["fwhm_nm"]) for row in rows])


def parse_wavelengths(text: str, num_bands: int) -> Floats:
    """Evenly spaced band centres in nm from "FIRST:LAST".

    Raises:
        InputError: the text is not two ascending wavelengths between 200 and 20000 nm.
    """
    try:
        first, last = (float(part) for part in text.split(":"))
    except ValueError as error:
        raise InputError(f"wavelengths '{text}': expected FIRST:LAST in nm, such as 400:2500") from error
    if not 200 <= first < last <= 20000:
        raise InputError(f"wavelengths '{text}': expected FIRST below LAST, both between 200 and 20000 nm")
    return np.linspace(first, last, num_bands)
