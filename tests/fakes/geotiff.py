"""GeoTIFF files written by code."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import rasterio
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning

GRID = rasterio.Affine(30.0, 0.0, 362175.0, 0.0, -30.0, 5809965.0)


def write_tiff(
    path: Path,
    array: NDArray,
    *,
    descriptions: Sequence[str] = (),
    tags: Mapping[str, str] | None = None,
    band_tags: Sequence[Mapping[str, str]] = (),
    namespace: str | None = None,
    scale: float | None = None,
    driver: str = "GTiff",
    **profile: Any,
) -> Path:
    """Write an array (bands, rows, cols) as GeoTIFF (or through another driver) with descriptions, tags and scales."""
    bands, rows, cols = array.shape
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(
            path, "w", driver=driver, count=bands, height=rows, width=cols, dtype=array.dtype, **profile
        ) as file:
            file.write(array)
            for index, text in enumerate(descriptions, 1):
                file.set_band_description(index, text)
            for index, items in enumerate(band_tags, 1):
                file.update_tags(index, ns=namespace, **items)
            if tags:
                file.update_tags(**tags)
            if scale is not None:
                file.scales = (scale,) * bands
    return path
