"""GeoJSON (RFC 7946): objects as polygons around their pixels in longitude and latitude, with scores and spectra.

The RFC knows no other coordinates, and programs take whatever they find for degrees. Objects of a scene that cannot be
placed on the Earth are written in coordinates of their own all the same, and the member `crs_note` says so.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.warp import transform_geom

from hypersigma.georef import Georef, LookupTable
from hypersigma.products import Detection, Objects
from hypersigma.writers._atomic import replaced_file
from hypersigma.writers.geotiff import parsed_crs
from hypersigma.writers.report_json import plain

_WGS84 = "EPSG:4326"
_DECIMALS = 9  # of a degree: a tenth of a millimetre
_DIGITS = 6  # of scores and spectra: what single precision holds
_PIXELS = Georef((1.0, 0.0, 0.0, 0.0, 1.0, 0.0))  # x = col, y = row

Geometry = dict[str, Any]


def write(objects: Objects, path: Path) -> Path:
    """Write objects as GeoJSON and return the path.

    Raises:
        InputError: the coordinate reference system is not understood.
        OutputError: the file cannot be written.
    """
    with replaced_file(path) as partial:
        partial.write_text(json.dumps(content(objects), allow_nan=False) + "\n", encoding="utf-8")
    return path


def content(objects: Objects) -> dict[str, Any]:
    """Objects as a FeatureCollection; what GeoJSON has no word for stands in members of the collection.

    Raises:
        InputError: the coordinate reference system is not understood.
    """
    grid, crs, note = _grid(objects.georef)
    outlines = [_outline(item, grid) for item in objects.found]
    if crs is not None:
        # cuts what crosses the antimeridian in two, as the RFC asks
        outlines = list(transform_geom(crs, _WGS84, outlines, precision=_DECIMALS))
    pixel_area = _pixel_area(grid, crs)
    features = [
        {"type": "Feature", "id": item.id, "geometry": _oriented(outline), "properties": _properties(item, pixel_area)}
        for item, outline in zip(objects.found, outlines, strict=True)
    ]
    collection = {
        "type": "FeatureCollection",
        "name": objects.name,
        "notes": list(objects.notes),
        "num_left_out": objects.num_left_out,
        "wavelengths": None if objects.wavelengths is None else plain(np.round(objects.wavelengths, 4)),
        "wavelength_units": None if objects.wavelengths is None else "nm",
    }
    return collection | ({"crs_note": note} if note else {}) | {"features": features}


def _grid(georef: Georef | None) -> tuple[Georef, CRS | None, str]:
    """The grid that gives coordinates, their reference system, and what to say where that is not known."""
    if georef is None or isinstance(georef, LookupTable):
        why = "the scene has no georeference" if georef is None else "the scene is in sensor geometry"
        return _PIXELS, None, f"not RFC 7946: {why}; coordinates are pixels, x = column and y = row from the top"
    crs = parsed_crs(georef.crs)
    # a local system (of a building site, of a laboratory) leads to no longitude either
    if crs is None or not (crs.is_projected or crs.is_geographic):
        return (
            georef,
            None,
            "not RFC 7946: the scene's coordinate reference system is not known; coordinates are its own",
        )
    return georef, crs, ""


def _outline(item: Detection, grid: Georef) -> Geometry:
    """The outline of an object in coordinates of a grid."""
    polygons = [[[grid.xy(row, col) for row, col in ring] for ring in polygon] for polygon in item.polygons()]
    if len(polygons) == 1:
        return {"type": "Polygon", "coordinates": polygons[0]}
    return {"type": "MultiPolygon", "coordinates": polygons}


def _oriented(geometry: Geometry) -> Geometry:
    """A geometry whose outer rings run counterclockwise and holes clockwise, as the RFC asks."""
    single = geometry["type"] == "Polygon"
    polygons = [geometry["coordinates"]] if single else geometry["coordinates"]
    turned = [list(_turned(polygon)) for polygon in polygons]
    return {"type": geometry["type"], "coordinates": turned[0] if single else turned}


def _turned(polygon: Sequence[Any]) -> Iterator[list[list[float]]]:
    for number, ring in enumerate(polygon):
        points = np.array(ring, dtype=np.float64)
        # twice the signed area (shoelace), from one corner, as products of whole coordinates lose digits
        x, y = (points - points[0]).T
        counterclockwise = float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) > 0
        yield (points if counterclockwise == (number == 0) else points[::-1]).tolist()


def _pixel_area(grid: Georef, crs: CRS | None) -> float | None:
    """Area of a pixel in square metres where the coordinates are lengths, else None."""
    if crs is None or not crs.is_projected:
        return None
    a, b, _, d, e, _ = grid.transform
    _, metres = crs.linear_units_factor
    return float(abs(a * e - b * d) * metres**2)


def _properties(item: Detection, pixel_area: float | None) -> dict[str, Any]:
    """What is known of an object; row and col are those of its peak, from 0."""
    area = {} if pixel_area is None else {"area_m2": _rounded(item.num_pixels * pixel_area)}
    return {
        "id": item.id,
        "row": item.peak[0],
        "col": item.peak[1],
        "num_pixels": item.num_pixels,
        **area,
        "peak_score": _rounded(item.peak_score),
        "mean_score": _rounded(item.mean_score),
        **item.facts,
        "spectrum": [_rounded(value) for value in item.spectrum],
    }


def _rounded(value: float | NDArray[np.float32]) -> float | None:
    """A number of as many digits as tell something; None where there is none."""
    number: float | None = plain(float(f"{value:.{_DIGITS}g}"))
    return number
