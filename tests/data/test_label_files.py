"""Labels of every kind of file land on the scene's pixels with their names; what does not fit is told plainly."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import rasterio
from rasterio.crs import CRS
from rasterio.transform import Affine
from rasterio.warp import transform_geom
from scipy import io

from hypersigma.cube import Cube
from hypersigma.data.label_files import read_labels, read_training_labels, require_trainable, with_common_legend
from hypersigma.data.labels import LabelledScene
from hypersigma.errors import InputError, MissingExtraError
from hypersigma.georef import Georef
from hypersigma.palette import default_legend
from hypersigma.products import Layer, Legend
from hypersigma.writers import envi, geotiff
from tests.shared import data_path

UTM = CRS.from_epsg(32633).to_wkt()
TRANSFORM = (30.0, 0.0, 366000.0, 0.0, -30.0, 5810000.0)
GEOREF = Georef(TRANSFORM, UTM)
ROWS, COLS = 8, 10


def scene(georef: Georef | None = GEOREF) -> Cube:
    """A small scene."""
    return Cube.from_array(np.zeros((3, ROWS, COLS), dtype=np.float32), georef=georef, name="field")


def two_fields() -> np.ndarray:
    """Class 1 in the upper left, class 2 in the lower right."""
    labels = np.zeros((ROWS, COLS), dtype=np.uint8)
    labels[:3, :4], labels[5:, 6:] = 1, 2
    return labels


def tiff(path: Path, array: np.ndarray, **profile: object) -> Path:
    """A GeoTIFF on the scene's grid."""
    bands = array if array.ndim == 3 else array[None]
    settings = {
        "driver": "GTiff",
        "count": len(bands),
        "height": bands.shape[1],
        "width": bands.shape[2],
        "dtype": bands.dtype.name,
        "crs": UTM,
        "transform": Affine(*TRANSFORM),
    } | profile
    with rasterio.open(path, "w", **settings) as dataset:
        dataset.write(bands)
    return path


def square(row: float, col: float, height: float, width: float) -> dict:
    """A polygon around pixels of the scene, in its coordinates."""
    corners = [(row, col), (row, col + width), (row + height, col + width), (row + height, col), (row, col)]
    return {"type": "Polygon", "coordinates": [[GEOREF.xy(*corner) for corner in corners]]}


def geojson(path: Path, items: list[tuple[dict, dict]], crs: str | None = "EPSG:32633") -> Path:
    """A GeoJSON file of (geometry in the scene's coordinates, properties), written in some coordinate system."""
    features = []
    for geometry, properties in items:
        placed = transform_geom(UTM, crs or "EPSG:4326", geometry)
        features.append({"type": "Feature", "geometry": placed, "properties": properties})
    content: dict = {"type": "FeatureCollection", "features": features}
    if crs is not None:
        content["crs"] = {"type": "name", "properties": {"name": crs}}
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


FIELDS = [(square(0, 0, 3, 4), {"class": "barley"}), (square(5, 6, 3, 4), {"class": "wheat"})]


# rasters


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
def test_raster(tmp_path, dtype):
    found = read_labels(tiff(tmp_path / "labels.tif", two_fields().astype(dtype)), scene())
    np.testing.assert_array_equal(found.labels, two_fields())
    assert found.legend.names == ("class 1", "class 2")


def test_what_we_write_we_read(tmp_path):
    legend = Legend(("barley", "wheat", "rye & oats"), ((1, 2, 3), (4, 5, 6), (7, 8, 9)))
    layer = Layer(name="map", array=two_fields(), kind="classes", georef=GEOREF, legend=legend)
    for writer, name in ((geotiff, "map.tif"), (envi, "map.img")):
        found = read_labels(writer.write(layer, tmp_path / name), scene())
        np.testing.assert_array_equal(found.labels, two_fields())
        assert found.legend == legend


def test_palette_and_category_names_beside_a_raster(tmp_path):
    path = tiff(tmp_path / "labels.tif", two_fields())
    with rasterio.open(path, "r+") as dataset:
        dataset.write_colormap(1, {1: (10, 20, 30, 255), 2: (40, 50, 60, 255)})
    names = "<Category>none</Category><Category>barley</Category><Category>rye &amp; oats</Category>"
    xml = f'<PAMDataset><PAMRasterBand band="1"><CategoryNames>{names}</CategoryNames></PAMRasterBand></PAMDataset>'
    path.with_name("labels.tif.aux.xml").write_text(xml, encoding="utf-8")
    found = read_labels(path, scene())
    assert found.legend == Legend(("barley", "rye & oats"), ((10, 20, 30), (40, 50, 60)))


