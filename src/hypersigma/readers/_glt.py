"""Geographic lookup tables as files write them: pixels counted from one, cells filled in from neighbours marked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.errors import InputError
from hypersigma.georef import Georef, LookupTable
from hypersigma.readers._crs import wkt
from hypersigma.readers._hdf5_source import nodata

IN_SENSOR_GEOMETRY = "the scene is in sensor geometry; what is written is orthorectified through its lookup table"


def gdal_grid(path: Path, terms: Sequence[float], crs: str) -> Georef:
    """The georeference of six terms in GDAL's order: x, width, row rotation, y, column rotation, height.

    Raises:
        InputError: another number of terms.
    """
    if len(terms) != 6:
        raise InputError(f"{path}: a geotransform of {len(terms)} numbers; expected 6")
    x, a, b, y, d, e = (float(term) for term in terms)
    return Georef((a, b, x, d, e, y), wkt(crs))


def lookup_table(path: Path, lines: Any, samples: Any, grid: Georef, size: tuple[int, int]) -> LookupTable:
    """The table of a map grid, from datasets that name line and sample of each cell.

    They count from one; zero or the fill value stands for none, a negative number for a cell that shows the pixel
    of a neighbour.

    Raises:
        InputError: the table does not fit the raster of `size` rows and columns.
    """
    rows, cols = _counted_from_zero(lines), _counted_from_zero(samples)
    try:
        return LookupTable(grid.transform, grid.crs, rows=rows, cols=cols, size=size)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def _counted_from_zero(dataset: Any) -> NDArray[np.integer[Any]]:
    """Indices from zero, -1 for none, in as few bytes as hold them: a table travels with its cube."""
    values: NDArray[np.int64] = dataset[()].astype(np.int64)
    values[values == nodata(dataset)] = 0
    indices = np.abs(values) - 1
    return indices.astype(np.int16) if indices.max(initial=0) <= np.iinfo(np.int16).max else indices
