"""Pixels that GDAL reads: a source over a raster file, block by block."""

from __future__ import annotations

import warnings
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.errors import InputError
from hypersigma.georef import Georef
from hypersigma.readers._handle import Handle
from hypersigma.readers._jpeg2000 import missing_bytes
from hypersigma.readers._unreadable import unreadable
from hypersigma.tiling import Window


def open_raster(path: Path) -> Any:
    """The rasterio dataset of a file, quietly.

    Raises:
        InputError: GDAL cannot open it.
    """
    import rasterio
    from rasterio.errors import NotGeoreferencedWarning, RasterioIOError

    # inside an Env what GDAL has to say goes to the log instead of the terminal
    with warnings.catch_warnings(), rasterio.Env():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        try:
            return rasterio.open(path)
        except RasterioIOError as error:
            raise unreadable(path, "as a raster", error) from error


class RasterSource:
    """The pixels of a raster file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file: Handle[Any] = Handle(partial(open_raster, path))
        dataset = self.file()
        self.shape: tuple[int, int, int] = (dataset.count, dataset.height, dataset.width)
        # bands of several types are read as the one type that holds them all
        self.dtype = np.result_type(*dataset.dtypes)

    def read(self, bands: NDArray[np.intp], window: Window) -> NDArray[Any]:
        return read_raster(self.path, self.file(), bands, window)


def read_raster(path: Path, dataset: Any, bands: NDArray[np.intp], window: Window) -> NDArray[Any]:
    """The stored numbers (n, h, w) of some bands, counted from 0, of an open dataset in a window.

    Raises:
        InputError: the file is damaged there.
    """
    from rasterio.errors import RasterioIOError
    from rasterio.windows import Window as Area

    # GDAL counts bands from one and gives the column first
    area = Area(window.col, window.row, window.width, window.height)
    try:
        block: NDArray[Any] = dataset.read(indexes=[int(band) + 1 for band in bands], window=area)
    except RasterioIOError as error:
        raise unreadable(path, f"in {window}", error) from error
    return block


def raster_georef(dataset: Any) -> Georef | None:
    """The georeference of an open dataset: its transform, with or without a coordinate system; None for neither."""
    if dataset.crs is None and dataset.transform.is_identity:
        return None
    # a place without a system is kept: pixel sizes and offsets between scenes still hold
    transform = tuple(dataset.transform)[:6]
    return Georef(transform, dataset.crs.to_wkt() if dataset.crs is not None else None)


def require_whole(path: Path, dataset: Any) -> None:
    """Refuse a file that ends before its pixels do, as far as its format tells: TIFF and JPEG 2000.

    Of a TIFF only the last block of each of the outer bands is looked up: writers put blocks in order.

    Raises:
        InputError: with the bytes expected and found.
    """
    size = path.stat().st_size
    end = size + missing_bytes(path) if dataset.driver.startswith("JP2") else _end_of_blocks(dataset)
    if end > size:
        raise InputError(f"{path}: truncated: at least {end} bytes expected, {size} found; copy the file anew")


def _end_of_blocks(dataset: Any) -> int:
    """Where the last blocks of a TIFF end; 0 for other formats."""
    height, width = dataset.block_shapes[0]
    last = f"{(dataset.width - 1) // width}_{(dataset.height - 1) // height}"
    ends = [0]
    for band in {1, dataset.count}:
        offset = dataset.get_tag_item(f"BLOCK_OFFSET_{last}", "TIFF", bidx=band)
        length = dataset.get_tag_item(f"BLOCK_SIZE_{last}", "TIFF", bidx=band)
        # sparse blocks have no place in the file and stand for no data
        ends.append(int(offset or 0) + int(length or 0))
    return max(ends)
