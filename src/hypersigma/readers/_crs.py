"""Coordinate reference systems as WKT, whatever form a file gives them in."""

from __future__ import annotations


def wkt(text: str, *, esri: bool = False) -> str | None:
    """The WKT of a coordinate system given as EPSG code, PROJ string or WKT; None where it cannot be understood.

    Args:
        text: as a file gives it.
        esri: whether WKT follows Esri's dialect.
    """
    if not text.strip():
        return None
    from rasterio.crs import CRS
    from rasterio.errors import CRSError

    try:
        crs = CRS.from_wkt(text, morph_from_esri_dialect=True) if esri else CRS.from_user_input(text)
    # a scene without a coordinate system is still a scene; an unreadable one is no error
    except CRSError:
        return None
    return str(crs.to_wkt()) or None
