"""ENVI: a text header beside raw pixels, read through a memory map; windows touch only their bytes."""

from __future__ import annotations

from pathlib import Path

from hypersigma.cube import Cube
from hypersigma.readers._bands import Given
from hypersigma.readers._envi_header import DATA_SUFFIXES, header_of, parse_header
from hypersigma.readers._envi_source import envi_found, read_header

__all__ = ["open", "read_header", "sniff"]


def sniff(path: Path) -> int:
    """2 for a header that describes a TIFF (which other readers know too), 1 for other ENVI files, else 0."""
    header = header_of(path)
    if header is None:
        # raw data alone are mine, so that the missing header is what the message is about
        raw = path.suffix.lower() in DATA_SUFFIXES and path.suffix.lower() not in (".tif", ".tiff")
        return int(raw and not _is_erdas(path))
    tiff = parse_header(header).in_tiff
    if path.suffix.lower() in (".tif", ".tiff"):
        return 2 if tiff else 0
    # a TIFF's own reader sees it too, but not what the header adds
    return 2 if tiff else 1


def _is_erdas(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(15) == b"EHFA_HEADER_TAG"


def open(path: Path, *, variable: str | None = None, given: Given | None = None) -> Cube:
    """An ENVI scene as a cube.

    Raises:
        InputError: header or data is missing, cut short or contradictory, or holds no scene.
    """
    return envi_found(path).cube(given)
