"""GF-5 AHSI folders written by code: a GeoTIFF a detector, metadata, and texts of wavelengths and calibration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.fakes.geotiff import write_tiff

SCENE = "GF5_AHSI_E105.39_N36.21_20190523_005547_L10000048090"
ROWS, COLS = 12, 10
NUM_BANDS = {"VNIR": 150, "SWIR": 180}
CENTRES = {"VNIR": np.linspace(390.32, 1029.18, 150), "SWIR": np.linspace(1004.77, 2513.25, 180)}


def counts(detector: str, rows: int = ROWS, cols: int = COLS) -> NDArray[np.uint16]:
    """Counts (bands, rows, cols) of a detector; one pixel has no data."""
    seed = len(detector) + ord(detector[0])
    values = np.random.default_rng(seed).integers(1, 4000, (NUM_BANDS[detector], rows, cols)).astype("u2")
    values[:, 5, 5] = 0
    return values


def calibration(detector: str) -> NDArray[np.float64]:
    """Gain and offset of each band."""
    return np.stack([np.linspace(0.02, 0.2, NUM_BANDS[detector]), np.linspace(0.0, 0.5, NUM_BANDS[detector])], axis=1)


def write_gf5(
    folder: Path,
    *,
    texts: Sequence[str] = ("Spectralresponse", "RadCal"),
    detectors: Sequence[str] = ("VNIR", "SWIR"),
    suffix: str = "geotiff",
    separator: str = ",",
    lines_stated: int = ROWS,
) -> Path:
    """Write a scene; returns its metadata file."""
    for detector in detectors:
        # the rasters are called VN and SW
        write_tiff(folder / f"{SCENE}_{detector[:2]}.{suffix}", counts(detector), interleave="pixel")
        (folder / f"{SCENE}_{detector[:2]}.rpb").write_text("satId = GF5;")
        tables = {
            "Spectralresponse": np.stack([CENTRES[detector], np.full(NUM_BANDS[detector], 4.5)], axis=1),
            "RadCal": calibration(detector),
        }
        for text in texts:
            rows = [separator.join(f"{value:.6f}" for value in row) for row in tables[text]]
            (folder / f"GF5_AHSI_{text}_{detector}.raw").write_text("\r\n".join([*rows, ""]))
    path = folder / f"{SCENE}.xml"
    path.write_text(
        '<?xml version="1.0" encoding="UTF-8"?><ProductMetaData><SatelliteID>GF5</SatelliteID>'
        f"<SensorID>AHSI</SensorID><LinesInPixels>{lines_stated}</LinesInPixels>"
        f"<SamplesInPixels>{COLS}</SamplesInPixels></ProductMetaData>"
    )
    return path
