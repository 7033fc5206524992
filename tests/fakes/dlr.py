"""EnMAP and DESIS products written by code: a GeoTIFF of whole numbers, and the XML that explains it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.fakes.geotiff import GRID, write_tiff

ROWS, COLS = 12, 10


@dataclass(frozen=True)
class Description:
    """What an XML says: name of the band's element and of its parts, bands, and a background value."""

    stem: str
    band: str
    keys: tuple[str, str, str, str]
    centres: Sequence[float]
    gains: Sequence[float]
    offsets: Sequence[float]
    background: float | None = None
    level: str = "L2A"
    suffixes: tuple[str, str] = ("-SPECTRAL_IMAGE.TIF", "-METADATA.XML")


ENMAP = Description(
    stem="ENMAP01-____L2A-DT0000002534_20220808T103242Z_010_V010303_20230922T131734Z",
    band="bandID",
    keys=("wavelengthCenterOfBand", "FWHMOfBand", "GainOfBand", "OffsetOfBand"),
    # the VNIR ends beyond where the SWIR begins
    centres=(418.4, 650.0, 902.3, 950.0, 993.4, 902.2, 950.1, 1200.0, 2445.3),
    gains=(1e-4,) * 9,
    offsets=(0.0,) * 9,
    background=-32768,
)
DESIS = Description(
    stem="DESIS-HSI-L1C-DT1203190212_025-20191203T021128-V0210",
    band="band",
    keys=("wavelengthCenterOfBand", "wavelengthWidthOfBand", "gainOfBand", "offsetOfBand"),
    centres=(401.9, 500.0, 700.0, 999.8),
    gains=(0.0013, 0.0014, 0.0015, 0.0016),
    offsets=(0.1, 0.2, 0.3, 0.4),
    level="L1C",
    suffixes=("-SPECTRAL_IMAGE.tif", "-METADATA.xml"),
)


def write_dlr(folder: Path, product: Description, *, num_bands: int | None = None) -> Path:
    """Write a product and return its image; pixel (0, 0) is background in every band."""
    array = pixels(len(product.centres) if num_bands is None else num_bands)
    image = write_tiff(folder / f"{product.stem}{product.suffixes[0]}", array, crs="EPSG:32633", transform=GRID)
    (folder / f"{product.stem}{product.suffixes[1]}").write_text(metadata(product), encoding="utf-8")
    return image


def pixels(num_bands: int) -> NDArray:
    """Numbers that differ, with a pixel of background."""
    array = np.arange(num_bands * ROWS * COLS).reshape(num_bands, ROWS, COLS).astype("i2")
    array[:, 0, 0] = -32768
    return array


def metadata(product: Description) -> str:
    """The XML; as in real ones, elements of the same name as a band's stand elsewhere too."""
    rows = zip(product.centres, (6.5,) * len(product.centres), product.gains, product.offsets, strict=True)
    bands = ""
    for number, values in enumerate(rows, start=1):
        parts = "".join(f"<{key}>{value}</{key}>" for key, value in zip(product.keys, values, strict=True))
        bands += f'<{product.band} number="{number}"><bandNumber>{number}</bandNumber>{parts}</{product.band}>\n'
    other = f'<interiorOrientation><{product.band} number="1"><focal>3</focal></{product.band}></interiorOrientation>'
    background = "" if product.background is None else f"<backgroundValue>{product.background:.0f}</backgroundValue>"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<level_X><base><level>{product.level}</level>'
        "<temporalCoverage><startTime>2022-08-08T10:32:42.091Z</startTime></temporalCoverage></base>"
        f"<specific>{other}{background}<bandCharacterisation>\n{bands}</bandCharacterisation></specific></level_X>\n"
    )
