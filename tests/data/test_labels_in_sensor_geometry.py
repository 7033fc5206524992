"""Labels drawn on the map of a scene in sensor geometry land on its pixels; those in its own pixels need no place."""

from __future__ import annotations

import json

import numpy as np
import pytest
import rasterio
from rasterio.transform import Affine

from hypersigma.cube import Cube
from hypersigma.data.label_files import read_labels
from hypersigma.errors import InputError
from hypersigma.georef import Georef
from hypersigma.products import Layer
from hypersigma.tiling import Window
from hypersigma.writers import envi, geotiff
from tests.layers import LEGEND, UTM, class_layer, swath

ROWS, COLS = 40, 50
TABLE = swath(ROWS, COLS)
SCENE = Cube.from_array(np.zeros((3, ROWS, COLS), dtype=np.float32), georef=TABLE, name="swath")


def shown(labels):
    """Labels of the pixels that the map shows."""
    seen = np.zeros((ROWS, COLS), dtype=bool)
    seen[TABLE.rows[TABLE.rows >= 0], TABLE.cols[TABLE.rows >= 0]] = True
    return np.where(seen, labels, 0)


def box(first, last, name):
    """A rectangle on the map from one cell's corner to another's, as a feature."""
    (left, top), (right, bottom) = TABLE.grid.xy(*first), TABLE.grid.xy(*last)
    ring = [[left, top], [right, top], [right, bottom], [left, bottom], [left, top]]
    return {"type": "Feature", "properties": {"class": name}, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def polygons(path, *features):
    crs = {"type": "name", "properties": {"name": "EPSG:32633"}}
    path.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": list(features)}))
    return path


@pytest.mark.parametrize(("writer", "suffix"), [(geotiff, ".tif"), (envi, ".img")])
def test_our_own_map_comes_back(tmp_path, writer, suffix):
    layer = class_layer(georef=TABLE)
    found = read_labels(writer.write(layer, tmp_path / f"map{suffix}"), SCENE)
    np.testing.assert_array_equal(found.labels, shown(layer.array))
    assert found.legend.colors == LEGEND.colors
    assert "labels were brought from the map to the scene's own pixels" in found.cube.notes


def test_a_pixel_whose_cells_bear_two_classes(tmp_path):
    on_map = np.ones(TABLE.rows.shape, dtype="u1")
    pixels, counts = np.unique(np.stack([TABLE.rows, TABLE.cols])[:, TABLE.rows >= 0], axis=1, return_counts=True)
    row, col = pixels[:, counts > 1][:, 0]
    on_map[tuple(np.argwhere((TABLE.rows == row) & (TABLE.cols == col))[0])] = 2
    layer = Layer(name="map", array=on_map, kind="classes", georef=TABLE.grid, legend=LEGEND)
    found = read_labels(geotiff.write(layer, tmp_path / "map.tif"), SCENE)
    assert found.labels[row, col] == 0
    assert any("1 pixels whose map cells bear two classes" in note for note in found.cube.notes)


def test_a_raster_in_the_scenes_own_pixels(tmp_path):
    values = np.random.default_rng(0).integers(0, 3, (ROWS, COLS)).astype("u1")
    path = tmp_path / "own.tif"
    with rasterio.open(path, "w", driver="GTiff", count=1, height=ROWS, width=COLS, dtype="uint8") as dataset:
        dataset.write(values, 1)
    np.testing.assert_array_equal(read_labels(path, SCENE).labels, values)


def test_a_raster_on_another_map(tmp_path):
    path = tmp_path / "other.tif"
    shift = Affine(*TABLE.grid.windowed(Window(0, 5, 1, 1)).transform)
    profile = {"driver": "GTiff", "count": 1, "height": ROWS, "width": COLS, "dtype": "uint8", "crs": UTM}
    with rasterio.open(path, "w", transform=shift, **profile) as dataset:
        dataset.write(np.ones((ROWS, COLS), dtype="u1"), 1)
    rows, cols = TABLE.rows.shape
    with pytest.raises(
        InputError, match=f"another grid than the scene swath: 40 x 50 pixels .*against {rows} x {cols}"
    ):
        read_labels(path, SCENE)


def test_polygons_are_drawn_on_the_map(tmp_path):
    path = polygons(tmp_path / "p.geojson", box((20, 20), (30, 34), "corn"), box((35, 25), (40, 30), "water"))
    found = read_labels(path, SCENE)
    assert found.legend.names == ("corn", "water")
    for (top, left), (bottom, right), value in (((20, 20), (30, 34), 1), ((35, 25), (40, 30), 2)):
        part = (slice(top, bottom), slice(left, right))
        pixels = TABLE.rows[part], TABLE.cols[part]
        assert (found.labels[pixels] == value).all()
    assert int((found.labels > 0).sum()) <= 10 * 14 + 5 * 5


def test_pixels_that_two_polygons_claim(tmp_path):
    path = polygons(tmp_path / "p.geojson", box((20, 20), (30, 34), "corn"), box((25, 25), (40, 30), "water"))
    found = read_labels(path, SCENE)
    both = TABLE.rows[25:30, 25:30], TABLE.cols[25:30, 25:30]
    assert not found.labels[both].any()
    assert any("two classes claim" in note for note in found.cube.notes)


def test_polygons_beside_the_scene(tmp_path):
    with pytest.raises(InputError, match="no label lies inside the scene swath: .*the scene over x 380000 to"):
        read_labels(polygons(tmp_path / "p.geojson", box((0, 0), (2, 2), "corn")), SCENE)


def test_an_array_for_xarray_has_no_place():
    pytest.importorskip("xarray")
    array = SCENE.to_xarray()
    assert "transform" not in array.attrs
    assert Cube.from_xarray(array).georef is None
    assert isinstance(SCENE.georef, Georef)
