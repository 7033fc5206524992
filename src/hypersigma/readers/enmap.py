"""EnMAP L2A and L1C: bands of two detectors that overlap, in one GeoTIFF; everything else in METADATA.XML."""

from __future__ import annotations

from pathlib import Path

from hypersigma.cube import Cube
from hypersigma.readers._bands import Given
from hypersigma.readers._dlr import DlrProduct

PRODUCT = "EnMAP (L2A, L1C)"
FOLDER = "EnMAP (ENMAP...-SPECTRAL_IMAGE.TIF beside ENMAP...-METADATA.XML)"

_PRODUCT = DlrProduct(
    sensor="EnMAP",
    band="bandID",
    columns=("wavelengthCenterOfBand", "FWHMOfBand", "GainOfBand", "OffsetOfBand"),
    radiance_unit="W m-2 sr-1 nm-1",
)


def sniff(path: Path) -> int:
    """2 for the image, the metadata or the folder of an EnMAP product, else 0."""
    return _PRODUCT.sniff(path)


def open(path: Path, *, variable: str | None = None, given: Given | None = None) -> Cube:
    """An EnMAP scene, given by its folder, its image or its metadata, as a cube.

    Raises:
        InputError: image or metadata is missing or damaged, or they do not belong together.
    """
    return _PRODUCT.open(path, given)
