"""Products of the German Aerospace Center (EnMAP, DESIS): a GeoTIFF of bare numbers, and an XML that explains them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hypersigma.cube import Cube, Quantity
from hypersigma.errors import InputError
from hypersigma.readers._bands import BandTable, Given
from hypersigma.readers._folder import matching, the_one
from hypersigma.readers._found import Found
from hypersigma.readers._raster import RasterSource, raster_georef, require_whole
from hypersigma.readers._xml import Metadata

_IMAGE = r"-SPECTRAL_IMAGE(?:_COG)?\.tiff?$"
_METADATA = r"-METADATA\.xml$"
_LEVEL = re.compile(r"(?<![A-Z0-9])L(1B|1C|2A)(?![A-Z0-9])")
_FILL = -32768.0


@dataclass(frozen=True, kw_only=True)
class DlrProduct:
    """How the products of one instrument are named and described.

    Attributes:
        sensor: its name, with which names of files start.
        band: the element of the XML's `bandCharacterisation` that describes one band.
        columns: its elements for centre and width in nm, gain and offset.
        radiance_unit: what gain and offset make of the numbers of levels 1B and 1C.
    """

    sensor: str
    band: str
    columns: tuple[str, str, str, str]
    radiance_unit: str

    def sniff(self, path: Path) -> int:
        """2 for the XML, a folder that holds one, or an image that lies beside one, else 0."""
        if not _is_image(path):
            return 2 if matching(path, self._pattern("", f".*{_METADATA}")) else 0
        # an image alone is a GeoTIFF like any other
        return 2 if matching(path.parent, self._pattern(_stem(path), _METADATA)) else 0

    def open(self, path: Path, given: Given | None) -> Cube:
        """The scene of a product, given by its folder, its image or its XML, as a cube.

        Raises:
            InputError: one of the two is missing or damaged, or they do not belong together.
        """
        image, metadata = self._pair(path)
        source = RasterSource(image)
        dataset = source.file()
        require_whole(image, dataset)
        centres, fwhm, gains, offsets = metadata.table(f"bandCharacterisation/{self.band}", self.columns)
        if len(centres) != source.shape[0]:
            raise InputError(
                f"{image} has {source.shape[0]} bands, {metadata.path.name} describes {len(centres)}; "
                "they do not belong together"
            )
        quantity = _quantity(image, metadata)
        fill = metadata.text("specific/backgroundValue")
        declared = _FILL if dataset.nodata is None else dataset.nodata
        return Found(
            source=source,
            path=image,
            table=BandTable(centres=centres, unit="nm", fwhm=fwhm),
            quantity=quantity,
            scale=np.array(gains),
            offset=np.array(offsets),
            nodata=float(fill) if fill else declared,
            georef=raster_georef(dataset),
            sensor=self.sensor,
            acquired=metadata.text("temporalCoverage/startTime"),
            notes=(f"radiance in {self.radiance_unit}",) if quantity == "radiance" else (),
        ).cube(given)

    def _pair(self, path: Path) -> tuple[Path, Metadata]:
        """Image and metadata of the product that a path names.

        Raises:
            InputError: one of them is missing, the metadata are no XML, or a folder holds several products.
        """
        if _is_image(path):
            name = f"{_stem(path)}-METADATA.XML"
            return path, Metadata(the_one(path.parent, self._pattern(_stem(path), _METADATA), f"metadata {name}"))
        text = the_one(path, self._pattern("", f".*{_METADATA}"), f"metadata ({self.sensor.upper()}...-METADATA.XML)")
        images = matching(text.parent, self._pattern(_stem(text), _IMAGE))
        if not images:
            raise InputError(
                f"{text}: there is no image {_stem(text)}-SPECTRAL_IMAGE.TIF beside it; unpack the product anew; one "
                "with an image a detector (EnMAP L1B), or in another format than GeoTIFF, is not read as a whole"
            )
        # a copy whose name ends in _COG holds the same numbers, and comes second
        return images[0], Metadata(text)

    def _pattern(self, stem: str, ending: str) -> re.Pattern[str]:
        """Names of the instrument's files that begin with a stem and go on as an ending says."""
        return re.compile(rf"^(?={self.sensor}){re.escape(stem)}{ending}", re.IGNORECASE)


def _is_image(path: Path) -> bool:
    return path.is_file() and re.search(_IMAGE, path.name, re.IGNORECASE) is not None


def _stem(path: Path) -> str:
    """What the names of a product's image and metadata have in common."""
    return re.sub(f"{_IMAGE}|{_METADATA}", "", path.name, flags=re.IGNORECASE)


def _quantity(image: Path, metadata: Metadata) -> Quantity:
    """Reflectance for level 2A, radiance for 1B and 1C, by the name of the file or the XML's word."""
    level = _LEVEL.search(image.name.upper().replace("_", "-")) or _LEVEL.search(metadata.text("base/level").upper())
    if level is None:
        return "unknown"
    return "reflectance" if level[1] == "2A" else "radiance"
