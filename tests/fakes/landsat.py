"""Landsat folders written by code: GeoTIFFs of a band, those that are not read among them, and a metadata text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.fakes.geotiff import GRID, write_tiff
from tests.fakes.mtl import mtl_text

ROWS, COLS = 12, 10
SUN_ELEVATION = 41.5
OLI, ETM = (1, 2, 3, 4, 5, 6, 7), (1, 2, 3, 4, 5, 7)


def counts(num_bands: int, dtype: str = "u2") -> NDArray:
    """Counts (bands, rows, cols); the corner is fill."""
    values = np.random.default_rng(1).integers(1, np.iinfo(dtype).max, (num_bands, ROWS, COLS)).astype(dtype)
    values[:, :3, :2] = 0
    return values


def factor(band: int) -> float:
    """What level 1 multiplies a band with; real ones are alike for OLI and differ for ETM+."""
    return 2e-5 * (1 + band / 10)


def write_landsat(
    folder: Path,
    array: NDArray,
    *,
    scene: str = "LC08_L2SP_193023_20210601_20210608_02_T1",
    sensor: str = "OLI_TIRS",
    bands: Sequence[int] = OLI,
    without: Sequence[str] = (),
    sun_elevation: float = SUN_ELEVATION,
) -> Path:
    """Write a scene of collection 2, or 1 where its name says so; returns its metadata text.

    Args:
        without: groups to leave out of the metadata.
    """
    surface, first = "_L2SP_" in scene, "_01_" in scene
    names = {band: f"{scene}_{'SR_' if surface else ''}B{band}.TIF" for band in bands}
    for band, values in zip(bands, array, strict=True):
        write_tiff(folder / names[band], values[None], crs="EPSG:32633", transform=GRID)
    # a panchromatic band has pixels of half the size, and quality bands are no reflectance
    write_tiff(folder / f"{scene}_B8.TIF", np.ones((1, 2 * ROWS, 2 * COLS), array.dtype))
    write_tiff(folder / f"{scene}_QA_PIXEL.TIF", np.ones((1, ROWS, COLS), "u2"))
    level = scene.split("_")[1]
    files = {f"FILE_NAME_BAND_{band}": name for band, name in names.items()}
    platform = {"SPACECRAFT_ID": f"LANDSAT_{int(scene[2:4])}", "SENSOR_ID": sensor}
    platform |= {"DATE_ACQUIRED": "2021-06-01", "SCENE_CENTER_TIME": "10:02:56.1234560Z"}
    rescaling = {f"REFLECTANCE_MULT_BAND_{band}": f"{factor(band):E}" for band in bands}
    rescaling |= {f"REFLECTANCE_ADD_BAND_{band}": -0.1 for band in bands}
    sun = {"SUN_ELEVATION": sun_elevation}
    if first:
        groups = {
            "PRODUCT_METADATA": {"DATA_TYPE": level, **platform, **files},
            "IMAGE_ATTRIBUTES": sun,
            "RADIOMETRIC_RESCALING": rescaling,
        }
    else:
        level_1 = {f"FILE_NAME_BAND_{band}": f"LC08_L1TP_B{band}.TIF" for band in bands}
        groups = {
            "PRODUCT_CONTENTS": {"PROCESSING_LEVEL": level, **files},
            "IMAGE_ATTRIBUTES": platform | sun,
            # level 2 tells the history of level 1 too, in the same keys
            "LEVEL1_PROCESSING_RECORD": {"PROCESSING_LEVEL": "L1TP", **level_1},
            "LEVEL1_RADIOMETRIC_RESCALING": rescaling,
        }
        if surface:
            ground = {f"REFLECTANCE_MULT_BAND_{band}": "2.75e-05" for band in bands}
            ground |= {f"REFLECTANCE_ADD_BAND_{band}": -0.2 for band in bands}
            groups["LEVEL2_SURFACE_REFLECTANCE_PARAMETERS"] = ground
    path = folder / f"{scene}_MTL.txt"
    kept = {name: values for name, values in groups.items() if name not in without}
    path.write_text(mtl_text("L1_METADATA_FILE" if first else "LANDSAT_METADATA_FILE", kept))
    return path


def top_of_atmosphere(array: NDArray, bands: Sequence[int] = OLI) -> NDArray[np.float64]:
    """Reflectance of level 1, NaN where there is fill."""
    factors = np.array([factor(band) for band in bands])[:, None, None]
    reflectance = (array * factors - 0.1) / math.sin(math.radians(SUN_ELEVATION))
    return np.where(array == 0, np.nan, reflectance)
