"""Layers made by code, for the tests of writers, pictures and scores."""

from __future__ import annotations

from typing import Any

import numpy as np
from rasterio.crs import CRS

from hypersigma.georef import Georef, LookupTable
from hypersigma.products import Layer, Legend, Report
from tests.fakes.emit import turned_table

UTM = CRS.from_epsg(32633).to_wkt()
NORTH_UP = Georef((30.0, 0.0, 380000.0, 0.0, -30.0, 5810000.0), UTM)
LEGEND = Legend(("Corn, no till", "Grass & <trees>", "Water"), ((230, 159, 0), (0, 158, 115), (0, 114, 178)))


def rotated(degrees: float, size: float = 30.0) -> Georef:
    """A georeference of square pixels turned by an angle."""
    turn = np.deg2rad(degrees)
    cosine, sine = float(np.cos(turn)) * size, float(np.sin(turn)) * size
    return Georef((cosine, sine, 380000.0, sine, -cosine, 5810000.0), UTM)


def swath(rows: int = 40, cols: int = 50) -> LookupTable:
    """The lookup table of a scene in sensor geometry that lies turned on its map."""
    lines, samples = turned_table(rows, cols)
    return LookupTable(NORTH_UP.transform, UTM, rows=lines - 1, cols=samples - 1, size=(rows, cols))


def class_layer(rows: int = 40, cols: int = 50, **changes: Any) -> Layer:
    """A map of three classes with some pixels of none."""
    values = np.random.default_rng(0).integers(0, 4, (rows, cols))
    settings: dict[str, Any] = {"georef": NORTH_UP, "legend": LEGEND, "description": "Most probable class"}
    return Layer(**{"name": "map", "array": values, "kind": "classes", **settings, **changes})


def score_layer(rows: int = 40, cols: int = 50, **changes: Any) -> Layer:
    """Scores between 0 and 1 with a corner of no data."""
    values = np.random.default_rng(1).random((rows, cols), dtype=np.float32)
    values[:3, :4] = np.nan
    settings: dict[str, Any] = {"georef": NORTH_UP, "units": "probability"}
    return Layer(name="confidence", array=values, kind="score", **{**settings, **changes})


def cube_layer(bands: int = 5, rows: int = 40, cols: int = 50, **changes: Any) -> Layer:
    """A cube of reflectances with wavelengths."""
    values = np.random.default_rng(2).random((bands, rows, cols), dtype=np.float32)
    values[:, -1, -1] = np.nan
    wavelengths = np.linspace(450.0, 850.0, bands)
    settings: dict[str, Any] = {"georef": NORTH_UP, "units": "reflectance", "wavelengths": wavelengths}
    return Layer(**{"name": "denoised", "array": values, "kind": "cube", **settings, **changes})


def scaled_layer(**changes: Any) -> Layer:
    """A cube of whole numbers with a scale and an offset, one of which means that there is no data."""
    array = np.random.default_rng(4).integers(0, 10_000, (5, 40, 50)).astype(np.int16)
    array[:, -1, -1] = -999
    return cube_layer(array=array, nodata=-999.0, **{"scale": 1e-4, "offset": 0.25, **changes})


def abundance_layer(bands: int = 3, rows: int = 40, cols: int = 50, **changes: Any) -> Layer:
    """Abundances that sum to one, a band a material."""
    values = np.random.default_rng(3).random((bands, rows, cols), dtype=np.float32)
    names = tuple(f"material {number}" for number in range(bands))
    return Layer(name="abundances", array=values / values.sum(axis=0), kind="abundances", band_names=names, **changes)


def report(**changes: Any) -> Report:
    """A small report."""
    settings: dict[str, Any] = {"epochs": 3, "labels": "labels.tif"}
    return Report(**{"task": "classification", "scene": "scene.hdr", "settings": settings, "seed": 0, **changes})
