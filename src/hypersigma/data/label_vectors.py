"""Labels from polygons, lines and points, brought to the scene's coordinate system and burnt onto its grid."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.label_maps import LabelMap, label_map
from hypersigma.errors import InputError, MissingExtraError
from hypersigma.georef import Georef, LookupTable
from hypersigma.palette import default_legend

# Attributes that name classes in common label files, the plainest first.
_CLASS_ATTRIBUTES = (
    *("class", "class_name", "classname", "name", "label", "landcover", "land_cover", "category", "type"),
    *("class_id", "classid", "code", "id"),
)

Feature = dict[str, Any]


def read_vectors(path: Path, cube: Cube, attribute: str | None) -> LabelMap:
    """The classes of a vector file on the scene's grid.

    A pixel belongs to a polygon that holds its centre; one that polygons of two classes claim is unlabelled. In a
    scene in sensor geometry a pixel belongs to a polygon that holds the centre of a map cell that shows it.

    Args:
        path: GeoJSON, or GeoPackage or Shapefile with extra `geo`.
        cube: the scene.
        attribute: the attribute that names the class; found by its name where None.

    Raises:
        InputError: it cannot be read, no attribute names classes, or nothing lies inside the scene.
        MissingExtraError: the format needs extra `geo`.
    """
    collection, features = _features(path, cube)
    key = _class_attribute(path, features, attribute)
    named = [(item["geometry"], _class_name(item, key)) for item in features]
    named = [(geometry, name) for geometry, name in named if name]
    if not named:
        raise InputError(f"{path}: no feature has a geometry and a value of '{key}'")
    geometries, notes = _placed(path, [geometry for geometry, _ in named], collection, cube)
    names = [name for _, name in named]
    if all(name.lstrip("+-").isdigit() for name in names):
        result = label_map(_burnt(path, geometries, [int(name) for name in names], cube, notes), str(path))
        return LabelMap(result.labels, result.legend, (*notes, *result.notes))
    classes = sorted(set(names))
    labels = _burnt(path, geometries, [classes.index(name) + 1 for name in names], cube, notes)
    return LabelMap(labels, default_legend(tuple(classes)), tuple(notes))


def read_area(path: Path, cube: Cube) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    """The pixels of the scene (rows, cols) that any feature of a vector file covers, whatever its attributes; notes.

    Raises:
        InputError: it cannot be read, or nothing in it lies inside the scene.
        MissingExtraError: the format needs extra `geo`.
    """
    collection, features = _features(path, cube)
    if not features:
        raise InputError(f"{path}: no feature has a geometry; expected polygons or points")
    geometries, notes = _placed(path, [item["geometry"] for item in features], collection, cube)
    burnt = _burnt(path, geometries, [1] * len(geometries), cube, notes)
    return burnt > 0, tuple(notes)


def read_geojson(path: Path) -> Feature:
    """A GeoJSON file as a collection of features.

    Raises:
        InputError: it is no GeoJSON.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not readable as GeoJSON: {error}") from error
    kind = content.get("type") if isinstance(content, dict) else None
    if kind == "Feature":
        content = {"features": [content]}
    elif kind != "FeatureCollection" or not isinstance(content.get("features"), list):
        raise InputError(f"{path}: a GeoJSON FeatureCollection is needed, found {kind or type(content).__name__}")
    return dict(content)


def _features(path: Path, cube: Cube) -> tuple[Feature, list[Feature]]:
    """A vector file as a collection, and those of its features that have a geometry.

    Raises:
        InputError: it cannot be read, or the scene has no georeference.
        MissingExtraError: the format needs extra `geo`.
    """
    if cube.georef is None:
        raise InputError(
            f"{path}: polygons cannot be placed, as the scene {cube.name} has no georeference; "
            "give the labels as a raster or matrix of the scene's size"
        )
    collection = read_geojson(path) if path.suffix.lower() in (".json", ".geojson") else _as_geojson(path)
    return collection, [item for item in collection["features"] if item.get("geometry")]


def _as_geojson(path: Path) -> Feature:
    """A GeoPackage, Shapefile or the like, through GDAL's vector drivers.

    Raises:
        InputError: it cannot be read.
        MissingExtraError: pyogrio is not installed.
    """
    try:
        import pyogrio
        from pyogrio.errors import DataSourceError
    except ImportError as error:
        raise MissingExtraError("pyogrio", "geo", f"reading {path.name}") from error
    try:
        meta, _, geometries, columns = pyogrio.raw.read(path)
    except DataSourceError as error:
        raise InputError(f"{path}: cannot be read as polygons: {error}") from error
    with tempfile.TemporaryDirectory() as folder:
        # GDAL's own GeoJSON spares a library for its binary geometries.
        plain = Path(folder) / "labels.geojson"
        kind, crs = meta["geometry_type"], meta["crs"] or "EPSG:4326"
        pyogrio.raw.write(
            plain, geometries, columns, meta["fields"], driver="GeoJSON", geometry_type=kind, crs=crs, RFC7946="NO"
        )
        collection = read_geojson(plain)
    return {"features": collection["features"], "crs_text": meta["crs"]}


