from __future__ import annotations

import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.shutil

from hypersigma.errors import InputError, OutputError
from hypersigma.georef import Georef
from hypersigma.products import Layer, Legend
from hypersigma.readers import open_cube
from hypersigma.writers import geotiff
from tests.layers import (
    LEGEND,
    NORTH_UP,
    UTM,
    abundance_layer,
    class_layer,
    cube_layer,
    rotated,
    scaled_layer,
    score_layer,
)


def test_classes_keep_values_palette_names_and_place(tmp_path: Path) -> None:
    layer = class_layer()
    with rasterio.open(geotiff.write(layer, tmp_path / "map.tif")) as dataset:
        assert dataset.dtypes == ("uint8",)
        assert dataset.nodata == 0
        assert np.array_equal(dataset.read(1), layer.array)
        assert dataset.colormap(1)[2] == (0, 158, 115, 255)
        assert dataset.transform.to_gdal() == (380000.0, 30.0, 0.0, 5810000.0, 0.0, -30.0)
        assert dataset.crs.to_epsg() == 32633
        assert dataset.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert geotiff.read_legend(dataset) == LEGEND


def test_class_names_are_where_gdal_looks_for_them(tmp_path: Path) -> None:
    path = geotiff.write(class_layer(), tmp_path / "map.tif")
    rasterio.shutil.copy(path, tmp_path / "map.vrt", driver="VRT")
    described = (tmp_path / "map.vrt").read_text()
    for name in ("no class", "Corn, no till", "Grass &amp; &lt;trees&gt;", "Water"):
        assert f"<Category>{name}</Category>" in described


def test_names_of_an_earlier_file_do_not_stay(tmp_path: Path) -> None:
    geotiff.write(class_layer(), tmp_path / "map.tif")
    with rasterio.open(geotiff.write(class_layer(legend=None), tmp_path / "map.tif")) as dataset:
        assert geotiff.read_legend(dataset) is None
    assert [path.name for path in tmp_path.iterdir()] == ["map.tif"]


def test_more_than_255_classes_need_two_bytes(tmp_path: Path) -> None:
    legend = Legend(tuple(f"class {value}" for value in range(300)), ((1, 2, 3),) * 300)
    layer = class_layer(legend=legend)
    layer.array[0, 0] = 300
    with rasterio.open(geotiff.write(layer, tmp_path / "map.tif")) as dataset:
        assert dataset.dtypes == ("uint16",)
        assert dataset.read(1)[0, 0] == 300
        assert geotiff.read_legend(dataset) == legend


def test_blocks_of_many_bands_are_small(tmp_path: Path) -> None:
    """A block holds all bands; of 300 bands one of 512 x 512 pixels would take 315 MB."""
    array = np.random.default_rng(0).normal(size=(300, 70, 150)).astype(np.float32)
    layer = Layer(name="cube", array=array, kind="cube")
    with rasterio.open(geotiff.write(layer, tmp_path / "cube.tif")) as dataset:
        height, width = dataset.block_shapes[0]
        assert 64 <= height == width
        assert 300 * 4 * height * width <= 16 << 20
        np.testing.assert_array_equal(dataset.read(), array)
        assert dataset.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"


def test_scores_keep_units_nan_and_numbers(tmp_path: Path) -> None:
    layer = score_layer()
    with rasterio.open(geotiff.write(layer, tmp_path / "confidence.tif")) as dataset:
        assert dataset.units == ("probability",)
        assert np.isnan(dataset.nodata)
        assert np.array_equal(dataset.read(1), layer.array, equal_nan=True)


def test_cubes_keep_wavelengths(tmp_path: Path) -> None:
    layer = cube_layer()
    with rasterio.open(geotiff.write(layer, tmp_path / "denoised.tif")) as dataset:
        assert np.array_equal(dataset.read(), layer.array, equal_nan=True)
        assert [float(dataset.tags(band)["wavelength"]) for band in dataset.indexes] == [450, 550, 650, 750, 850]
        assert dataset.tags(1)["wavelength_units"] == "Nanometers"
        assert float(dataset.tags(2, ns="IMAGERY")["CENTRAL_WAVELENGTH_UM"]) == 0.55
        assert dataset.descriptions[0] == "450.00 nm"


