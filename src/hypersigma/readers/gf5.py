"""GF-5 AHSI level 1: a folder with a GeoTIFF a detector, metadata, and texts of wavelengths and calibration."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hypersigma.cube import Cube
from hypersigma.errors import InputError
from hypersigma.readers._bands import BandTable, Given
from hypersigma.readers._folder import matching, the_one
from hypersigma.readers._found import Found
from hypersigma.readers._raster_stack import RasterStack
from hypersigma.readers._wavelengths import Floats
from hypersigma.readers._xml import Metadata
from hypersigma.spectra import sensor_bands

PRODUCT = "GF-5 AHSI"
FOLDER = "GF-5 AHSI (GF5..._AHSI_..._VN.tif and ..._SW.tif beside GF5..._AHSI_....xml)"

_METADATA = re.compile(r"^(GF5\w?_AHSI_.+?)(?:\.meta)?\.xml$", re.IGNORECASE)
_RASTER = re.compile(r"^GF5\w?_AHSI_.+_(?:VN|SW)\.(?:geotiff|tiff?)$", re.IGNORECASE)
_CHOICES = ("vnir", "full")
_FILL = 0


@dataclass(frozen=True)
class Detector:
    """One of the two spectrometers: how its raster and its texts are named, and its number of bands."""

    raster: str
    texts: str
    num_bands: int


_VNIR = Detector("VN", "VNIR", 150)
_SWIR = Detector("SW", "SWIR", 180)


def sniff(path: Path) -> int:
    """2 for the product's metadata or a folder that holds one of its rasters, else 0."""
    return 2 if matching(path, _RASTER if path.is_dir() else _METADATA) else 0


def open(path: Path, *, variable: str | None = None, given: Given | None = None) -> Cube:
    """A GF-5 scene as a cube of radiance in W m-2 sr-1 um-1, or of counts where it comes without calibration.

    Args:
        path: the folder or the metadata.
        variable: "vnir" for the 150 bands from 0.4 to 1.0 um, which is the default; "full" for all 330.
        given: a person's band table.

    Raises:
        InputError: several scenes lie in the folder, no such choice, a file is missing, cut short or of another
            size, or a text has another number of bands.
    """
    choice = variable or _CHOICES[0]
    if choice not in _CHOICES:
        raise InputError(f"{path}: there is no variable '{variable}'; a GF-5 scene has {' and '.join(_CHOICES)}")
    metadata = Metadata(the_one(path, _METADATA, "metadata file (GF5_AHSI_....xml)"))
    folder, prefix = metadata.path.parent, re.findall(_METADATA, metadata.path.name)[0]
    detectors = (_VNIR,) if choice == "vnir" else (_VNIR, _SWIR)
    source = RasterStack([_raster(folder, prefix, detector) for detector in detectors], nodata=_FILL)
    _require_belonging(metadata, source, detectors)
    notes = [
        f"variable '{choice}': "
        + ("the 150 bands of the VNIR detector; 'full' gives all 330" if choice == "vnir" else "both detectors")
    ]
    table = _band_table(folder, detectors, notes)
    scale, offset = _calibration(folder, detectors, notes)
    if source.georef is None:
        notes.append("level 1 lies on no map: its place is told by rational polynomials (.rpb) alone")
    return Found(
        source=source,
        path=metadata.path,
        table=table,
        quantity="counts" if scale is None else "radiance",
        scale=1.0 if scale is None else scale,
        offset=0.0 if offset is None else offset,
        nodata=_FILL,
        georef=source.georef,
        sensor=f"{prefix.split('_')[0].upper().replace('GF5', 'GF-5')} AHSI",
        name=prefix,
        acquired=prefix,
        notes=tuple(notes),
    ).cube(given)


