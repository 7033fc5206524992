"""Layers of a scene in sensor geometry are written as they lie on the map, whatever the format."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
import rasterio

from hypersigma.products import Layer
from hypersigma.readers import open_cube
from hypersigma.writers import envi, geotiff, netcdf, png
from hypersigma.writers._storage import on_map
from tests.fakes.emit import write_emit
from tests.layers import NORTH_UP, class_layer, cube_layer, score_layer, swath

TABLE = swath()


def expected(layer):
    """The layer's planes on the map, cell by cell."""
    filled = np.full((len(layer.planes), *TABLE.rows.shape), layer.nodata, dtype=layer.array.dtype)
    for row, col in np.argwhere(TABLE.rows >= 0):
        filled[:, row, col] = layer.planes[:, TABLE.rows[row, col], TABLE.cols[row, col]]
    return filled


@pytest.mark.parametrize("make", [class_layer, score_layer, cube_layer])
def test_geotiff(tmp_path, make):
    layer = make(georef=TABLE)
    with rasterio.open(geotiff.write(layer, tmp_path / "layer.tif")) as dataset:
        assert tuple(dataset.transform)[:6] == NORTH_UP.transform
        assert dataset.crs.to_epsg() == 32633
        np.testing.assert_array_equal(dataset.read(), expected(layer))
        assert (dataset.nodata == layer.nodata) or np.isnan(dataset.nodata)
        assert (geotiff.read_legend(dataset) is None) == (layer.legend is None)


@pytest.mark.parametrize("make", [class_layer, cube_layer])
def test_envi(tmp_path, make):
    layer = make(georef=TABLE)
    cube = open_cube(envi.write(layer, tmp_path / "layer.img"))
    assert cube.georef.transform == NORTH_UP.transform
    np.testing.assert_array_equal(cube.source.read(cube.order, cube.window), expected(layer))


def test_netcdf(tmp_path):
    layer = cube_layer(georef=TABLE)
    path = netcdf.write(layer, tmp_path / "layer.nc")
    with h5py.File(path) as file:
        np.testing.assert_array_equal(file["denoised"][()], expected(layer))
        assert file["x"].shape == TABLE.rows.shape[1:]
    assert open_cube(path).georef.crs_name == "EPSG:32633"


def test_png_shows_the_map():
    layer = class_layer(georef=TABLE)
    assert png.draw(layer) == png.draw(on_map(layer)) != png.draw(class_layer())


def test_whole_numbers_without_one_for_no_data_become_floating_point():
    array = np.arange(2000, dtype=np.int16).reshape(40, 50)
    mapped = on_map(Layer(name="counts", array=array, kind="score", georef=TABLE))
    assert mapped.array.dtype == np.float32
    np.testing.assert_array_equal(np.isnan(mapped.array), TABLE.rows < 0)


def test_other_layers_are_as_they_are():
    layer = class_layer()
    assert on_map(layer) is layer


def test_a_granule_goes_through_to_the_map(tmp_path):
    cube = open_cube(write_emit(tmp_path / "EMIT_L2A_RFL_001_x.nc"))
    layer = Layer(
        name="copy", array=cube.read(), kind="cube", georef=cube.georef, wavelengths=cube.wavelengths[cube.used]
    )
    with rasterio.open(geotiff.write(layer, tmp_path / "copy.tif")) as dataset:
        values, x, y = dataset.read(), *dataset.xy(9, 8)
    row, col = (int(place) for place in cube.georef.row_col(x, y))
    np.testing.assert_array_equal(values[:, 9, 8], layer.array[:, row, col])
