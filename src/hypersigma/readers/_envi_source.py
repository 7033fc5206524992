"""ENVI files as sources: a text header beside raw pixels, seen through a memory map."""

from __future__ import annotations

import gzip
import re
import shutil
import tempfile
import zlib
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Quantity, Source
from hypersigma.errors import InputError
from hypersigma.mapped import release
from hypersigma.readers._bands import BandTable
from hypersigma.readers._envi_header import Header, data_of, header_of, is_header, parse_header
from hypersigma.readers._envi_map import georef_of
from hypersigma.readers._found import Found, told_quantity
from hypersigma.readers._handle import Handle
from hypersigma.readers._wavelengths import from_names
from hypersigma.tiling import Window

# where each axis of (bands, rows, cols) lies in the file
_AXES = {"bsq": (0, 1, 2), "bil": (1, 0, 2), "bip": (2, 0, 1)}
_GAINS: dict[Quantity, str] = {"reflectance": "data reflectance", "radiance": "data"}
_STARRED = re.compile(r"reflectance\s*\[\s*(%?)\s*\*\s*(\d+)\s*\]", re.IGNORECASE)


def read_header(path: Path) -> Header:
    """The header of an ENVI file, given as header or data; class names and the like are in its `words`.

    Raises:
        InputError: there is no header, or it is damaged.
    """
    header = header_of(path)
    if header is None:
        raise InputError(f"{path}: data without its header; expected {path.name}.hdr or {path.stem}.hdr beside it")
    return parse_header(header)


def envi_found(path: Path) -> Found:
    """What an ENVI file, given as header or data, holds and says of it.

    Raises:
        InputError: header or data is missing, cut short or contradictory, or holds no scene.
    """
    header = read_header(path)
    if "spectral library" in header.text("file type").lower():
        raise InputError(f"{header.path}: a spectral library ({header.text('lines')} spectra), not a scene")
    data = data_of(header) if is_header(path) else path
    notes = []
    if not (header.text("byte order") or header.in_tiff):
        notes.append("the header names no byte order; little-endian taken")
    found = Found(
        source=_source(header, data, notes),
        path=data,
        table=_band_table(header),
        nodata=header.number("data ignore value"),
        georef=georef_of(header),
        sensor=header.text("sensor type"),
        acquired=header.text("acquisition time") or header.text("start acquisition time"),
        notes=tuple(notes),
    )
    return _with_quantity(found, header)


def _source(header: Header, data: Path, notes: list[str]) -> Source:
    """The pixels that a header describes.

    Raises:
        InputError: the data file is shorter than the header says, or a TIFF of another size.
    """
    if header.in_tiff:
        return _tiff_source(header, data)
    for key in ("major frame offsets", "minor frame offsets"):
        if any(header.numbers(key) or []):
            raise InputError(f"{header.path}: '{key}' other than zero cannot be read; write the scene without them")
    if not header.compressed:
        size = data.stat().st_size
        _require_bytes(header, data, size)
        if size > header.num_bytes:
            notes.append(f"the data file has {size - header.num_bytes} bytes more than the header needs")
    return EnviSource(header, data)


def _tiff_source(header: Header, data: Path) -> Source:
    from hypersigma.readers._raster import RasterSource, require_whole

    source = RasterSource(data)
    require_whole(data, source.file())
    if source.shape != header.shape:
        raise InputError(
            f"{data} has {source.shape} bands, rows, columns, its header {header.path.name} {header.shape}; "
            "they do not belong together"
        )
    return source


def _require_bytes(header: Header, data: Path, size: int) -> None:
    if size < header.num_bytes:
        bands, rows, cols = header.shape
        raise InputError(
            f"{data}: truncated: {header.num_bytes} bytes expected ({bands} bands x {rows} lines x {cols} samples of "
            f"{header.dtype.name} after {header.integer('header offset', 0)} bytes), {size} found; copy the file anew"
        )


class EnviSource:
    """Raw pixels of an ENVI file in any interleave, seen through a memory map."""

    def __init__(self, header: Header, path: Path) -> None:
        self.path = path
        self.shape: tuple[int, int, int] = header.shape
        self.dtype = header.dtype
        self._axes = _AXES[header.interleave]
        self._map: Handle[NDArray[Any]] = Handle(partial(_memory_map, header, path))

    def read(self, bands: NDArray[np.intp], window: Window) -> NDArray[Any]:
        view = self._map().transpose(self._axes)[:, *window.slices]
        # neighbouring bands need no gather: a slice leaves the one copy to the caller
        if len(bands) and np.array_equal(bands, np.arange(bands[0], bands[0] + len(bands))):
            return view[bands[0] : bands[0] + len(bands)]
        return view[bands]

    def forget(self) -> None:
        """Give back the memory of what this thread has read."""
        release(self._map())


def _memory_map(header: Header, path: Path) -> NDArray[Any]:
    """The pixels in the file's own order of axes; compressed ones unpacked into a temporary file first."""
    axes = _AXES[header.interleave]
    stored = [0, 0, 0]
    for axis, length in zip(axes, header.shape, strict=True):
        stored[axis] = length
    offset = header.integer("header offset", 0)
    if not header.compressed:
        return np.memmap(path, header.dtype, "r", offset, tuple(stored))
    with tempfile.TemporaryFile(prefix="hypersigma-") as unpacked:
        try:
            with gzip.open(path) as packed:
                shutil.copyfileobj(packed, unpacked)
        except (EOFError, OSError, zlib.error) as error:
            raise InputError(f"{path}: the gzip-compressed pixels are damaged or cut short: {error}") from error
        unpacked.flush()
        _require_bytes(header, path, unpacked.tell())
        # the map keeps the bytes alive after the nameless file is closed
        return np.memmap(unpacked, header.dtype, "r", offset, tuple(stored))


def _band_table(header: Header) -> BandTable:
    centres: list[float] | None = header.numbers("wavelength")
    unit = header.text("wavelength units")
    fwhm = header.numbers("fwhm")
    if centres is None:
        named = from_names(header.words("band names"))
        if named is not None:
            centres, unit = named[0], named[1] or unit
    # the list counts bands then
    if unit.lower() == "index":
        centres = None
    return BandTable(centres=centres, unit=unit, fwhm=fwhm, good=header.numbers("bbl"))


def _with_quantity(found: Found, header: Header) -> Found:
    """What was found, with the quantity and scale that the header tells."""
    for quantity, prefix in _GAINS.items():
        gains = header.numbers(f"{prefix} gain values") or []
        if len(gains) == header.shape[0]:
            offsets = header.numbers(f"{prefix} offset values") or [0.0] * len(gains)
            return replace(found, quantity=quantity, scale=np.array(gains), offset=np.array(offsets))
    whole = header.dtype.kind in "iu"
    factor = header.number("reflectance scale factor") or _starred_factor(header)
    # a factor of one is what writers put for want of a better: whole numbers are no reflectance then
    if factor and not (whole and factor == 1.0):
        return replace(found, quantity="reflectance", scale=1.0 / factor)
    words = " ".join(header.text(key) for key in ("description", "z plot titles", "data units"))
    return replace(found, quantity=told_quantity(words, header.dtype, scaled=False))


def _starred_factor(header: Header) -> float | None:
    """The factor in plot titles such as "reflectance [* 10000]" or "reflectance [%*100]"."""
    match = _STARRED.search(header.text("z plot titles"))
    return float(match.group(2)) * (100.0 if match.group(1) else 1.0) if match else None
