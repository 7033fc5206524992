"""Cloud-optimised GeoTIFF: tiles, overviews, georeference, palette, class names, units and wavelengths inside.

Written window by window, so a layer may be a memory map larger than memory. GDAL keeps class names beside a
GeoTIFF (`.aux.xml`), where GIS programs look for them; they stand in the file itself as well, as metadata.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import rasterio
import rasterio.shutil
from rasterio._err import CPLE_BaseError  # has no public name
from rasterio.crs import CRS
from rasterio.errors import CRSError, NotGeoreferencedWarning
from rasterio.io import DatasetReader, DatasetWriter
from rasterio.transform import Affine
from rasterio.windows import Window as RasterWindow

from hypersigma.errors import InputError
from hypersigma.mapped import release
from hypersigma.products import NO_CLASS, Layer, Legend
from hypersigma.tiling import blocks
from hypersigma.writers._atomic import replaced_file
from hypersigma.writers._storage import band_names, on_map, stored_dtype, stored_nodata

# Metadata items of ours. They stand in the default domain because the COG driver copies no other.
KIND = "HYPERSIGMA_KIND"
CLASS_NAMES = "HYPERSIGMA_CLASS_NAMES"
_BLOCK, _SMALLEST_BLOCK = 512, 64  # pixels
_MOST_BYTES = 16 << 20  # of a block with all its bands, several of which GDAL holds at once
_CACHE = 64_000_000  # bytes; GDAL's own choice is a share of the machine's memory


def write(layer: Layer, path: Path) -> Path:
    """Write a layer as a cloud-optimised GeoTIFF and return the path; one in sensor geometry is orthorectified.

    Raises:
        InputError: the coordinate reference system is not understood.
        OutputError: the file cannot be written.
    """
    layer = on_map(layer)
    names_path = path.with_name(path.name + ".aux.xml")
    with replaced_file(path) as partial, _gdal_complaints(), rasterio.Env(GDAL_CACHEMAX=_CACHE):
        plain = partial.with_suffix(".plain.tif")
        try:
            _write_plain(layer, plain)
            _copy_cloud_optimised(layer, plain, partial)
        finally:
            plain.unlink(missing_ok=True)
        names_path.unlink(missing_ok=True)
    if layer.legend is not None:
        with replaced_file(names_path) as partial:
            partial.write_text(_category_names(layer.legend), encoding="utf-8")
    return path


@contextmanager
def _gdal_complaints() -> Iterator[None]:
    """GDAL's errors as errors of the disk, which they are here; its word on missing georeferences left out."""
    with warnings.catch_warnings():
        # A scene without a georeference is no mistake; its layers have none either.
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        try:
            yield
        except CPLE_BaseError as error:
            raise OSError(str(error)) from error


def read_legend(dataset: DatasetReader) -> Legend | None:
    """The class names and colours that `write` put into a file, or None."""
    names = dataset.tags().get(CLASS_NAMES)
    if names is None:
        return None
    palette, listed = dataset.colormap(1), json.loads(names)
    colors = [palette[value][:3] for value in range(1, len(listed) + 1)]
    return Legend(tuple(listed), tuple((red, green, blue) for red, green, blue in colors))


def _block(layer: Layer) -> int:
    """Side of the file's blocks in pixels: a cube of many bands has smaller ones."""
    side, bytes_a_pixel = _BLOCK, len(layer.planes) * stored_dtype(layer).itemsize
    while side > _SMALLEST_BLOCK and side**2 * bytes_a_pixel > _MOST_BYTES:
        side //= 2
    return side


def _write_plain(layer: Layer, path: Path) -> None:
    """The layer as an uncompressed GeoTIFF: the COG driver copies, it cannot be written to by windows."""
    bands, rows, cols = layer.planes.shape
    profile: dict[str, Any] = {
        "driver": "GTiff",
        "dtype": stored_dtype(layer).name,
        "count": bands,
        "height": rows,
        "width": cols,
        "nodata": stored_nodata(layer),
        "interleave": "band",  # written band by band, so that memory holds one block at a time
        "tiled": True,  # as the copy is, which else reads it over and over
        "blockxsize": _block(layer),
        "blockysize": _block(layer),
        "BIGTIFF": "IF_SAFER",
    }
    if layer.georef is not None:
        profile["transform"] = Affine(*layer.georef.transform)
        profile["crs"] = parsed_crs(layer.georef.crs)
    with rasterio.open(path, "w", **profile) as dataset:
        _describe(layer, dataset)
        for band, plane in enumerate(layer.planes, start=1):
            for window in blocks(rows, cols, _BLOCK):
                block = plane[window.slices].astype(profile["dtype"])
                dataset.write(block, band, window=RasterWindow(window.col, window.row, window.width, window.height))
            release(layer.array)


def parsed_crs(wkt: str | None) -> CRS | None:
    """A coordinate reference system from its text.

    Raises:
        InputError: the text is none.
    """
    try:
        return CRS.from_user_input(wkt) if wkt else None
    except CRSError as error:
        raise InputError(f"{wkt!r} is no coordinate reference system; give it as WKT or EPSG:n") from error


def _describe(layer: Layer, dataset: DatasetWriter) -> None:
    """Everything that explains the numbers: palette, names, units, wavelengths."""
    dataset.update_tags(TIFFTAG_IMAGEDESCRIPTION=layer.description or layer.name, TIFFTAG_SOFTWARE="hypersigma")
    dataset.update_tags(**{KIND: layer.kind})
    dataset.descriptions = band_names(layer)
    if (layer.scale, layer.offset) != (1.0, 0.0):
        dataset.scales, dataset.offsets = (layer.scale,) * dataset.count, (layer.offset,) * dataset.count
    if layer.units:
        dataset.units = (layer.units,) * dataset.count
    if layer.legend is not None:
        dataset.update_tags(**{CLASS_NAMES: json.dumps(layer.legend.names)})
        palette = {value: (*color, 255) for value, color in enumerate(layer.legend.colors, start=1)}
        dataset.write_colormap(1, {0: (0, 0, 0, 0), **palette})
    for band, centre in enumerate(layer.wavelengths if layer.wavelengths is not None else (), start=1):
        dataset.update_tags(band, wavelength=f"{centre:.4f}", wavelength_units="Nanometers")
        # GDAL's own name for it, in its own unit.
        dataset.update_tags(band, ns="IMAGERY", CENTRAL_WAVELENGTH_UM=f"{centre / 1000:.7f}")


def _copy_cloud_optimised(layer: Layer, source: Path, target: Path) -> None:
    """The same raster tiled, compressed and with overviews; the mean of two classes is no class."""
    rasterio.shutil.copy(
        source,
        target,
        driver="COG",
        compress="DEFLATE",
        predictor="NO" if layer.kind == "classes" else "YES",
        blocksize=_block(layer),
        overview_resampling="NEAREST" if layer.kind == "classes" else "AVERAGE",
        BIGTIFF="IF_SAFER",
    )


def _category_names(legend: Legend) -> str:
    """GDAL's auxiliary file (PAM) with one category name a value, from 0."""
    names = "".join(f"      <Category>{escape(name)}</Category>\n" for name in (NO_CLASS, *legend.names))
    return (
        '<PAMDataset>\n  <PAMRasterBand band="1">\n    <CategoryNames>\n'
        f"{names}    </CategoryNames>\n  </PAMRasterBand>\n</PAMDataset>\n"
    )
