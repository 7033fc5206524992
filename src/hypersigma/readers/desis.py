"""DESIS L2A, L1C and L1B: a GeoTIFF of whole numbers; wavelengths, and a gain and offset a band, in METADATA.xml."""

from __future__ import annotations

from pathlib import Path

from hypersigma.cube import Cube
from hypersigma.readers._bands import Given
from hypersigma.readers._dlr import DlrProduct

PRODUCT = "DESIS (L2A, L1C, L1B)"
FOLDER = "DESIS (DESIS...-SPECTRAL_IMAGE.TIF beside DESIS...-METADATA.XML)"

_PRODUCT = DlrProduct(
    sensor="DESIS",
    band="band",
    columns=("wavelengthCenterOfBand", "wavelengthWidthOfBand", "gainOfBand", "offsetOfBand"),
    radiance_unit="mW cm-2 sr-1 um-1",
)


def sniff(path: Path) -> int:
    """2 for the image, the metadata or the folder of a DESIS product, else 0."""
    return _PRODUCT.sniff(path)


def open(path: Path, *, variable: str | None = None, given: Given | None = None) -> Cube:
    """A DESIS scene, given by its folder, its image or its metadata, as a cube.

    Raises:
        InputError: image or metadata is missing or damaged, or they do not belong together.
    """
    return _PRODUCT.open(path, given)
