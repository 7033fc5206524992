"""Labels from rasters and MATLAB arrays, which must lie on the scene's own grid, or on that of its map."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hypersigma.cube import Cube
from hypersigma.data.label_maps import LabelMap, label_map
from hypersigma.errors import InputError
from hypersigma.georef import Georef, LookupTable
from hypersigma.products import Color
from hypersigma.readers import envi
from hypersigma.readers._arrays import listing, named
from hypersigma.readers._raster import open_raster, raster_georef
from hypersigma.readers.matlab import MatlabFile
from hypersigma.writers.geotiff import read_legend


def read_raster(path: Path, cube: Cube) -> LabelMap:
    """The classes of a raster file, with the names and colours it holds.

    Raises:
        InputError: it cannot be read, has several bands, or lies on another grid than the scene.
    """
    # GDAL reads zeros where an ENVI file is cut short, and keeps its class names to itself; our reader does neither.
    if envi.sniff(path):
        return _read_envi(path, cube)
    with open_raster(path) as dataset:
        _require_one_band(path, dataset.count)
        georef = raster_georef(dataset)
        _require_same_grid(path, (dataset.height, dataset.width), georef, cube)
        legend = read_legend(dataset)
        if legend is None:
            names, colors = _category_names(path), _colormap(dataset)
        else:
            names, colors = ["", *legend.names], dict(enumerate(legend.colors, start=1))
        found = label_map(dataset.read(1), str(path), names=names, colors=colors, nodata=dataset.nodata)
    return _on_scene(found, georef, cube)


def _read_envi(path: Path, cube: Cube) -> LabelMap:
    """An ENVI file, whose header may name the classes and their colours."""
    labels, header = envi.open(path), envi.read_header(path)
    bands, rows, cols = labels.shape
    _require_one_band(path, bands)
    _require_same_grid(path, (rows, cols), labels.georef, cube)
    lookup = [int(part) for part in header.numbers("class lookup") or []]
    colors = {value: tuple(lookup[3 * value : 3 * value + 3]) for value in range(len(lookup) // 3)}
    values = labels.source.read(labels.order, labels.window)[0]
    found = label_map(
        values, str(path), names=header.words("class names"), colors=_as_colors(colors), nodata=labels.nodata
    )
    return _on_scene(found, labels.georef, cube)


def _on_scene(found: LabelMap, georef: Georef | None, cube: Cube) -> LabelMap:
    """Labels of a scene in sensor geometry that were drawn on its map, brought back to its pixels; others as is."""
    if georef is None or not isinstance(cube.georef, LookupTable):
        return found
    labels, differing = cube.georef.in_sensor_geometry(found.labels)
    note = "labels were brought from the map to the scene's own pixels"
    if differing.any():
        note += f"; {int(differing.sum())} pixels whose map cells bear two classes are left unlabelled"
    return LabelMap(labels, found.legend, (*found.notes, note))


def read_matlab(path: Path, cube: Cube, variable: str | None) -> LabelMap:
    """The classes of a MATLAB array: the named one, else the only one of the scene's size.

    Raises:
        InputError: no array, or several, have the scene's rows and columns.
    """
    file = MatlabFile.of(path)
    if variable is None:
        variable = _only_map(path, file, cube)
    name = named(path, file.arrays, variable)
    shape = file.arrays[name]
    if len(shape) != 2:
        raise InputError(f"{path}: variable '{name}' is {shape}; labels are a matrix rows x columns")
    _require_same_grid(path, (shape[0], shape[1]), None, cube)
    return label_map(file.load(name), f"{path} ({name})")


def _only_map(path: Path, file: MatlabFile, cube: Cube) -> str:
    """The name of the only matrix of the scene's size, or the only matrix at all (whose size is then told)."""
    _, rows, cols = cube.shape
    matrices = {name: shape for name, shape in file.arrays.items() if len(shape) == 2 and min(shape) > 1}
    # Training and test maps of one scene often share a file; only a person can say which is meant.
    fitting = [name for name, shape in matrices.items() if shape == (rows, cols)]
    for candidates in (fitting, list(matrices)):
        if len(candidates) == 1:
            return candidates[0]
    if fitting:
        raise InputError(f"{path}: {len(fitting)} variables can be the labels: {', '.join(fitting)}; name one of them")
    raise InputError(
        f"{path}: no matrix of {rows} x {cols} pixels, as the scene {cube.name} has; "
        f"the file holds {listing(file.arrays)}"
    )


