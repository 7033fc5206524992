"""NetCDF-4 after the CF conventions: grid mapping, coordinates, wavelengths, flag meanings; for xarray and Panoply."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from hypersigma.errors import MissingExtraError
from hypersigma.georef import Georef
from hypersigma.products import NO_CLASS, Layer
from hypersigma.tiling import blocks
from hypersigma.writers._atomic import replaced_file
from hypersigma.writers._storage import band_names, on_map, stored_dtype, stored_nodata
from hypersigma.writers.geotiff import parsed_crs

if TYPE_CHECKING:
    import h5netcdf

_BLOCK = 256
_GRID = "spatial_ref"  # the name rioxarray and GDAL look for


def write(layer: Layer, path: Path) -> Path:
    """Write a layer as a netCDF-4 file and return the path; one in sensor geometry is orthorectified.

    Raises:
        MissingExtraError: h5netcdf is not installed (extra `geo`).
        InputError: the coordinate reference system is not understood.
        OutputError: the file cannot be written.
    """
    try:
        import h5netcdf
    except ImportError as error:
        raise MissingExtraError("h5netcdf", "geo", "writing netCDF") from error
    layer = on_map(layer)
    with replaced_file(path) as partial, h5netcdf.File(partial, "w") as file:
        file.attrs["Conventions"] = "CF-1.10"
        file.attrs["title"] = layer.description or layer.name
        _write_bands(layer, file)
        if layer.georef is not None:
            _write_place(layer.georef, layer.planes.shape[1:], file)
        _write_numbers(layer, file)
    return path


def _dimensions(layer: Layer) -> tuple[str, ...]:
    if layer.array.ndim == 2:
        return ("y", "x")
    return ("band" if layer.wavelengths is None else "wavelength", "y", "x")


def _write_bands(layer: Layer, file: h5netcdf.File) -> None:
    """The dimensions, and what tells the bands apart: wavelengths or names."""
    dimensions = _dimensions(layer)
    file.dimensions = dict(zip(dimensions, layer.array.shape, strict=True))
    if dimensions[0] == "wavelength":
        centres = file.create_variable("wavelength", ("wavelength",), data=np.array(layer.wavelengths, dtype="f8"))
        centres.attrs.update(units="nm", standard_name="radiation_wavelength")
    elif dimensions[0] == "band":
        names = np.array(band_names(layer), dtype=object)
        file.create_variable("band", ("band",), dtype=h5py.string_dtype(), data=names)


def _write_place(georef: Georef, size: tuple[int, ...], file: h5netcdf.File) -> None:
    """The grid mapping, and the coordinates of pixel centres where rows and columns run along the axes."""
    a, b, x, d, e, y = georef.transform
    grid = file.create_variable(_GRID, (), dtype="i4", data=np.int32(0))
    grid.attrs["GeoTransform"] = " ".join(repr(float(term)) for term in (x, a, b, y, d, e))
    crs = parsed_crs(georef.crs)
    if crs is not None:
        grid.attrs["crs_wkt"] = grid.attrs[_GRID] = crs.to_wkt()
    if b or d:
        return
    rows, cols = size
    geographic = crs is not None and crs.is_geographic
    for axis, values in (("x", x + a * (np.arange(cols) + 0.5)), ("y", y + e * (np.arange(rows) + 0.5))):
        variable = file.create_variable(axis, (axis,), data=values)
        variable.attrs.update(_axis_attributes(axis, geographic))


def _axis_attributes(axis: str, geographic: bool) -> dict[str, str]:
    if not geographic:
        return {"standard_name": f"projection_{axis}_coordinate", "units": "m"}
    if axis == "x":
        return {"standard_name": "longitude", "units": "degrees_east"}
    return {"standard_name": "latitude", "units": "degrees_north"}


def _write_numbers(layer: Layer, file: h5netcdf.File) -> None:
    """The layer itself, window by window."""
    dtype = stored_dtype(layer)
    nodata = stored_nodata(layer)
    fill = None if nodata is None else dtype.type(nodata)
    chunks = (1,) * (layer.array.ndim - 2) + tuple(min(_BLOCK, length) for length in layer.array.shape[-2:])
    # "x" as the name of a layer would be taken for the axis.
    name = f"{layer.name}_layer" if layer.name in (*file.variables, *file.dimensions) else layer.name
    variable = file.create_variable(
        name, _dimensions(layer), dtype=dtype, fillvalue=fill, chunks=chunks, compression="gzip", shuffle=True
    )
    variable.attrs.update(_attributes(layer, dtype))
    rows, cols = layer.array.shape[-2:]
    for window in blocks(rows, cols, _BLOCK):
        block: Any = (..., *window.slices)
        variable[block] = layer.array[block].astype(dtype)


def _attributes(layer: Layer, dtype: np.dtype) -> dict[str, Any]:
    attributes: dict[str, Any] = {"long_name": layer.description or layer.name}
    if layer.units:
        attributes["units"] = layer.units
    if (layer.scale, layer.offset) != (1.0, 0.0):
        attributes |= {"scale_factor": layer.scale, "add_offset": layer.offset}
    if layer.georef is not None:
        attributes["grid_mapping"] = _GRID
    if layer.legend is not None:
        names = (NO_CLASS, *layer.legend.names)
        attributes["flag_values"] = np.arange(len(names), dtype=dtype)
        # CF separates meanings by blanks.
        attributes["flag_meanings"] = " ".join("_".join(name.split()) for name in names)
    return attributes
