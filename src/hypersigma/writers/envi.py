"""ENVI: a header of text beside plain numbers, band by band; read by ENVI, GDAL and Spectral Python."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypersigma.errors import InputError
from hypersigma.georef import Georef
from hypersigma.products import NO_CLASS, Layer, Legend
from hypersigma.writers._atomic import replaced_file
from hypersigma.writers._storage import band_names, on_map, stored_dtype, stored_nodata
from hypersigma.writers.geotiff import parsed_crs

_DATA_TYPES = {"uint8": 1, "int16": 2, "int32": 3, "float32": 4, "float64": 5, "uint16": 12, "uint32": 13}
_ROWS_AT_ONCE = 512


def write(layer: Layer, path: Path) -> Path:
    """Write a layer as an ENVI pair, `path` and a header of the suffix .hdr beside it; return the data file's path.

    A path that names the header gets its data in a file of the suffix .img. A layer in sensor geometry is
    orthorectified.

    Raises:
        InputError: the georeference is sheared, which an ENVI header cannot say, or its CRS is not understood.
        OutputError: the files cannot be written.
    """
    layer = on_map(layer)
    data = path.with_suffix(".img") if path.suffix == ".hdr" else path
    header = "\n".join(_header_lines(layer)) + "\n"
    dtype = stored_dtype(layer).newbyteorder("<")
    with replaced_file(data) as partial, partial.open("wb") as stream:
        for plane in layer.planes:
            for row in range(0, plane.shape[0], _ROWS_AT_ONCE):
                stream.write(plane[row : row + _ROWS_AT_ONCE].astype(dtype).tobytes())
    # The header last: without it nobody takes the data for finished.
    with replaced_file(data.with_suffix(".hdr")) as partial:
        partial.write_text(header, encoding="utf-8")
    return data


def _header_lines(layer: Layer) -> list[str]:
    bands, rows, cols = layer.planes.shape
    entries: dict[str, Any] = {
        "description": braced([layer.description or layer.name]),
        "samples": cols,
        "lines": rows,
        "bands": bands,
        "header offset": 0,
        "file type": "ENVI Classification" if layer.legend else "ENVI Standard",
        "data type": _DATA_TYPES[stored_dtype(layer).name],
        "interleave": "bsq",
        "byte order": 0,
        "band names": braced(band_names(layer)),
    }
    nodata = stored_nodata(layer)
    if nodata is not None:
        entries["data ignore value"] = f"{nodata:.9g}"
    if layer.wavelengths is not None:
        entries["wavelength units"] = "Nanometers"
        entries["wavelength"] = braced([f"{centre:.4f}" for centre in layer.wavelengths])
    if layer.units:
        entries["data units"] = layer.units
    if (layer.scale, layer.offset) != (1.0, 0.0):
        kind = "data reflectance" if layer.units == "reflectance" else "data"
        for term, number in (("gain", layer.scale), ("offset", layer.offset)):
            entries[f"{kind} {term} values"] = braced([f"{number:.9g}"] * bands)
    entries |= _legend(layer.legend) | _place(layer.georef)
    return ["ENVI", *(f"{key} = {value}" for key, value in entries.items())]


def _legend(legend: Legend | None) -> dict[str, Any]:
    """Class names and colours from value 0 on."""
    if legend is None:
        return {}
    # ENVI counts classes from 0, the unclassified.
    colors = [(0, 0, 0), *legend.colors]
    return {
        "classes": len(colors),
        "class names": braced([NO_CLASS, *legend.names]),
        "class lookup": braced([str(part) for color in colors for part in color]),
    }


def _place(georef: Georef | None) -> dict[str, Any]:
    """Map info and coordinate system.

    ENVI knows square corners only: x = x0 + cos(r) w col + sin(r) h row, y = y0 + sin(r) w col - cos(r) h row with
    the pixel's width w and height h and the rotation r (GDAL's reading of `rotation=`, degrees).
    """
    if georef is None:
        return {}
    # float: the texts of NumPy numbers name their type.
    a, b, x, d, e, y = (float(term) for term in georef.transform)
    width, height = math.hypot(a, d), math.hypot(b, e)
    rotation = math.atan2(d, a)
    expected = (math.sin(rotation) * height, -math.cos(rotation) * height)
    if math.dist(expected, (b, e)) > 1e-6 * height:
        raise InputError(
            "an ENVI header can say where a raster lies only if its rows run down and at a right angle to its columns; "
            f"found the transform {georef.transform}; write a GeoTIFF instead"
        )
    crs = parsed_crs(georef.crs)
    name, zone = _projection(crs.to_epsg() if crs is not None else None)
    # Pixel (1, 1) is the outer corner of the first one, as in our transform.
    terms = [name, "1", "1", repr(x), repr(y), repr(width), repr(height), *zone]
    if rotation:
        terms.append(f"rotation={math.degrees(rotation)!r}")
    place = {"map info": braced(terms)}
    if crs is not None:
        place["coordinate system string"] = "{" + crs.to_wkt(version="WKT1_ESRI") + "}"
    return place


def _projection(epsg: int | None) -> tuple[str, list[str]]:
    """The projection's ENVI name and what follows the pixel size; anything but WGS 84 is told by its WKT alone."""
    if epsg == 4326:
        return "Geographic Lat/Lon", ["WGS-84", "units=Degrees"]
    if epsg is not None and epsg // 100 in (326, 327):
        return "UTM", [str(epsg % 100), "North" if epsg // 100 == 326 else "South", "WGS-84", "units=Meters"]
    return "Arbitrary", []


def braced(items: Sequence[str]) -> str:
    """A list as ENVI writes it; its separators may not stand inside an item."""
    clean = (item.replace(",", ";").replace("{", "(").replace("}", ")").replace("\n", " ") for item in items)
    return "{" + ", ".join(clean) + "}"
