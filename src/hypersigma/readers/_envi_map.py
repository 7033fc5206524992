"""ENVI's map info and coordinate system string as a georeference."""

from __future__ import annotations

import math

from hypersigma.errors import InputError
from hypersigma.georef import Georef
from hypersigma.readers._crs import wkt
from hypersigma.readers._envi_header import Header


def georef_of(header: Header) -> Georef | None:
    """The georeference of a header's `map info`, or None where it has none.

    `map info` holds: projection, column and row of a reference point (1, 1 = outer corner of the first pixel),
    its easting and northing, pixel width and height, then zone, hemisphere, datum as the projection needs, and
    `units=` and `rotation=` (degrees, counter-clockwise).

    Raises:
        InputError: fewer than seven entries, or numbers that are none.
    """
    words = header.words("map info")
    if not words:
        return None
    named = dict(word.split("=", 1) for word in words if "=" in word)
    plain = [word for word in words if "=" not in word]
    if len(plain) < 7:
        raise InputError(f"{header.path}: map info has {len(plain)} entries; expected at least 7")
    try:
        col, row, x, y, width, height = (float(word) for word in plain[1:7])
        angle = math.radians(float(named.get("rotation", "0")))
    except ValueError:
        raise InputError(f"{header.path}: map info holds something else than numbers: {', '.join(words)}") from None
    a, b = math.cos(angle) * width, math.sin(angle) * height
    d, e = math.sin(angle) * width, -math.cos(angle) * height
    # ENVI counts pixels from one
    col, row = col - 1, row - 1
    transform = (a, b, x - a * col - b * row, d, e, y - d * col - e * row)
    # a zone on WGS-84 is beyond doubt; strings beside it come in dialects and with odd names
    return Georef(transform, _utm(plain) or _named(plain) or wkt(header.text("coordinate system string"), esri=True))


def _utm(plain: list[str]) -> str | None:
    """The WKT of a UTM zone on WGS-84, or None for anything else."""
    if plain[0].lower() != "utm" or len(plain) < 10 or not plain[7].isdigit() or not _is_wgs84(plain[9]):
        return None
    base = 32700 if plain[8].lower().startswith("s") else 32600
    return wkt(f"EPSG:{base + int(plain[7])}")


def _named(plain: list[str]) -> str | None:
    """The WKT of geographic coordinates on WGS-84, or None for anything else."""
    geographic = plain[0].lower().startswith("geographic")
    return wkt("EPSG:4326") if geographic and _is_wgs84(plain[7] if len(plain) > 7 else "") else None


def _is_wgs84(datum: str) -> bool:
    return datum.lower().replace("-", "").replace(" ", "").replace("_", "") == "wgs84"
