"""EO-1 Hyperion level 1 (L1T, L1Gst): a folder with one GeoTIFF a band and a metadata text; radiance."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from hypersigma.cube import Cube
from hypersigma.errors import InputError
from hypersigma.readers._bands import BandTable, Given
from hypersigma.readers._folder import matching, require_files, the_one
from hypersigma.readers._found import Found
from hypersigma.readers._hyperion_bands import NUM_BANDS, NUM_VNIR, dropping_reasons
from hypersigma.readers._mtl import Mtl, read_mtl
from hypersigma.readers._raster_stack import RasterStack
from hypersigma.spectra import sensor_bands

PRODUCT = "EO-1 Hyperion"
FOLDER = "EO-1 Hyperion (EO1H..._MTL_L1T.TXT beside EO1H..._B001_L1T.TIF to B242)"

# the text may bear the suffix of the bands
_METADATA = re.compile(r"^(EO1H\w*?)_MTL_(L1T|L1GST)\.(?:TXT|TIF)$", re.IGNORECASE)
_FILL = 0


def sniff(path: Path) -> int:
    """2 for the metadata text or a folder that holds one, else 0."""
    return 2 if matching(path, _METADATA) else 0


def open(path: Path, *, variable: str | None = None, given: Given | None = None) -> Cube:
    """A Hyperion scene as a cube of radiance in W m-2 sr-1 um-1.

    Raises:
        InputError: several scenes lie in the folder, a band is missing, cut short or of another size, or the
            metadata are of another sensor or do not give the scale.
    """
    mtl = read_mtl(the_one(path, _METADATA, "metadata text (EO1H..._MTL_L1T.TXT)"))
    sensor = mtl.text("SENSOR_ID")
    if sensor.upper() != "HYPERION":
        raise InputError(f"{mtl.path}: SENSOR_ID is '{sensor}'; expected HYPERION")
    scale = _scale(mtl)
    prefix, level = re.findall(_METADATA, mtl.path.name)[0]
    names = [f"{prefix}_B{band:03d}_{level}.TIF" for band in range(1, NUM_BANDS + 1)]
    source = RasterStack(require_files(mtl.path.parent, names, "bands"), nodata=_FILL)
    centres, fwhm = sensor_bands("hyperion")
    return Found(
        source=source,
        path=mtl.path,
        table=BandTable(centres=centres, unit="nm", fwhm=fwhm, reasons=dropping_reasons()),
        quantity="radiance",
        scale=scale,
        nodata=_FILL,
        georef=source.georef,
        sensor="Hyperion",
        name=prefix,
        acquired=mtl.text("ACQUISITION_DATE"),
        notes=(
            f"{level.upper()}: radiance in W m-2 sr-1 um-1; band centres are nominal",
            "175 bands by the published list; of two detectors it keeps bands 56 and 57 beside 77 and 78 (912-925 nm)",
        ),
    ).cube(given)


def _scale(mtl: Mtl) -> np.ndarray:
    """Radiance per count of each stored band: 1/40 on the VNIR detector, 1/80 on the SWIR, as the metadata say."""
    vnir, swir = (mtl.number(f"SCALING_FACTOR_{name}", "RADIANCE_SCALING") for name in ("VNIR", "SWIR"))
    return 1.0 / np.where(np.arange(NUM_BANDS) < NUM_VNIR, vnir, swir)