def test_an_envi_classification(tmp_path):
    (tmp_path / "labels").write_bytes(two_fields().tobytes())
    (tmp_path / "labels.hdr").write_text(
        f"ENVI\nsamples = {COLS}\nlines = {ROWS}\nbands = 1\nheader offset = 0\ndata type = 1\ninterleave = bsq\n"
        "byte order = 0\nfile type = ENVI Classification\nclasses = 3\nclass names = {Unclassified, barley, wheat}\n"
        "class lookup = {0, 0, 0, 10, 20, 30, 40, 50, 60}\n"
    )
    for given in ("labels", "labels.hdr"):
        found = read_labels(tmp_path / given, scene())
        np.testing.assert_array_equal(found.labels, two_fields())
        assert found.legend == Legend(("barley", "wheat"), ((10, 20, 30), (40, 50, 60)))


def test_values_keep_their_meaning_where_some_are_absent(tmp_path):
    labels = two_fields()
    labels[labels == 2] = 5
    found = read_labels(tiff(tmp_path / "labels.tif", labels), scene())
    assert set(np.unique(found.labels)) == {0, 1, 5}
    assert len(found.legend.names) == 5


def test_no_data_negative_and_nan_are_unlabelled(tmp_path):
    labels = two_fields().astype(np.float32)
    labels[3, :3] = (-9999, np.nan, 77)
    found = read_labels(tiff(tmp_path / "labels.tif", labels, nodata=77.0), scene())
    np.testing.assert_array_equal(found.labels, two_fields())


def test_codes_become_classes(tmp_path):
    labels = two_fields().astype(np.int32)
    labels[labels == 1], labels[labels == 2] = 311, 112
    found = read_labels(tiff(tmp_path / "labels.tif", labels), scene())
    assert found.legend.names == ("class 112", "class 311")
    assert found.labels[0, 0] == 2
    assert "112 to 311" in found.cube.notes[-1]
    full = read_labels(tiff(tmp_path / "full.tif", np.where(labels == 0, 500, labels)), scene())
    assert full.labels.min() == 1


def test_a_raster_without_georeference_needs_the_size_alone(tmp_path):
    path = tmp_path / "labels.png"
    with rasterio.open(path, "w", driver="PNG", width=COLS, height=ROWS, count=1, dtype="uint8") as dataset:
        dataset.write(two_fields(), 1)
    np.testing.assert_array_equal(read_labels(path, scene()).labels, two_fields())


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"crs": CRS.from_epsg(4326)}, ["EPSG:4326", "EPSG:32633", "rio warp"]),
        ({"transform": Affine(30, 0, 366060, 0, -30, 5810000)}, ["366060", "366000"]),
        ({"transform": Affine(10, 0, 366000, 0, -10, 5810000)}, ["10 x 10", "30 x 30"]),
    ],
)
def test_a_raster_on_another_grid_is_refused(tmp_path, change, told):
    path = tiff(tmp_path / "labels.tif", two_fields(), **change)
    with pytest.raises(InputError) as caught:
        read_labels(path, scene())
    assert all(part in str(caught.value) for part in told)


def test_a_raster_of_another_size_is_refused(tmp_path):
    path = tiff(tmp_path / "labels.tif", np.ones((5, 6), dtype=np.uint8))
    for cube in (scene(), scene(None)):
        with pytest.raises(InputError, match=r"5 x 6 pixels.*8 x 10 pixels"):
            read_labels(path, cube)


def test_a_missing_coordinate_system_is_taken_to_be_the_same(tmp_path):
    path = tiff(tmp_path / "labels.tif", two_fields())
    assert read_labels(path, scene(Georef(TRANSFORM, None))).labels.any()
    with pytest.raises(InputError, match="no coordinate system"):
        read_labels(path, scene(Georef((60.0, *TRANSFORM[1:]), None)))


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((ROWS, COLS), dtype=np.uint8), "no pixel is labelled"),
        (np.full((ROWS, COLS), 1.5, dtype=np.float32), "a label is 1.5"),
        (np.zeros((3, ROWS, COLS), dtype=np.uint8), "3 bands"),
    ],
)
def test_rasters_that_are_no_labels(tmp_path, array, message):
    with pytest.raises(InputError, match=message):
        read_labels(tiff(tmp_path / "labels.tif", array), scene())


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match="no such label file"):
        read_labels(tmp_path / "nothing.tif", scene())
    (tmp_path / "text.tif").write_text("this is no raster")
    with pytest.raises(InputError, match="cannot be read"):
        read_labels(tmp_path / "text.tif", scene())


