"""Sentinel-2 scenes written by code: SAFE folders of JPEG 2000 files, plain folders of GeoTIFFs; three sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray

from tests.fakes.geotiff import write_tiff

BANDS = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12")
METRES = dict.fromkeys(("B02", "B03", "B04", "B08"), 10) | dict.fromkeys(("B01", "B09", "B10"), 60)
ROWS, COLS = 24, 18
L1C = "S2A_MSIL1C_20220301T101021_N0400_R022_T33UUU_20220301T120000"
L2A = "S2B_MSIL2A_20220301T101021_N0400_R022_T33UUU_20220301T120000"
TILE = "T33UUU_20220301T101021"
LOSSLESS = {"driver": "JP2OpenJPEG", "QUALITY": "100", "REVERSIBLE": "YES"}


def metres(band: str) -> int:
    """Size of a band's pixels."""
    return METRES.get(band, 20)


def grid(size: int) -> rasterio.Affine:
    return rasterio.Affine(size, 0.0, 300000.0, 0.0, -size, 5800020.0)


def counts(bands: Sequence[str] = BANDS) -> dict[str, NDArray[np.uint16]]:
    """Counts of each band (rows, cols) at its own size, none of them no-data."""
    generator = np.random.default_rng(2)
    return {
        band: generator.integers(1, 9000, (10 * ROWS // metres(band), 10 * COLS // metres(band))).astype("u2")
        for band in bands
    }


def write_plain(folder: Path, bands: Mapping[str, NDArray], prefix: str = TILE, **profile: Any) -> Path:
    """Write a GeoTIFF a band, as data sets for machine learning have them; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for band, array in bands.items():
        place = {"crs": "EPSG:32633", "transform": grid(metres(band)), **profile}
        write_tiff(folder / f"{prefix}_{band}.tif", array[None], **place)
    return folder


def write_l1c(folder: Path, bands: Mapping[str, NDArray], *, metadata: str | None = None) -> Path:
    """Write a SAFE folder of level 1C; returns it."""
    safe = folder / f"{L1C}.SAFE"
    granule = safe / "GRANULE" / "L1C_T33UUU_A034912_20220301T101021"
    for name in ("IMG_DATA", "QI_DATA"):
        (granule / name).mkdir(parents=True)
    for band, array in bands.items():
        _write_jp2(granule / "IMG_DATA" / f"{TILE}_{band}.jp2", array, metres(band))
    _write_jp2(granule / "IMG_DATA" / f"{TILE}_TCI.jp2", bands["B02"], 10)
    # masks carry the names of bands too
    _write_jp2(granule / "QI_DATA" / "MSK_QUALIT_B02.jp2", bands["B02"], 10)
    (granule / "MTD_TL.xml").write_text("<n1:Level-1C_Tile_ID xmlns:n1='urn:tile'/>")
    (safe / "manifest.safe").write_text("<manifest/>")
    text = level_1c_metadata(range(-1000, -1013, -1)) if metadata is None else metadata
    (safe / "MTD_MSIL1C.xml").write_text(text)
    return safe


def write_l2a(folder: Path, bands: Mapping[str, NDArray]) -> Path:
    """Write a SAFE folder of level 2A, whose bands lie at their own size and at coarser ones; returns it."""
    safe = folder / f"{L2A}.SAFE"
    images = safe / "GRANULE" / "L2A_T33UUU_A026012_20220301T101021" / "IMG_DATA"
    for size in (10, 20, 60):
        (images / f"R{size}m").mkdir(parents=True)
        for band, array in bands.items():
            if metres(band) <= size:
                step = size // metres(band)
                _write_jp2(images / f"R{size}m" / f"{TILE}_{band}_{size}m.jp2", array[::step, ::step], size)
        _write_jp2(images / f"R{size}m" / f"{TILE}_AOT_{size}m.jp2", np.ones((4, 3), "u2"), size)
    (safe / "MTD_MSIL2A.xml").write_text(level_2a_metadata(range(-1000, -1013, -1)))
    return safe


def level_1c_metadata(offsets: Sequence[int]) -> str:
    return _metadata(
        "Level-1C",
        '<QUANTIFICATION_VALUE unit="none">10000</QUANTIFICATION_VALUE>'
        "<Radiometric_Offset_List>" + _offsets("RADIO_ADD_OFFSET", offsets) + "</Radiometric_Offset_List>",
    )


def level_2a_metadata(offsets: Sequence[int]) -> str:
    return _metadata(
        "Level-2A",
        '<QUANTIFICATION_VALUES_LIST><BOA_QUANTIFICATION_VALUE unit="none">10000</BOA_QUANTIFICATION_VALUE>'
        '<AOT_QUANTIFICATION_VALUE unit="none">1000.0</AOT_QUANTIFICATION_VALUE></QUANTIFICATION_VALUES_LIST>'
        "<BOA_ADD_OFFSET_VALUES_LIST>" + _offsets("BOA_ADD_OFFSET", offsets) + "</BOA_ADD_OFFSET_VALUES_LIST>",
    )


def _offsets(name: str, offsets: Sequence[int]) -> str:
    return "".join(f'<{name} band_id="{index}">{value}</{name}>' for index, value in enumerate(offsets))


def _metadata(level: str, characteristics: str) -> str:
    """The product's metadata, without most of what is in real ones."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><n1:{level}_User_Product xmlns:n1="urn:product"><n1:General_Info>'
        "<Product_Info><PRODUCT_START_TIME>2022-03-01T10:10:21.024Z</PRODUCT_START_TIME><PROCESSING_BASELINE>04.00</PROCESSING_BASELINE></Product_Info><Product_Image_Characteristics>"
        "<Special_Values><SPECIAL_VALUE_TEXT>NODATA</SPECIAL_VALUE_TEXT><SPECIAL_VALUE_INDEX>0</SPECIAL_VALUE_INDEX>"
        f"</Special_Values>{characteristics}</Product_Image_Characteristics></n1:General_Info>"
        f"</n1:{level}_User_Product>"
    )


def _write_jp2(path: Path, array: NDArray, size: int) -> None:
    write_tiff(path, array[None], crs="EPSG:32633", transform=grid(size), **LOSSLESS)
