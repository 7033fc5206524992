"""How numbers are stored, whatever the format."""

from __future__ import annotations

import math
import tempfile
from dataclasses import replace

import numpy as np

from hypersigma.georef import LookupTable
from hypersigma.products import Layer

# float16, bool and 64-bit integers are what raster formats and the programs that read them disagree on.
_STORED = {"bool": "uint8", "int8": "int16", "float16": "float32"}


def on_map(layer: Layer) -> Layer:
    """A layer as it lies on a map: orthorectified where its scene is in sensor geometry, else as it is.

    Map cells that show no pixel are no data. Whole numbers without a no-data number have none to spare and become
    floating-point ones.
    """
    table = layer.georef
    if not isinstance(table, LookupTable):
        return layer
    fill, dtype = layer.nodata, layer.array.dtype
    if fill is None:
        fill, dtype = math.nan, np.result_type(dtype, np.float32)
    # a layer may be larger than memory: its map lies in a nameless file that lives as long as the array
    with tempfile.TemporaryFile(prefix="hypersigma-") as file:
        array = np.memmap(file, dtype, "w+", shape=(*layer.array.shape[:-2], *table.rows.shape))
    return replace(layer, array=table.orthorectified(layer.array, fill, array), georef=table.grid, nodata=fill)


def stored_dtype(layer: Layer) -> np.dtype:
    """The type that a layer's numbers are written in: the smallest for classes, else the nearest common one."""
    if layer.kind == "classes":
        highest = len(layer.legend.names) if layer.legend else int(layer.array.max(initial=0))
        return np.dtype("uint8" if highest <= np.iinfo(np.uint8).max else "uint16")
    if layer.array.dtype in (np.int64, np.uint64):
        return np.dtype("int32")
    return np.dtype(_STORED.get(layer.array.dtype.name, layer.array.dtype.newbyteorder("=").name))


def stored_nodata(layer: Layer) -> float | None:
    """The layer's no-data number where its stored type can hold it, else None."""
    dtype = stored_dtype(layer)
    if layer.nodata is None or np.issubdtype(dtype, np.floating):
        return layer.nodata
    limits = np.iinfo(dtype)
    whole = math.isfinite(layer.nodata) and float(layer.nodata).is_integer()
    return layer.nodata if whole and limits.min <= layer.nodata <= limits.max else None


def band_names(layer: Layer) -> tuple[str, ...]:
    """One name a band: those given, else the wavelengths, else the layer's name or numbers."""
    if layer.band_names:
        return layer.band_names
    if layer.wavelengths is not None:
        return tuple(f"{centre:.2f} nm" for centre in layer.wavelengths)
    if layer.array.ndim == 2:
        return (layer.name,)
    return tuple(f"{layer.name} {number}" for number in range(1, len(layer.array) + 1))
