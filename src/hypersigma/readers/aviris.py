"""AVIRIS-NG, AVIRIS-3 and AVIRIS-5: ENVI files told by their names, and netCDF with a group of the quantity's name."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypersigma.cube import Cube, Quantity
from hypersigma.georef import Georef
from hypersigma.readers._bands import BandTable, Given
from hypersigma.readers._envi_header import header_of
from hypersigma.readers._envi_source import envi_found
from hypersigma.readers._found import Found
from hypersigma.readers._glt import IN_SENSOR_GEOMETRY, gdal_grid, lookup_table
from hypersigma.readers._hdf5_product import Hdf5Product
from hypersigma.readers._hdf5_source import Hdf5Source, is_hdf5, nodata, radiance_note, words

PRODUCT = "AVIRIS-NG, AVIRIS-3 and AVIRIS-5"

# ang20140912t192359_corr_v1c_img; AV320231008t153425_..._RFL_ORT; beside them lie angles, locations, tables
_ENVI_NAME = re.compile(
    r"^(?:(ang)\d{8}t\d{6}_(corr|rfl|rdn)_v\w+_img|(av[35])\d{8}t\d{6}_.*_(rfl|rdn)(?:_ort)?$)", re.IGNORECASE
)
_SENSORS = {"ang": "AVIRIS-NG", "av3": "AVIRIS-3", "av5": "AVIRIS-5"}
_QUANTITIES: dict[str, Quantity] = {"corr": "reflectance", "rfl": "reflectance", "rdn": "radiance"}
_RADIANCE_UNIT = "uW nm-1 cm-2 sr-1"
_GROUPS: tuple[Quantity, ...] = ("reflectance", "radiance")
_TABLE = "geolocation_lookup_table"
_MAPPING = "transverse_mercator"
_FILL = -9999.0


def sniff(path: Path) -> int:
    """2 for reflectance or radiance of these instruments, else 0."""
    if _named(path) is not None and path.is_file() and header_of(path) is not None:
        return 2
    return _PRODUCT.sniff(path)


def _named(path: Path) -> re.Match[str] | None:
    return _ENVI_NAME.match(path.name.split(".")[0])


def open(path: Path, *, variable: str | None = None, given: Given | None = None) -> Cube:
    """An AVIRIS scene as a cube; one in sensor geometry is placed by its lookup table.

    Raises:
        InputError: damaged, cut short, or header, table and pixels do not belong together.
    """
    if is_hdf5(path):
        return _PRODUCT.open(path, variable, given)
    return _envi_scene(path).cube(given)


def _envi_scene(path: Path) -> Found:
    """What an ENVI file holds, with the quantity and sensor that its name tells."""
    found = envi_found(path)
    match = _named(path)
    if match is None:
        return found
    sensor, quantity = (match[1] or match[3]).lower(), (match[2] or match[4]).lower()
    # headers leave the number for "beside the flight line" out that all of these products share
    fill = _FILL if found.nodata is None else found.nodata
    found = replace(found, sensor=_SENSORS[sensor], nodata=fill, acquired=path.name[len(sensor) :])
    # whole numbers were made by somebody else, whose header tells their scale or nobody
    if found.source.dtype.kind != "f":
        return found
    notes = (f"radiance in {_RADIANCE_UNIT}",) if quantity == "rdn" else ()
    return replace(found, quantity=_QUANTITIES[quantity], notes=(*found.notes, *notes))


def _group(file: Any) -> Quantity | None:
    """The group that holds the cube, which bears the quantity's name as the cube does; None where there is none."""
    names = (name for name in _GROUPS if f"{name}/{name}" in file and f"{name}/wavelength" in file)
    return next(names, None) if _MAPPING in file else None


def _netcdf_scene(path: Path, file: Any) -> Found:
    """What a netCDF file holds, (bands, rows, cols) in the group of its quantity."""
    group = _group(file)
    assert group is not None
    data, bands = file[f"{group}/{group}"], file[group]
    source = Hdf5Source(path, f"{group}/{group}", (0, 1, 2))
    _, rows, cols = source.shape
    fill = nodata(data)
    georef, notes = _georef(path, file, (rows, cols))
    return Found(
        source=source,
        path=path,
        table=BandTable(
            centres=bands["wavelength"][()],
            unit=words(bands["wavelength"], "units"),
            fwhm=bands["fwhm"][()] if "fwhm" in bands else None,
        ),
        quantity=group,
        nodata=_FILL if fill is None else fill,
        georef=georef,
        sensor=_SENSORS.get(path.name[:3].lower(), words(file, "instrument")),
        acquired=words(file, "time_coverage_start") or path.name[3:],
        notes=(*radiance_note(data), *notes),
    )


def _georef(path: Path, file: Any, size: tuple[int, int]) -> tuple[Georef | None, tuple[str, ...]]:
    """The place of a scene on its map grid, or through its lookup table where the file holds one; and notes.

    Raises:
        InputError: the table names pixels that the scene lacks.
    """
    mapping = file[_MAPPING]
    terms = words(mapping, "GeoTransform").split()
    if not terms:
        return None, ("the file does not say where the scene lies",)
    grid = gdal_grid(path, [float(term) for term in terms], words(mapping, "spatial_ref") or words(mapping, "crs_wkt"))
    # what was put on the map already may keep its table, which is as large as the map then
    if _TABLE not in file or file[f"{_TABLE}/line"].shape == size:
        return grid, ()
    table = lookup_table(path, file[f"{_TABLE}/line"], file[f"{_TABLE}/sample"], grid, size)
    return table, (IN_SENSOR_GEOMETRY,)


_PRODUCT = Hdf5Product(name="an AVIRIS scene", is_mine=lambda file: _group(file) is not None, found=_netcdf_scene)
