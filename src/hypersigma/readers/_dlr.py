"""Products of the German Aerospace Center (EnMAP, DESIS): a GeoTIFF of bare numbers, and an XML that explains them."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hypersigma.cube import Cube, Quantity
from hypersigma.errors import InputError
from hypersigma.readers._bands import BandTable, Given
from hypersigma.readers._found import Found
from hypersigma.readers._raster import RasterSource, raster_georef, require_whole

_IMAGE = re.compile(r"-SPECTRAL_IMAGE(_COG)?\.tiff?$", re.IGNORECASE)
_METADATA = re.compile(r"-METADATA\.xml$", re.IGNORECASE)
_LEVEL = re.compile(r"(?<![A-Z0-9])L(1B|1C|2A)(?![A-Z0-9])")
_FILL = -32768.0


@dataclass(frozen=True, kw_only=True)
class DlrProduct:
    """How the products of one instrument are named and described.

    Attributes:
        sensor: its name, with which names of files start.
        band: the element of the XML's `bandCharacterisation` that describes one band.
        keys: its elements for centre and width in nm, gain and offset.
    """

    sensor: str
    band: str
    keys: tuple[str, str, str, str]

    def sniff(self, path: Path) -> int:
        """2 for the image or the XML of a product that has both, else 0."""
        return 2 if path.name.upper().startswith(self.sensor.upper()) and _pair(path) is not None else 0

    def open(self, path: Path, given: Given | None) -> Cube:
        """The scene of a product, given by its image or its XML, as a cube.

        Raises:
            InputError: one of the two is missing or damaged, or they do not belong together.
        """
        pair = _pair(path)
        if pair is None:
            raise InputError(
                f"{path}: not a {self.sensor} product; expected ...-SPECTRAL_IMAGE.TIF and ...-METADATA.XML beside it"
            )
        image, metadata = pair
        source = RasterSource(image)
        dataset = source.file()
        require_whole(image, dataset)
        root = _parsed(metadata)
        centres, fwhm, gains, offsets = self._bands(metadata, root)
        if len(centres) != source.shape[0]:
            raise InputError(
                f"{image} has {source.shape[0]} bands, {metadata.name} describes {len(centres)}; "
                "they do not belong together"
            )
        fill = root.findtext("specific/backgroundValue")
        declared = _FILL if dataset.nodata is None else dataset.nodata
        return Found(
            source=source,
            path=image,
            table=BandTable(centres=centres, unit="nm", fwhm=fwhm),
            quantity=_quantity(image, root),
            scale=np.array(gains),
            offset=np.array(offsets),
            nodata=declared if fill is None else float(fill),
            georef=raster_georef(dataset),
            sensor=self.sensor,
        ).cube(given)

    def _bands(self, path: Path, root: ET.Element) -> Sequence[list[float]]:
        """Centres, widths, gains and offsets of the bands, in the order of the image.

        Raises:
            InputError: the XML describes no bands, or one of them not wholly.
        """
        # elements of the same name describe the geometry elsewhere in the file
        table = next(root.iter("bandCharacterisation"), None)
        bands = [] if table is None else list(table.iter(self.band))
        try:
            columns = [[float(band.findtext(key, "")) for band in bands] for key in self.keys]
        except ValueError:
            raise InputError(f"{path}: a band lacks one of {', '.join(self.keys)}; copy the file anew") from None
        if not bands:
            raise InputError(
                f"{path}: no bandCharacterisation with elements {self.band}; is it {self.sensor} metadata?"
            )
        return columns


def _pair(path: Path) -> tuple[Path, Path] | None:
    """Image and metadata of the product that a file belongs to, or None where one is missing."""
    if not path.is_file():
        return None
    stem = _METADATA.sub("", _IMAGE.sub("", path.name))
    if stem == path.name:
        return None
    siblings = sorted(item for item in path.parent.iterdir() if item.name.startswith(stem))
    # a copy whose name ends in _COG holds the same numbers; who names an image means that one
    images = [path] if _IMAGE.search(path.name) else [item for item in siblings if _IMAGE.sub("", item.name) == stem]
    texts = [item for item in siblings if _METADATA.sub("", item.name) == stem]
    return (images[0], texts[0]) if images and texts else None


def _parsed(path: Path) -> ET.Element:
    """The root of an XML file.

    Raises:
        InputError: it is not whole.
    """
    try:
        return ET.parse(path).getroot()
    except ET.ParseError as error:
        raise InputError(f"{path}: not readable as XML: {error}; copy the file anew") from error


def _quantity(image: Path, root: ET.Element) -> Quantity:
    """Reflectance for level 2A, radiance for 1B and 1C, by the name of the file or the XML's word."""
    level = _LEVEL.search(image.name.upper().replace("_", "-")) or _LEVEL.search(
        root.findtext("base/level", "").upper()
    )
    if level is None:
        return "unknown"
    return "reflectance" if level[1] == "2A" else "radiance"