def _class_attribute(path: Path, features: Sequence[Feature], attribute: str | None) -> str:
    """The attribute that tells the class: the one asked for, else one of a known name, else the only one.

    Raises:
        InputError: there is none, or no way to tell.
    """
    present: list[str] = list(dict.fromkeys(key for item in features for key in item.get("properties") or {}))
    if attribute is not None:
        if attribute not in present:
            raise InputError(f"{path}: no attribute '{attribute}'; features have {', '.join(present) or 'none'}")
        return attribute
    # Of two spellings that differ by case alone the first in the file wins.
    by_name = {key.lower(): key for key in reversed(present)}
    known = [by_name[name] for name in _CLASS_ATTRIBUTES if name in by_name]
    if known or len(present) == 1:
        return (known or present)[0]
    raise InputError(
        f"{path}: which attribute names the class? Features have {', '.join(present) or 'none'}; "
        "name one with --attribute, or call it 'class'"
    )


def _class_name(item: Feature, key: str) -> str:
    """The class of a feature as text; whole numbers without a fraction."""
    value = (item.get("properties") or {}).get(key)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value).strip()


def _placed(path: Path, geometries: list[Any], collection: Feature, cube: Cube) -> tuple[list[Any], list[str]]:
    """Geometries in the scene's coordinate system, and what was assumed."""
    from rasterio.crs import CRS
    from rasterio.errors import CRSError
    from rasterio.warp import transform_geom

    assert cube.georef is not None
    stated = ((collection.get("crs") or {}).get("properties") or {}).get("name")
    # GeoJSON is in longitude and latitude (RFC 7946) unless it names another system, as older files do.
    text = collection.get("crs_text", stated or "EPSG:4326")
    if cube.georef.crs is None or text is None:
        whose = "scene" if cube.georef.crs is None else "labels"
        return geometries, [f"the {whose} names no coordinate system; coordinates of labels and scene are taken alike"]
    try:
        source = CRS.from_user_input(text)
    except CRSError as error:
        raise InputError(f"{path}: coordinate system '{text}' is not understood; give it as EPSG:n") from error
    target = CRS.from_wkt(cube.georef.crs)
    if source == target:
        return geometries, []
    return list(transform_geom(source, target, geometries)), [f"labels were brought from {text[:40]} to the scene's"]


def _burnt(path: Path, geometries: list[Any], classes: list[int], cube: Cube, notes: list[str]) -> NDArray[np.int32]:
    """Class values (rows, cols) of geometries on the scene's grid.

    Raises:
        InputError: no geometry lies inside the scene; both extents are told.
    """
    from rasterio.features import rasterize
    from rasterio.transform import Affine

    assert cube.georef is not None
    georef = cube.georef
    on_map = georef.rows.shape if isinstance(georef, LookupTable) else cube.shape[1:]
    grid = {"out_shape": on_map, "transform": Affine(*georef.transform), "dtype": "int32"}
    shapes = list(zip(geometries, classes, strict=True))
    # Burnt in both orders: where the last one wins twice differently, two classes claim the pixel.
    labels: NDArray[np.int32] = rasterize(shapes, **grid)
    claimed_twice = labels != rasterize(shapes[::-1], **grid)
    labels[claimed_twice] = 0
    if isinstance(georef, LookupTable):
        cells_claimed = claimed_twice
        labels, claimed_twice = georef.in_sensor_geometry(labels)
        claimed_twice |= georef.in_sensor_geometry(cells_claimed.astype(np.int32))[0] > 0
        labels[claimed_twice] = 0
    if not labels.any():
        raise InputError(
            f"{path}: no label lies inside the scene {cube.name}: labels reach over {_extent(geometries)}, the "
            f"scene over {_scene_extent(georef, on_map)} in its coordinates; is the coordinate system right?"
        )
    if claimed_twice.any():
        notes.append(f"{int(claimed_twice.sum())} pixels that two classes claim are left unlabelled")
    return labels


def _extent(geometries: list[Any]) -> str:
    from rasterio.features import bounds

    boxes = np.array([bounds(geometry) for geometry in geometries])
    return _box(boxes[:, 0].min(), boxes[:, 2].max(), boxes[:, 1].min(), boxes[:, 3].max())


def _scene_extent(georef: Georef, size: tuple[int, ...]) -> str:
    rows, cols = size
    grid = Georef(georef.transform, georef.crs)
    corners = np.array([grid.xy(row, col) for row in (0, rows) for col in (0, cols)])
    (left, bottom), (right, top) = corners.min(axis=0), corners.max(axis=0)
    return _box(left, right, bottom, top)


def _box(left: float, right: float, bottom: float, top: float) -> str:
    return f"x {left:.8g} to {right:.8g}, y {bottom:.8g} to {top:.8g}"
