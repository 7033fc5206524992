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
    except CRSError:
        return None
    return str(crs.to_wkt()) or None


def crs_name(crs: str | None) -> str:
    """A short name of a coordinate system given as WKT: "EPSG:32633", else its own name, else "none"."""
    if crs is None:
        return "none"
    from rasterio.crs import CRS

    system = CRS.from_wkt(crs)
    code = system.to_epsg()
    if code is not None:
        return f"EPSG:{code}"
    return crs.split('"')[1] if '"' in crs else "unnamed"
