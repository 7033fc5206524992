"""HDF5 and netCDF4 with a wavelength coordinate, read through h5py; windows touch only their chunks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from hypersigma.cube import Cube
from hypersigma.errors import InputError
from hypersigma.georef import Georef
from hypersigma.readers._arrays import choose, is_cube, named
from hypersigma.readers._bands import BandTable, Given
from hypersigma.readers._crs import wkt
from hypersigma.readers._found import Found, told_quantity
from hypersigma.readers._hdf5_source import Hdf5Source, is_hdf5, nodata, number, open_hdf5, words

_WAVELENGTH_NAMES = re.compile(r"(^|/)(wav|wl$|lambda|band_?cent(er|re)|cent(er|re)_wav)[^/]*$", re.I)
_FWHM_NAMES = re.compile(r"(^|/)(fwhm|band_?widths?)[^/]*$", re.I)
_GOOD_NAMES = re.compile(r"(^|/)(bbl|good_?(bands|wavelengths))$", re.I)
_SPECTRAL_AXES = {"band", "bands", "wavelength", "wavelengths", "wl", "spectral", "channel", "channels", "lambda"}
_ROW_AXES, _COL_AXES = {"y", "northing", "lat", "latitude"}, {"x", "easting", "lon", "longitude"}


def sniff(path: Path) -> int:
    """1 for an HDF5 file (netCDF4 is one) that is not MATLAB's, else 0."""
    return int(is_hdf5(path))


def open(path: Path, *, variable: str | None = None, given: Given | None = None) -> Cube:
    """A dataset with three axes, one of them spectral, as a cube.

    Raises:
        InputError: damaged, no such dataset or several, or none of its axes is the spectral one.
    """
    file = open_hdf5(path)
    datasets = _datasets(file)
    shapes = {name: tuple(item.shape) for name, item in datasets.items()}
    name = choose(path, shapes, _candidates(datasets)) if variable is None else named(path, shapes, variable)
    dataset = datasets[name]
    if not is_cube(dataset.shape):
        raise InputError(f"{path}: variable '{name}' has shape {dataset.shape}; a scene has three axes")
    axis = _spectral_axis(path, name, datasets)
    rows, cols = (other for other in range(3) if other != axis)
    scale, offset = (number(dataset, key, default) for key, default in (("scale_factor", 1.0), ("add_offset", 0.0)))
    scaled = (scale, offset) != (1.0, 0.0)
    said = " ".join([name, *(words(dataset, key) for key in ("long_name", "standard_name"))])
    return Found(
        source=Hdf5Source(path, name, (axis, rows, cols)),
        path=path,
        table=_band_table(datasets, dataset.shape[axis]),
        quantity=told_quantity(said, dataset.dtype, scaled),
        scale=scale,
        offset=offset,
        nodata=nodata(dataset),
        georef=_georef(datasets, dataset, rows, cols),
        sensor=words(file, "sensor") or words(file, "instrument"),
        acquired=words(file, "time_coverage_start"),
        notes=(f"variable '{name}'",),
    ).cube(given)


def _datasets(file: Any) -> dict[str, Any]:
    """Numeric datasets of a file by their path inside it."""
    import h5py

    found: dict[str, Any] = {}

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and item.dtype.kind in "iuf":
            found[name] = item

    file.visititems(visit)
    return found


def _candidates(datasets: dict[str, Any]) -> list[str]:
    """Datasets with three axes, those that have a spectral axis before others."""
    cubes = [name for name, item in datasets.items() if is_cube(item.shape)]
    lengths = {item.size for name, item in datasets.items() if _is_vector(name, item, _WAVELENGTH_NAMES)}
    # EMIT and others hold further arrays of three axes: angles, locations
    return [name for name in cubes if lengths & set(datasets[name].shape)] or cubes


def _is_vector(name: str, item: Any, pattern: re.Pattern[str]) -> bool:
    return item.ndim > 0 and item.size == max(item.shape) and pattern.search(name) is not None


def _vector(datasets: dict[str, Any], pattern: re.Pattern[str], length: int) -> Any | None:
    """The vector of a length whose name fits a pattern, or None."""
    hits = (item for name, item in datasets.items() if _is_vector(name, item, pattern) and item.size == length)
    return next(hits, None)


def _spectral_axis(path: Path, name: str, datasets: dict[str, Any]) -> int:
    """The axis that is as long as a list of wavelengths; where several are, or no list is, the one named so.

    Raises:
        InputError: nothing tells.
    """
    shape = datasets[name].shape
    labels = _axis_names(datasets[name])
    called = [axis for axis, label in enumerate(labels) if label in _SPECTRAL_AXES]
    fitting = [axis for axis in range(3) if _vector(datasets, _WAVELENGTH_NAMES, shape[axis]) is not None]
    for axes in (fitting, [axis for axis in called if not fitting or axis in fitting]):
        if len(axes) == 1:
            return axes[0]
    found = f"{len(fitting)} axes as long as the list of wavelengths" if fitting else "no wavelength coordinate"
    raise InputError(
        f"{path}: variable '{name}' {shape} has {found}; expected a dataset with one axis, named wavelength or the "
        "like, as long as one axis of the variable, or an axis named band"
    )


def _axis_names(dataset: Any) -> list[str]:
    """Names of a dataset's axes, from its dimension scales or labels; "" where there are none."""
    names = []
    for dimension in dataset.dims:
        scale = dimension[0].name if len(dimension) else dimension.label
        names.append(scale.rsplit("/", 1)[-1].lower())
    return names


def _band_table(datasets: dict[str, Any], num_bands: int) -> BandTable:
    found = [_vector(datasets, pattern, num_bands) for pattern in (_WAVELENGTH_NAMES, _FWHM_NAMES, _GOOD_NAMES)]
    unit = "" if found[0] is None else words(found[0], "units") or words(found[0], "Units")
    centres, fwhm, good = (None if item is None else np.ravel(item[()]) for item in found)
    return BandTable(centres=centres, unit=unit, fwhm=fwhm, good=good)


def _georef(datasets: dict[str, Any], dataset: Any, rows: int, cols: int) -> Georef | None:
    """The georeference of evenly spaced y and x coordinates of pixel centres, or None."""
    steps = []
    for axis, names in ((cols, _COL_AXES), (rows, _ROW_AXES)):
        hits = [item for name, item in datasets.items() if name.rsplit("/", 1)[-1].lower() in names]
        vector = next((item[()] for item in hits if item.shape == (dataset.shape[axis],)), None)
        if vector is None or len(vector) < 2:
            return None
        step = (float(vector[-1]) - float(vector[0])) / (len(vector) - 1)
        if step == 0.0 or not np.allclose(np.diff(vector), step, rtol=1e-3):
            return None
        # coordinates name centres of pixels, a transform their outer corner
        steps.append((float(vector[0]) - step / 2, step))
    (x, width), (y, height) = steps
    return Georef((width, 0.0, x, 0.0, height, y), _crs(dataset))


def _crs(dataset: Any) -> str | None:
    """The coordinate system of a dataset's grid mapping (CF conventions), or None."""
    mapping = words(dataset, "grid_mapping")
    group = dataset.parent
    item = group.get(mapping) if mapping else None
    if item is None:
        return None
    return next((system for key in ("crs_wkt", "spatial_ref") if (system := wkt(words(item, key)))), None)