def test_bands_keep_their_names(tmp_path: Path) -> None:
    with rasterio.open(geotiff.write(abundance_layer(), tmp_path / "abundances.tif")) as dataset:
        assert dataset.descriptions == ("material 0", "material 1", "material 2")


def test_rotation_and_missing_crs_are_kept(tmp_path: Path) -> None:
    georef = Georef(rotated(20.0).transform)
    with rasterio.open(geotiff.write(score_layer(georef=georef), tmp_path / "x.tif")) as dataset:
        assert tuple(dataset.transform)[:6] == pytest.approx(georef.transform)
        assert dataset.crs is None


@pytest.mark.filterwarnings("error::rasterio.errors.NotGeoreferencedWarning")
def test_no_georeference_is_no_warning(tmp_path: Path) -> None:
    geotiff.write(score_layer(georef=None), tmp_path / "x.tif")


def test_big_rasters_get_overviews_that_keep_classes(tmp_path: Path) -> None:
    values = np.where(np.arange(1200) % 2, 1, 3).astype(np.uint8) * np.ones((1100, 1), np.uint8)
    with rasterio.open(geotiff.write(class_layer(array=values), tmp_path / "map.tif")) as dataset:
        assert dataset.overviews(1)
        assert set(np.unique(dataset.read(1, out_shape=(275, 300)))) <= {1, 3}


def test_memory_maps_are_streamed(tmp_path: Path) -> None:
    shape = (6, 1500, 1000)
    numbers = np.memmap(tmp_path / "numbers", dtype=np.float32, mode="w+", shape=shape)
    numbers[:] = np.arange(6, dtype=np.float32)[:, None, None]
    layer = Layer(name="cube", array=numbers, kind="cube")
    tracemalloc.start()
    path = geotiff.write(layer, tmp_path / "cube.tif")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < numbers.nbytes / 5
    with rasterio.open(path) as dataset:
        assert dataset.read(5)[700, 700] == 4.0


@pytest.mark.parametrize(
    ("given", "stored"),
    [("bool", "uint8"), ("float16", "float32"), (">f8", "float64"), ("int64", "int32"), ("int16", "int16")],
)
def test_odd_types_become_common_ones(tmp_path: Path, given: str, stored: str) -> None:
    values = np.array([[0, 1], [1, 0]]).astype(given)
    with rasterio.open(geotiff.write(Layer(name="x", array=values, kind="score"), tmp_path / "x.tif")) as dataset:
        assert dataset.dtypes == (stored,)
        assert np.array_equal(dataset.read(1), values)


def test_no_data_that_the_type_cannot_hold_is_left_out(tmp_path: Path) -> None:
    layer = Layer(name="x", array=np.zeros((2, 2), np.uint8), kind="score", nodata=-99.0)
    with rasterio.open(geotiff.write(layer, tmp_path / "x.tif")) as dataset:
        assert dataset.nodata is None


def test_a_crs_that_is_none_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'nonsense' is no coordinate reference system; give it as WKT or EPSG:n"):
        geotiff.write(score_layer(georef=Georef(NORTH_UP.transform, "nonsense")), tmp_path / "x.tif")
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_to_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        geotiff.write(score_layer(georef=Georef(NORTH_UP.transform, UTM)), tmp_path / "file" / "x.tif")


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    script = f"""
import pathlib, resource, signal
from hypersigma.errors import OutputError
from hypersigma.writers import geotiff
from tests.layers import cube_layer
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
try:
    geotiff.write(cube_layer(), pathlib.Path({str(tmp_path)!r}) / "x.tif")
except OutputError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "x.tif: cannot be written" in done.stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("units", ["reflectance", "radiance"])
def test_whole_numbers_keep_their_scale(tmp_path: Path, units: str) -> None:
    layer = scaled_layer(units=units)
    cube = open_cube(geotiff.write(layer, tmp_path / "cube.tif"))
    assert cube.source.dtype == np.int16
    np.testing.assert_allclose(cube.read(), layer.values(layer.array), rtol=1e-6)
