"""Sentinel-2 MSI: a SAFE folder of level 1C or 2A, or a plain folder with one raster a band; all on the 10 m grid."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hypersigma.cube import Cube
from hypersigma.errors import InputError
from hypersigma.readers._bands import BandTable, Given
from hypersigma.readers._folder import matching
from hypersigma.readers._found import Found
from hypersigma.readers._raster_stack import RasterStack
from hypersigma.readers._xml import Metadata
from hypersigma.spectra import sensor_bands

PRODUCT = "Sentinel-2"
FOLDER = "Sentinel-2 (a .SAFE folder, or ..._B01 to ..._B12 and ..._B8A as .jp2 or .tif)"

# in the order of the metadata, which is that of wavelength
_BANDS = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12")
_FINEST = "B02"
_CIRRUS = "B10"
_BAND_FILE = re.compile(r"^(?:([^.].*)_)?(B0[1-9]|B1[0-2]|B8A)(?:_(\d\d)m)?\.(?:jp2|tiff?)$", re.IGNORECASE)
_METADATA = re.compile(r"^(?:MTD_MSI(?:L1C|L2A)|S2\w_\w+_MTD_\w+)\.xml$", re.IGNORECASE)
_TILE = re.compile(r"^T\d\d[A-Z]{3}_\d{8}T\d{6}$")
# where bands lie in a SAFE folder, and in that of a granule in it
_IMAGES = ("GRANULE/*/IMG_DATA/", "IMG_DATA/")
_GROUND_UNITS = ("BOA_QUANTIFICATION_VALUE", "L2A_BOA_QUANTIFICATION_VALUE")
_FILL = 0
_PER_UNIT = 10000.0


@dataclass(frozen=True, kw_only=True)
class SceneFiles:
    """Where a scene's bands lie.

    Attributes:
        name: of the scene.
        files: the raster of each band that there is, the finest where there are several.
        metadata: the product's, or None in a plain folder.
    """

    name: str
    files: Mapping[str, Path]
    metadata: Metadata | None

    @property
    def acquired(self) -> str:
        """A text that tells when the scene was acquired, "" where none does."""
        if self.metadata is not None:
            return self.metadata.text("PRODUCT_START_TIME")
        # other names hold the time of processing
        return self.name if _TILE.match(self.name) else ""


def sniff(path: Path) -> int:
    """2 for the product's metadata or a folder that holds them or most of the bands, else 0."""
    if path.is_file():
        return 2 if _METADATA.search(path.name) and (path.parent / "GRANULE").is_dir() else 0
    # metadata, or more than half: a scene that lacks bands is still known, so that the message is about them
    bands = {match[2].upper() for _, match in _rasters(path)}
    described = (path / "GRANULE").is_dir() and bool(matching(path, _METADATA))
    return 2 if described or len(bands) > len(_BANDS) // 2 else 0


def open(path: Path, *, variable: str | None = None, given: Given | None = None) -> Cube:
    """A Sentinel-2 scene as a cube of reflectance with 13 bands (level 2A: 12), coarser ones interpolated.

    Raises:
        InputError: several scenes lie in the folder, a band is missing, cut short or shows other ground, or the
            metadata do not give the scale.
    """
    scene = _scene_files(path if path.is_dir() else path.parent)
    bands = _present(path, scene)
    files = [scene.files[band] for band in bands]
    source = RasterStack(files, grid=bands.index(_FINEST), resample=True, nodata=_FILL)
    per_unit, offsets, notes = _radiometry(scene)
    stored = [_BANDS.index(band) for band in bands]
    centres, fwhm = (values[stored] for values in sensor_bands("sentinel2"))
    return Found(
        source=source,
        path=path,
        table=BandTable(centres=centres, unit="nm", fwhm=fwhm),
        quantity="reflectance",
        scale=1.0 / per_unit,
        offset=offsets[stored] / per_unit,
        nodata=_FILL,
        georef=source.georef,
        sensor="Sentinel-2 MSI",
        name=scene.name,
        acquired=scene.acquired,
        notes=(*notes, f"{source.num_interpolated} coarser bands are interpolated onto the grid of {_FINEST}"),
    ).cube(given)


