"""Objects as GeoJSON: read back by GDAL, placed where the GeoTIFF of the scene has them."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.crs import CRS
from rasterio.features import rasterize
from rasterio.warp import transform, transform_geom

from hypersigma import writers
from hypersigma.engine.model import Result
from hypersigma.errors import InputError, OutputError
from hypersigma.georef import Georef
from hypersigma.products import Detection, Objects
from hypersigma.tiling import Window
from hypersigma.writers import geojson, geotiff
from tests.layers import NORTH_UP, UTM, report, rotated, score_layer, swath

LOCAL = 'LOCAL_CS["hall",UNIT["metre",1]]'


def ring() -> np.ndarray:
    """A ring of pixels, with one more at a corner."""
    mask = np.ones((4, 4), dtype=bool)
    mask[1:2, 1:2] = mask[3, :] = mask[:, 3] = False
    mask[3, 3] = True
    return mask


def objects(mask: np.ndarray | None = None, **changes: Any) -> Objects:
    pixels = ring() if mask is None else mask
    item = Detection(
        id=1,
        window=Window(10, 20, *pixels.shape),
        mask=pixels,
        peak=(10, 21),
        centroid=(12.0, 22.0),
        peak_score=0.123456789,
        mean_score=0.1,
        spectrum=np.array([0.25, np.nan, 1 / 3], dtype=np.float32),
    )
    given = {"georef": NORTH_UP, "wavelengths": np.array([450.0, 550.0, 650.123456])}
    return Objects(**{"name": "targets", "found": (item,), **given, **changes})


def area(points: list[list[float]]) -> float:
    """Signed area of a closed ring, positive where it runs counterclockwise."""
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairwise(points)) / 2


def local(points: list[list[float]]) -> list[list[float]]:
    return [[x - points[0][0], y - points[0][1]] for x, y in points]


@pytest.mark.parametrize("georef", [NORTH_UP, rotated(25.0)], ids=["north up", "rotated"])
def test_gdal_reads_it_back_where_the_geotiff_has_the_pixels(georef: Georef, tmp_path: Path) -> None:
    found = objects(georef=georef)
    layer = score_layer(georef=georef)
    path = geojson.write(found, tmp_path / "targets.geojson")
    meta, _, geometries, columns = pyogrio.raw.read(path)
    assert CRS.from_user_input(meta["crs"]) == CRS.from_epsg(4326)
    assert len(geometries) == 1
    values = dict(zip(meta["fields"], (column[0] for column in columns), strict=True))
    assert (values["row"], values["col"], values["num_pixels"]) == (10, 21, found.found[0].num_pixels)
    assert values["area_m2"] == pytest.approx(900.0 * found.found[0].num_pixels)
    with rasterio.open(geotiff.write(layer, tmp_path / "score.tif")) as dataset:
        geometry = json.loads(path.read_text())["features"][0]["geometry"]
        back = transform_geom("EPSG:4326", dataset.crs, geometry)
        burnt = rasterize([back], out_shape=dataset.shape, transform=dataset.transform)
        x, y = dataset.xy(10, 20)
        (longitude,), (latitude,) = transform(dataset.crs, "EPSG:4326", [x], [y])
    expected = np.zeros((40, 50), dtype=bool)
    expected[10:14, 20:24] = ring()
    np.testing.assert_array_equal(burnt > 0, expected)
    west, south, east, north = pyogrio.read_info(path, force_total_bounds=True)["total_bounds"]
    assert west < longitude < east
    assert south < latitude < north


@pytest.mark.parametrize("georef", [NORTH_UP, rotated(25.0), rotated(200.0), None])
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000))
def test_rings_turn_as_the_rfc_asks_and_cover_the_pixels(georef: Georef | None, seed: int) -> None:
    mask = np.random.default_rng(seed).random((6, 7)) < 0.6
    mask[0, 0] = True
    geometry = geojson.content(objects(mask, georef=georef))["features"][0]["geometry"]
    polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    for outer, *holes in polygons:
        assert area(local(outer)) > 0
        assert all(area(local(hole)) < 0 for hole in holes)
        assert all(points[0] == points[-1] for points in (outer, *holes))
    if georef is None:
        assert sum(area(points) for polygon in polygons for points in polygon) == mask.sum()


def test_members_and_properties() -> None:
    content = geojson.content(objects(num_left_out=3, notes=("4 objects were found",)))
    assert content["type"] == "FeatureCollection"
    assert content["name"] == "targets"
    assert content["num_left_out"] == 3
    assert content["notes"] == ["4 objects were found"]
    assert content["wavelengths"] == [450.0, 550.0, 650.1235]
    assert "crs_note" not in content
    properties = content["features"][0]["properties"]
    assert properties["peak_score"] == 0.123457
    assert properties["spectrum"] == [0.25, None, 0.333333]


@pytest.mark.parametrize(
    ("georef", "note", "corner"),
    [
        (None, "no georeference; coordinates are pixels", [20, 10]),
        (swath(), "sensor geometry; coordinates are pixels", [20, 10]),
        (Georef(NORTH_UP.transform), "not known; coordinates are its own", [380600, 5809700]),
        (Georef(NORTH_UP.transform, LOCAL), "not known; coordinates are its own", [380600, 5809700]),
    ],
    ids=["none", "lookup table", "no crs", "local crs"],
)
def test_what_cannot_be_placed_says_so(georef: Georef | None, note: str, corner: list[float], tmp_path: Path) -> None:
    path = geojson.write(objects(np.ones((1, 1), dtype=bool), georef=georef), tmp_path / "x.geojson")
    content = json.loads(path.read_text())
    assert note in content["crs_note"]
    assert corner in content["features"][0]["geometry"]["coordinates"][0]
    assert "area_m2" not in content["features"][0]["properties"]
    assert pyogrio.read_info(path)["features"] == 1


def test_degrees_have_no_area_and_feet_are_not_metres() -> None:
    degrees = Georef((0.01, 0.0, 13.0, 0.0, -0.01, 52.0), CRS.from_epsg(4326).to_wkt())
    assert "area_m2" not in geojson.content(objects(georef=degrees))["features"][0]["properties"]
    feet = Georef((10.0, 0.0, 2e6, 0.0, -10.0, 7e5), CRS.from_epsg(2263).to_wkt())
    pixel = geojson.content(objects(np.ones((1, 1), dtype=bool), georef=feet))["features"][0]["properties"]
    assert pixel["area_m2"] == pytest.approx(9.2903, rel=1e-4)


def test_no_objects_is_a_collection_too(tmp_path: Path) -> None:
    path = geojson.write(objects(found=(), wavelengths=None), tmp_path / "x.geojson")
    assert pyogrio.read_info(path)["features"] == 0


def test_a_file_is_whole_or_absent(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no coordinate reference system"):
        geojson.write(objects(georef=Georef(NORTH_UP.transform, "nonsense")), tmp_path / "x.geojson")
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        geojson.write(objects(georef=Georef(NORTH_UP.transform, UTM)), tmp_path / "file" / "x.geojson")


def test_a_result_writes_its_objects(tmp_path: Path) -> None:
    found = (objects(), replace(objects(), name="others"))
    Result(layers={}, report=report(), objects=found).save(tmp_path / "out")
    assert {"targets.geojson", "others.geojson"} <= {path.name for path in (tmp_path / "out").iterdir()}
    (tmp_path / "plain").mkdir()
    writers.write_result([], report(), tmp_path / "plain")
    assert {path.name for path in (tmp_path / "plain").iterdir()} == {"report.html", "report.json"}


def test_objects_that_contradict_themselves_are_refused() -> None:
    with pytest.raises(ValueError, match=r"bands, not of one number"):
        objects(wavelengths=np.array([450.0]))
    with pytest.raises(ValueError, match=r"object 1: a mask of shape \(4, 4\)"):
        replace(objects().found[0], window=Window(0, 0, 1, 1))