# MATLAB


def test_matlab_of_both_versions(tmp_path):
    io.savemat(tmp_path / "v5.mat", {"gt": two_fields(), "other": np.zeros((4, 4)), "number": 3.0})
    with h5py.File(tmp_path / "v73.mat", "w") as file:
        file["gt"] = two_fields().T
    for name in ("v5.mat", "v73.mat"):
        np.testing.assert_array_equal(read_labels(tmp_path / name, scene()).labels, two_fields())


def test_matlab_asks_which(tmp_path):
    path = tmp_path / "two.mat"
    io.savemat(path, {"gt": two_fields(), "map": 3 - two_fields(), "cube": np.zeros((2, 3, 4))})
    with pytest.raises(InputError, match="2 variables can be the labels: gt, map"):
        read_labels(path, scene())
    assert read_labels(path, scene(), variable="map").labels[0, 0] == 2
    with pytest.raises(InputError, match="did you mean 'map'"):
        read_labels(path, scene(), variable="mpa")
    with pytest.raises(InputError, match="rows x columns"):
        read_labels(path, scene(), variable="cube")


def test_matlab_of_another_size(tmp_path):
    io.savemat(tmp_path / "one.mat", {"gt": np.ones((4, 5))})
    with pytest.raises(InputError, match=r"4 x 5 pixels.*8 x 10 pixels"):
        read_labels(tmp_path / "one.mat", scene())
    io.savemat(tmp_path / "many.mat", {"gt": np.ones((4, 5)), "train": np.ones((4, 5))})
    with pytest.raises(InputError, match="no matrix of 8 x 10"):
        read_labels(tmp_path / "many.mat", scene())


# polygons


@pytest.mark.parametrize("crs", ["EPSG:32633", "EPSG:4326", "urn:ogc:def:crs:EPSG::3857", None])
def test_polygons_in_any_coordinate_system(tmp_path, crs):
    found = read_labels(geojson(tmp_path / "labels.geojson", FIELDS, crs), scene())
    np.testing.assert_array_equal(found.labels, two_fields())
    assert found.legend.names == ("barley", "wheat")


def test_numbered_polygons_points_and_unlabelled_ones(tmp_path):
    items = [(geometry, {"code": value, "remark": "x"}) for (geometry, _), value in zip(FIELDS, (3, 7.0), strict=True)]
    items += [
        ({"type": "Point", "coordinates": GEOREF.xy(7.5, 0.5)}, {"code": 3}),
        (square(4, 4, 1, 1), {"code": None}),
    ]
    found = read_labels(geojson(tmp_path / "labels.json", items), scene())
    assert found.labels[0, 0] == found.labels[7, 0] == 3
    assert found.labels[7, 9] == 7
    assert found.labels[4, 4] == 0


def test_one_feature_alone(tmp_path):
    feature = {"type": "Feature", "geometry": transform_geom(UTM, "EPSG:4326", FIELDS[0][0])}
    (tmp_path / "one.json").write_text(json.dumps(feature | {"properties": {"crop": "barley"}}))
    assert read_labels(tmp_path / "one.json", scene()).legend.names == ("barley",)


def test_pixels_of_two_classes_are_unlabelled(tmp_path):
    items = [(square(0, 0, 4, 4), {"class": "a"}), (square(2, 2, 4, 4), {"class": "b"})]
    found = read_labels(geojson(tmp_path / "labels.geojson", items), scene())
    assert (found.labels[2:4, 2:4] == 0).all()
    assert (found.labels[0, 0], found.labels[5, 5]) == (1, 2)
    assert "4 pixels that two classes claim" in found.cube.notes[-1]


def test_the_attribute_is_found_or_asked_for(tmp_path):
    items = [(geometry, {"crop": words["class"], "year": 2024}) for geometry, words in FIELDS]
    path = geojson(tmp_path / "labels.geojson", items)
    with pytest.raises(InputError, match="have crop, year"):
        read_labels(path, scene())
    assert read_labels(path, scene(), attribute="crop").legend.names == ("barley", "wheat")
    with pytest.raises(InputError, match="no attribute 'crops'"):
        read_labels(path, scene(), attribute="crops")


def test_polygons_outside_of_the_scene(tmp_path):
    path = geojson(tmp_path / "labels.geojson", [(square(500, 500, 3, 3), {"class": "a"})])
    with pytest.raises(InputError, match=r"x 381000 to 381090, y .*scene over x 366000 to 366300"):
        read_labels(path, scene())


