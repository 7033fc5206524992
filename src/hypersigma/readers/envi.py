"""ENVI: a text header beside raw pixels, read through a memory map; windows touch only their bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from hypersigma.cube import Cube
from hypersigma.readers._bands import Given
from hypersigma.readers._envi_header import DATA_SUFFIXES, Header, header_of, parse_header
from hypersigma.readers._envi_source import envi_found, read_header
from hypersigma.readers._found import Found
from hypersigma.readers._times import moment

__all__ = ["open", "read_header", "sniff"]

# like uW/cm^2/sr/nm, micro-watts/cm^2/nm/sr or W m-2 sr-1 nm-1
_RADIANCE_UNIT = re.compile(r"[\w-]*w(?:atts?)?(?:/\S*\bsr\b[\w/^]*|(?: [a-zµ]+\^?-\d)+)", re.IGNORECASE)


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
    found = envi_found(path)
    return replace(found, notes=(*found.notes, *_told(read_header(path), found))).cube(given)


def _told(header: Header, found: Found) -> Iterator[str]:
    """What a person should know of the unit and the time that a header states in words."""
    unit = _RADIANCE_UNIT.search(f"{header.text('data units')}\n{header.text('description')}")
    if unit is not None and found.quantity == "radiance":
        yield f"radiance in {unit.group()}"
    if found.acquired and moment(found.acquired) is None:
        yield f"the header's time of acquisition, {found.acquired}, cannot be right and is left out"
