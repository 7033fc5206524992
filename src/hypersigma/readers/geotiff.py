"""GeoTIFF and cloud-optimised GeoTIFF, read block by block through GDAL."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from hypersigma.cube import Cube
from hypersigma.readers._bands import BandTable, Given
from hypersigma.readers._found import Found, told_quantity
from hypersigma.readers._raster import RasterSource, raster_georef, require_whole
from hypersigma.readers._wavelengths import from_names

_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_CENTRE_TAGS = ("wavelength", "wavelengths", "center_wavelength", "central_wavelength", "wavelength_nm")
_FWHM_TAGS = ("fwhm", "bandwidth")
_GOOD_TAGS = ("bbl", "good")
_UNIT_TAGS = ("wavelength_units", "wavelength_unit", "wavelength units")


def sniff(path: Path) -> int:
    """1 for a TIFF of any kind, else 0."""
    with path.open("rb") as file:
        return int(file.read(4) in _MAGIC)


def open(path: Path, *, variable: str | None = None, given: Given | None = None) -> Cube:
    """A GeoTIFF as a cube.

    Raises:
        InputError: it cannot be opened, is cut short, or its wavelengths are implausible.
    """
    source = RasterSource(path)
    dataset = source.file()
    require_whole(path, dataset)
    found = Found(
        source=source,
        path=path,
        table=_band_table(dataset),
        nodata=dataset.nodata,
        georef=raster_georef(dataset),
        sensor=_tag(dataset.tags(), ("sensor", "sensor_type", "platform")) or "",
    )
    return _with_quantity(found, dataset).cube(given)


def _band_table(dataset: Any) -> BandTable:
    """Wavelengths from tags of the bands, lists in tags of the file, or names of the bands, in this order."""
    bands = [_lower(dataset.tags(index)) for index in dataset.indexes]
    imagery = [_lower(dataset.tags(index, ns="IMAGERY")) for index in dataset.indexes]
    whole = _lower(dataset.tags())
    unit = _tag({**whole, **bands[0]}, _UNIT_TAGS) or ""
    good = _numbers(bands, whole, _GOOD_TAGS)
    centres = _numbers(bands, whole, _CENTRE_TAGS)
    if centres is not None:
        return BandTable(centres=centres, unit=unit, fwhm=_numbers(bands, whole, _FWHM_TAGS), good=good)
    centres = _numbers(imagery, {}, ("central_wavelength_um",))
    if centres is not None:
        return BandTable(centres=centres, unit="um", fwhm=_numbers(imagery, {}, ("fwhm_um",)), good=good)
    # names come last: they are made for people
    named = from_names(_names(dataset, whole))
    if named is None:
        return BandTable(good=good)
    return BandTable(centres=named[0], unit=named[1] or unit, fwhm=_numbers(bands, whole, _FWHM_TAGS), good=good)


def _names(dataset: Any, whole: dict[str, str]) -> list[str]:
    """Names of the bands: their descriptions, or tags Band_1, Band_2 ... of the file, which GDAL writes for ENVI."""
    return [description or whole.get(f"band_{index}", "") for index, description in enumerate(dataset.descriptions, 1)]


def _lower(tags: dict[str, str]) -> dict[str, str]:
    return {key.lower(): value for key, value in tags.items()}


def _tag(tags: dict[str, str], keys: tuple[str, ...]) -> str | None:
    """The first of some tags that is there."""
    return next((tags[key] for key in keys if key in tags), None)


def _numbers(bands: list[dict[str, str]], whole: dict[str, str], keys: tuple[str, ...]) -> list[float] | None:
    """One number a band, from a tag of every band or from a list in a tag of the file; None where neither is."""
    written = [_tag(band, keys) for band in bands]
    words = [word.strip() for word in written if word is not None]
    if len(words) != len(bands):
        # lists come in the brackets of whatever wrote them
        words = re.split(r"[,;\s]+", (_tag(whole, keys) or "").strip(" {}[]()\n"))
    try:
        # a unit may follow the number
        return [float(re.split(r"\s+", word)[0]) for word in words]
    except ValueError:
        return None


def _with_quantity(found: Found, dataset: Any) -> Found:
    """What was found, with the scale GDAL gives and the quantity that the tags tell.

    A scale of 1/10000 or so on whole numbers is how reflectance is stored, whether a tag says so or not.
    """
    scale, offset = np.array(dataset.scales), np.array(dataset.offsets)
    # a stated factor is surer than GDAL's scale, which some tools reset
    factor = _tag(_lower(dataset.tags()), ("reflectance_scale_factor", "reflectance scale factor"))
    if factor is not None and float(factor) > 0:
        return replace(found, quantity="reflectance", scale=1.0 / float(factor))
    words = " ".join([*dataset.tags().values(), *(name or "" for name in dataset.descriptions)])
    scaled = bool(np.any(scale != 1.0) or np.any(offset != 0.0))
    found = replace(found, quantity=told_quantity(words, found.source.dtype, scaled))
    if scaled:
        if bool(np.all(scale == 1e-4)) and found.quantity == "unknown":
            found = replace(found, quantity="reflectance")
        found = replace(found, scale=scale, offset=offset)
    return found