def test_polygons_that_cannot_be_placed(tmp_path):
    path = geojson(tmp_path / "labels.geojson", FIELDS)
    with pytest.raises(InputError, match="no georeference"):
        read_labels(path, scene(None))
    found = read_labels(path, scene(Georef(TRANSFORM, None)))
    np.testing.assert_array_equal(found.labels, two_fields())
    assert "names no coordinate system" in found.cube.notes[-1]
    path.write_text(path.read_text().replace("EPSG:32633", "EPSG:99"))
    with pytest.raises(InputError, match="'EPSG:99' is not understood"):
        read_labels(path, scene())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not readable as GeoJSON"),
        ("[]", "found list"),
        ('{"type": "Topology"}', "found Topology"),
        ('{"type": "FeatureCollection", "features": []}', "have none"),
    ],
)
def test_damaged_geojson(tmp_path, text, message):
    (tmp_path / "labels.geojson").write_text(text)
    with pytest.raises(InputError, match=message):
        read_labels(tmp_path / "labels.geojson", scene())


def test_polygons_without_a_class(tmp_path):
    path = geojson(tmp_path / "labels.geojson", [(square(0, 0, 2, 2), {"class": None})])
    with pytest.raises(InputError, match="no feature has a geometry and a value of 'class'"):
        read_labels(path, scene())


@pytest.mark.parametrize(("suffix", "driver"), [(".gpkg", "GPKG"), (".shp", "ESRI Shapefile")])
def test_geopackage_and_shapefile(tmp_path, suffix, driver):
    pyogrio = pytest.importorskip("pyogrio")
    plain = geojson(tmp_path / "plain.geojson", FIELDS)
    meta, _, geometries, columns = pyogrio.raw.read(plain)
    path = tmp_path / f"labels{suffix}"
    pyogrio.raw.write(path, geometries, columns, meta["fields"], driver=driver, geometry_type="Polygon", crs=UTM)
    found = read_labels(path, scene())
    np.testing.assert_array_equal(found.labels, two_fields())
    assert found.legend.names == ("barley", "wheat")


def test_vector_formats_need_an_extra(tmp_path, monkeypatch):
    (tmp_path / "labels.gpkg").write_bytes(b"no database")
    pytest.importorskip("pyogrio")
    with pytest.raises(InputError, match="cannot be read as polygons"):
        read_labels(tmp_path / "labels.gpkg", scene())
    monkeypatch.setitem(sys.modules, "pyogrio", None)
    with pytest.raises(MissingExtraError, match=r"hypersigma\[geo\]"):
        read_labels(tmp_path / "labels.gpkg", scene())


# to learn from


def labelled(labels: np.ndarray, *names: str) -> LabelledScene:
    """A scene with some labels."""
    return LabelledScene(scene(), labels.astype(np.int32), default_legend(names))


def test_scenes_share_one_legend():
    one = labelled(two_fields(), "barley", "wheat", "rye")
    other = labelled(np.where(two_fields() == 2, 1, 0), "rye")
    first, second = with_common_legend([one, other])
    assert first.legend.names == second.legend.names == ("barley", "wheat", "rye")
    assert len(set(first.legend.colors)) == 3
    assert second.labels.max() == 3
    np.testing.assert_array_equal(first.labels, two_fields())


def test_classes_without_a_pixel_are_left_out(tmp_path):
    labels = two_fields()
    labels[labels == 2] = 5
    [found] = read_training_labels([tiff(tmp_path / "labels.tif", labels)], [scene()])
    assert found.legend.names == ("class 1", "class 5")
    np.testing.assert_array_equal(found.labels, two_fields())


def test_too_few_labels():
    single = two_fields()
    single[4, 4] = 3
    with pytest.raises(InputError, match=r"too few labelled pixels in 'rye' \(1\)"):
        require_trainable([labelled(single, "barley", "wheat", "rye")])
    with pytest.raises(InputError, match=r"1 class \(barley\)"):
        require_trainable([labelled(two_fields() == 1, "barley")])


def test_one_label_file_a_scene(tmp_path):
    path = tiff(tmp_path / "labels.tif", two_fields())
    with pytest.raises(InputError, match="1 label files for 2 scenes"):
        read_training_labels([path], [scene(), scene()])


def test_real_label_maps():
    gt = h5py.File(data_path("label_maps_only/PaviaU_gt.mat"))["gt"][()].T
    cube = Cube.from_array(np.zeros((1, *gt.shape), dtype=np.uint8))
    found = read_labels(data_path("label_maps_only/PaviaU_gt.mat"), cube)
    assert found.labels.shape == (610, 340)
    assert len(found.legend.names) == 9