def _raster(folder: Path, prefix: str, detector: Detector) -> Path:
    """The raster of a detector, whose suffix changed over the years.

    Raises:
        InputError: it is missing.
    """
    pattern = re.compile(rf"^{re.escape(prefix)}_{detector.raster}\.(?:geotiff|tiff?)$", re.IGNORECASE)
    found = matching(folder, pattern)
    if not found:
        raise InputError(
            f"{folder}: the {detector.texts} raster {prefix}_{detector.raster}.geotiff (or .tif, .tiff) is missing; "
            "unpack the product anew"
        )
    return found[0]


def _require_belonging(metadata: Metadata, source: RasterStack, detectors: tuple[Detector, ...]) -> None:
    """Refuse rasters of other sizes than the metadata or the instrument give.

    Raises:
        InputError: with what was found and expected.
    """
    for raster, detector in zip(source.rasters, detectors, strict=True):
        num_bands = raster.shape[0]
        if num_bands != detector.num_bands:
            raise InputError(
                f"{raster.path}: {num_bands} bands; the {detector.texts} detector has {detector.num_bands}"
            )
    rows, cols = source.shape[1:]
    for name, length in (("LinesInPixels", rows), ("SamplesInPixels", cols)):
        if metadata.text(name) and metadata.number(name) != length:
            raise InputError(
                f"{source.rasters[0].path}: {rows} rows x {cols} columns, but {name} in {metadata.path.name} is "
                f"{metadata.text(name)}; they do not belong together"
            )


def _band_table(folder: Path, detectors: tuple[Detector, ...], notes: list[str]) -> BandTable:
    """Centres and widths by the product's texts, else by the table on board, which is approximate."""
    lists = [_text(folder, detector, "Spectralresponse") for detector in detectors]
    if any(values is None for values in lists):
        notes.append("no text of wavelengths (..._Spectralresponse_VNIR.raw) lies beside it; centres are approximate")
        total = sum(detector.num_bands for detector in detectors)
        centres, fwhm = (values[:total] for values in sensor_bands("gf5_ahsi"))
        return BandTable(centres=centres, unit="nm", fwhm=fwhm)
    table = np.concatenate([values for values in lists if values is not None])
    return BandTable(centres=table[:, 0], fwhm=table[:, 1])


def _calibration(
    folder: Path, detectors: tuple[Detector, ...], notes: list[str]
) -> tuple[Floats, Floats] | tuple[None, None]:
    """Gain and offset of each band, from counts to radiance; None where the product comes without."""
    lists = [_text(folder, detector, "RadCal") for detector in detectors]
    if any(values is None for values in lists):
        notes.append("no text of calibration (..._RadCal_VNIR.raw) lies beside it; the numbers are counts")
        return None, None
    notes.append("radiance in W m-2 sr-1 um-1")
    table = np.concatenate([values for values in lists if values is not None])
    return table[:, 0], table[:, 1]


def _text(folder: Path, detector: Detector, what: str) -> Floats | None:
    """The two columns of a text of a detector; a second one that is left out is zeros; None where there is no text.

    Raises:
        InputError: it holds no numbers, or another number of lines than the detector has bands.
    """
    names = rf"{what}_{detector.texts}|{detector.texts}_{what}"
    found = matching(folder, re.compile(rf"^GF5\w?_AHSI_(?:{names})\.(?:raw|txt)$", re.IGNORECASE))
    if not found:
        return None
    try:
        rows = [[float(word) for word in re.split(r"[,\s]+", line)] for line in _lines(found[0])]
    except ValueError as error:
        raise InputError(f"{found[0]}: {error}; expected one or two numbers a line") from error
    if len(rows) != detector.num_bands:
        raise InputError(
            f"{found[0]}: {len(rows)} lines; expected one for each of the {detector.num_bands} bands of the "
            f"{detector.texts} detector"
        )
    return np.array([[*row, 0.0][:2] for row in rows])


def _lines(path: Path) -> list[str]:
    """The lines of a text that are not blank, without commas at their ends."""
    lines = (line.strip(" \t,") for line in path.read_text(encoding="utf-8", errors="replace").splitlines())
    return [line for line in lines if line]
