"""EO-1 Hyperion level-1 folders written by code: 242 GeoTIFFs of a band, a metadata text and a readme."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.fakes.geotiff import GRID, write_tiff
from tests.fakes.mtl import Groups, mtl_text

SCENE = "EO1H0440342002212110KF"
ROWS, COLS = 12, 10


def counts(rows: int = ROWS, cols: int = COLS) -> NDArray[np.int16]:
    """Counts (242, rows, cols) that tell bands apart; the corner is fill, as beside a rotated swath."""
    values = np.random.default_rng(0).integers(-20, 4000, (242, rows, cols)).astype("i2")
    values[values == 0] = 1
    values[:, :2, :3] = 0
    return values


def metadata(level: str) -> dict[str, dict[str, object]]:
    """The groups of the metadata text."""
    return {
        "METADATA_FILE_INFO": {"ORIGIN": "Image courtesy of the U.S. Geological Survey", "PRODUCT_TYPE_SHORT": level},
        "PRODUCT_METADATA": {
            "SPACECRAFT_ID": "EO1",
            "SENSOR_ID": "HYPERION",
            "ACQUISITION_DATE": "2002-07-31",
            "BAND1_FILE_NAME": f"{SCENE}_B001_{level}.TIF",
        },
        "RADIANCE_SCALING": {"SCALING_FACTOR_VNIR": 40, "SCALING_FACTOR_SWIR": 80},
        "PRODUCT_PARAMETERS": {"SENSOR_LOOK_ANGLE": -3.2, "SUN_ELEVATION": 61.2},
    }


def write_hyperion(folder: Path, array: NDArray[np.int16], *, level: str = "L1T", groups: Groups | None = None) -> Path:
    """Write a scene; returns its metadata text."""
    for number, band in enumerate(array, 1):
        write_tiff(folder / f"{SCENE}_B{number:03d}_{level}.TIF", band[None], crs="EPSG:32611", transform=GRID)
    (folder / "README.txt").write_text("about the product")
    path = folder / f"{SCENE}_MTL_{level}.TXT"
    path.write_text(mtl_text("L1_METADATA_FILE", metadata(level) if groups is None else groups))
    return path
