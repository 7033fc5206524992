"""Landsat 8 and 9 OLI and Landsat 7 ETM+, level 1 and 2: a folder with one GeoTIFF a band and a metadata text."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hypersigma.cube import Cube
from hypersigma.errors import InputError
from hypersigma.readers._bands import BandTable, Given
from hypersigma.readers._folder import matching, require_files, the_one
from hypersigma.readers._found import Found
from hypersigma.readers._mtl import Mtl, read_mtl
from hypersigma.readers._raster_stack import RasterStack
from hypersigma.spectra import sensor_bands

PRODUCT = "Landsat 7 to 9"
FOLDER = "Landsat 7 to 9 (L..._MTL.txt beside L..._B1.TIF or L..._SR_B1.TIF and the other bands)"

_METADATA = re.compile(r"^L[CEO]\w*?_MTL\.txt$", re.IGNORECASE)
_FILL = 0
# names of groups in collection 2, then in collection 1
_CONTENTS = ("PRODUCT_CONTENTS", "PRODUCT_METADATA")
_SCENE = ("IMAGE_ATTRIBUTES", "PRODUCT_METADATA")
_LEVEL_1 = ("LEVEL1_RADIOMETRIC_RESCALING", "RADIOMETRIC_RESCALING")
_LEVEL_2 = ("LEVEL2_SURFACE_REFLECTANCE_PARAMETERS",)


@dataclass(frozen=True)
class Instrument:
    """An instrument: its table of band centres, and the numbers of its reflective bands of 30 m."""

    name: str
    table: str
    bands: tuple[int, ...]


# the panchromatic, cirrus and thermal bands are left out
_INSTRUMENTS = {
    "OLI": Instrument("OLI", "landsat8", (1, 2, 3, 4, 5, 6, 7)),
    "OLI_TIRS": Instrument("OLI", "landsat8", (1, 2, 3, 4, 5, 6, 7)),
    "ETM": Instrument("ETM+", "etm", (1, 2, 3, 4, 5, 7)),
}


def sniff(path: Path) -> int:
    """2 for the metadata text or a folder that holds one, else 0."""
    return 2 if matching(path, _METADATA) else 0


def open(path: Path, *, variable: str | None = None, given: Given | None = None) -> Cube:
    """The reflective bands of a Landsat scene as a cube of reflectance, at the top of the atmosphere or the ground.

    Raises:
        InputError: several scenes lie in the folder, a band is missing, cut short or of another size, or the
            metadata are of another instrument or do not give the scale.
    """
    mtl = read_mtl(the_one(path, _METADATA, "metadata text (L..._MTL.txt)"))
    instrument = _instrument(mtl)
    level = mtl.text("PROCESSING_LEVEL", *_CONTENTS) or mtl.text("DATA_TYPE", *_CONTENTS)
    surface = level.startswith("L2")
    scale, offset, note = _rescaling(mtl, instrument, surface)
    source = RasterStack(_files(mtl, instrument, surface), nodata=_FILL)
    centres, fwhm = sensor_bands(instrument.table)
    return Found(
        source=source,
        path=mtl.path,
        table=BandTable(centres=centres, unit="nm", fwhm=fwhm),
        quantity="reflectance",
        scale=scale,
        offset=offset,
        nodata=_FILL,
        georef=source.georef,
        sensor=f"{mtl.text('SPACECRAFT_ID', *_SCENE).replace('_', ' ').title()} {instrument.name}",
        name=_prefix(mtl),
        acquired=f"{mtl.text('DATE_ACQUIRED', *_SCENE)} {mtl.text('SCENE_CENTER_TIME', *_SCENE)}",
        notes=(f"{level}: {note}",),
    ).cube(given)


def _instrument(mtl: Mtl) -> Instrument:
    sensor = mtl.text("SENSOR_ID", *_SCENE)
    if sensor not in _INSTRUMENTS:
        raise InputError(f"{mtl.path}: SENSOR_ID is '{sensor}'; expected one of {', '.join(_INSTRUMENTS)}")
    return _INSTRUMENTS[sensor]


def _prefix(mtl: Mtl) -> str:
    return mtl.path.name[: -len("_MTL.txt")]


def _files(mtl: Mtl, instrument: Instrument, surface: bool) -> list[Path]:
    """The bands' files, by the names that the metadata give them."""
    names = [
        mtl.text(f"FILE_NAME_BAND_{band}", *_CONTENTS) or f"{_prefix(mtl)}_{'SR_' if surface else ''}B{band}.TIF"
        for band in instrument.bands
    ]
    return require_files(mtl.path.parent, names, "bands")


def _rescaling(mtl: Mtl, instrument: Instrument, surface: bool) -> tuple[np.ndarray, np.ndarray, str]:
    """Factor and addend a band that make reflectance of counts, and a note that says which."""
    groups = _LEVEL_2 if surface else _LEVEL_1
    factors, addends = (
        np.array([mtl.number(f"REFLECTANCE_{term}_BAND_{band}", *groups) for band in instrument.bands])
        for term in ("MULT", "ADD")
    )
    if surface:
        return factors, addends, "reflectance of the ground"
    # level 1 is scaled to a sun in the zenith
    elevation = mtl.number("SUN_ELEVATION", *_SCENE)
    if elevation <= 0.0:
        raise InputError(f"{mtl.path}: SUN_ELEVATION is {elevation:g} degrees; there is no reflectance at night")
    height = math.sin(math.radians(elevation))
    note = f"reflectance at the top of the atmosphere, for the sun {elevation:.1f} degrees above the horizon"
    return factors / height, addends / height, note