def _require_one_band(path: Path, count: int) -> None:
    if count != 1:
        raise InputError(f"{path}: {count} bands; labels are one band of class values, 0 for unlabelled pixels")


def _require_same_grid(path: Path, size: tuple[int, int], georef: Georef | None, cube: Cube) -> None:
    """Refuse labels on another grid: resampling class values would move labels off the ground they were seen on.

    Raises:
        InputError: with both sizes, coordinate systems and corners.
    """
    _, rows, cols = cube.shape
    place = cube.georef
    if isinstance(place, LookupTable):
        # drawn on the map, or in the scene's own pixels and then without a place
        (rows, cols), place = (place.rows.shape, place.grid) if georef is not None else ((rows, cols), None)
    fits, advice = size == (rows, cols), "labels without georeference need the scene's rows and columns"
    if georef is not None and place is not None:
        fits = fits and _same_crs(georef.crs, place.crs) and georef.same_grid(place)
        advice = (
            f"warp them first, as with  rio warp {_as_gdal(path)} {path.stem}_warped.tif --like SCENE --resampling "
            "nearest  (of an ENVI file the data, not the .hdr)"
        )
    if not fits:
        raise InputError(
            f"{path}: labels lie on another grid than the scene {cube.name}: {_grid(size, georef)}, against "
            f"{_grid((rows, cols), place)}; {advice}"
        )


def _as_gdal(path: Path) -> str:
    """The name that GDAL opens a raster by: an ENVI file's data, whose header lies beside."""
    if path.suffix.lower() != ".hdr":
        return path.name
    beside = sorted(other.name for other in path.parent.glob(f"{path.stem}*") if other != path and other.is_file())
    same = [name for name in beside if Path(name).stem == path.stem or name == path.stem]
    return same[0] if same else path.stem


def _grid(size: tuple[int, int], georef: Georef | None) -> str:
    """Size, coordinate system and corner of a raster as text."""
    if georef is None:
        return f"{size[0]} x {size[1]} pixels without georeference"
    a, b, x, d, e, y = georef.transform
    step = f"{np.hypot(a, d):.6g} x {np.hypot(b, e):.6g}"
    return f"{size[0]} x {size[1]} pixels of {step} from ({x:.9g}, {y:.9g}) in {_crs_name(georef.crs)}"


def _same_crs(one: str | None, other: str | None) -> bool:
    """Whether two coordinate systems are the same; one that is not stated is taken to be."""
    from rasterio.crs import CRS

    return one is None or other is None or bool(CRS.from_wkt(one) == CRS.from_wkt(other))


def _crs_name(wkt: str | None) -> str:
    """A coordinate system as a person knows it: EPSG code and name."""
    from rasterio.crs import CRS

    if wkt is None:
        return "no coordinate system"
    crs = CRS.from_wkt(wkt)
    name = re.match(r'\w+\["([^"]+)"', wkt)
    return " ".join(
        part for part in (f"EPSG:{crs.to_epsg()}" if crs.to_epsg() else "", name[1] if name else "") if part
    )


def _colormap(dataset: Any) -> dict[int, Color]:
    """The colours of a dataset with a palette, by value."""
    try:
        return _as_colors(dataset.colormap(1))
    except ValueError:
        return {}


def _as_colors(colors: dict[int, Any]) -> dict[int, Color]:
    return {value: (int(color[0]), int(color[1]), int(color[2])) for value, color in colors.items()}


def _category_names(path: Path) -> Sequence[str]:
    """Category names that GDAL keeps beside a raster, by value; none where there is no such file."""
    # rasterio has no call for GDAL's category names, so its auxiliary file is read as the text that it is.
    beside = path.with_name(path.name + ".aux.xml")
    if not beside.is_file():
        return ()
    listed = re.search(r"<CategoryNames>(.*?)</CategoryNames>", beside.read_text(encoding="utf-8"), re.DOTALL)
    names = re.findall(r"<Category>(.*?)</Category>|<Category ?/>", listed[1] if listed else "", re.DOTALL)
    return [html.unescape(name.strip()) for name in names]