def _rasters(folder: Path) -> list[tuple[Path, re.Match[str]]]:
    """Band files of a plain folder, or of a SAFE folder or one inside it, and how their names match."""
    # masks and pictures of the scene, which bear names of bands too, lie in other folders
    inside = (file for place in ("", *_IMAGES) for size in ("", "R?0m/") for file in folder.glob(f"{place}{size}*"))
    matches = ((file, _BAND_FILE.match(file.name)) for file in sorted(inside))
    return [(file, match) for file, match in matches if match is not None]


def _scene_files(folder: Path) -> SceneFiles:
    """The one scene in a folder.

    Raises:
        InputError: there are several, or its metadata are no XML.
    """
    files: dict[str, Path] = {}
    metres: dict[str, int] = {}
    rasters = _rasters(folder)
    scenes = sorted({match[1] or "" for _, match in rasters})
    if len(scenes) > 1:
        listed = ", ".join(scenes)
        raise InputError(f"{folder}: {len(scenes)} scenes lie here; name the IMG_DATA folder of one of them: {listed}")
    for file, match in rasters:
        band, size = match[2].upper(), int(match[3] or 0)
        # level 2A holds bands at their own size and at coarser ones
        if band not in files or size < metres[band]:
            files[band], metres[band] = file, size
    # folders inside a SAFE folder may be named too, and keep its metadata
    safe = next((place for place in (folder, *folder.parents) if (place / "GRANULE").is_dir()), None)
    texts = [] if safe is None else matching(safe, _METADATA)
    name = safe.stem if safe else "".join(scenes) or folder.name
    return SceneFiles(name=name, files=files, metadata=Metadata(texts[0]) if texts else None)


def _present(path: Path, scene: SceneFiles) -> list[str]:
    """The bands of a scene in the order of the table.

    Raises:
        InputError: one is missing other than the cirrus band, which level 2A does not have.
    """
    missing = [band for band in _BANDS if band not in scene.files and band != _CIRRUS]
    if missing:
        raise InputError(
            f"{path}: {len(missing)} of {len(_BANDS)} bands are missing: {', '.join(missing)}; unpack the product anew"
        )
    return [band for band in _BANDS if band in scene.files]


def _radiometry(scene: SceneFiles) -> tuple[float, np.ndarray, list[str]]:
    """Counts per unit of reflectance, the addend of each of the 13 bands in counts, and notes.

    Raises:
        InputError: the metadata do not tell.
    """
    offsets = np.zeros(len(_BANDS))
    metadata = scene.metadata
    if metadata is None:
        note = (
            "no metadata: scaled by 1/10000 without an offset; a scene processed since 25 January 2022 (baseline "
            "04.00) has one of -1000, which its .SAFE folder tells"
        )
        return _PER_UNIT, offsets, [note]
    per_unit = metadata.number(*_GROUND_UNITS, "QUANTIFICATION_VALUE")
    found = metadata.elements("BOA_ADD_OFFSET") or metadata.elements("RADIO_ADD_OFFSET")
    try:
        for value, attributes in found:
            offsets[int(attributes["band_id"])] = float(value)
    except (KeyError, ValueError, IndexError) as error:
        raise InputError(f"{metadata.path}: offsets are not one number for each band_id 0 to 12: {error}") from error
    ground = bool(metadata.text(*_GROUND_UNITS))
    level = "L2A: reflectance of the ground" if ground else "L1C: reflectance at the top of the atmosphere"
    baseline = metadata.text("PROCESSING_BASELINE")
    offset = f"offset {offsets.min():g}" if found else "no offset"
    return per_unit, offsets, [level, f"processing baseline {baseline or 'not stated'}: {offset}"]
