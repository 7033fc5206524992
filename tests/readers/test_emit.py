"""EMIT: sensor geometry and its lookup table, bands marked, fill, radiance, damage."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from hypersigma.errors import InputError
from hypersigma.georef import LookupTable
from hypersigma.readers import open_cube
from hypersigma.tiling import Window
from tests.fakes.emit import CENTRES, COLS, GEOTRANSFORM, GOOD, ROWS, turned_table, write_emit

NAME = "EMIT_L2A_RFL_001_20230316T045133_2307503_005.nc"


def test_values_as_xarray_reads_them(tmp_path):
    xarray = pytest.importorskip("xarray")
    path = write_emit(tmp_path / NAME)
    cube = open_cube(path)
    assert cube.shape == (len(CENTRES), ROWS, COLS)
    assert (cube.sensor, cube.quantity, cube.acquired) == ("EMIT", "reflectance", "2023-03-16T04:51:33")
    assert not any("radiance" in note for note in cube.notes)
    with xarray.open_dataset(path, engine="h5netcdf", phony_dims="access") as dataset:
        expected = np.moveaxis(dataset["reflectance"].values, -1, 0)
    values = cube.read(bands=np.arange(len(CENTRES)))
    assert np.isnan(values[:, 2, 3]).all()
    np.testing.assert_array_equal(values, expected)
    np.testing.assert_array_equal(cube.read(Window(1, 2, 5, 6), [4, 0]), values[[4, 0], 1:6, 2:8])


def test_bands_marked_bad_are_not_used(tmp_path):
    cube = open_cube(write_emit(tmp_path / NAME))
    np.testing.assert_allclose(cube.wavelengths, CENTRES)
    np.testing.assert_allclose(cube.fwhm, 8.5)
    np.testing.assert_array_equal(cube.valid, GOOD == 1)


def test_the_georeference_is_the_lookup_table(tmp_path):
    georef = open_cube(write_emit(tmp_path / NAME)).georef
    assert isinstance(georef, LookupTable)
    line, sample = turned_table()
    # one cell, filled in from its neighbour, is negative in the file and shows a pixel like the others
    np.testing.assert_array_equal(georef.rows, line - 1)
    np.testing.assert_array_equal(georef.cols, sample - 1)
    assert georef.rows.dtype == np.int16
    x, width, _, y, _, height = GEOTRANSFORM
    assert georef.grid.transform == (width, 0.0, x, 0.0, height, y)
    assert georef.crs_name == "EPSG:4326"


def test_a_cube_travels_with_its_table(tmp_path):
    cube = open_cube(write_emit(tmp_path / NAME))
    again = pickle.loads(pickle.dumps(cube))
    assert again.georef == cube.georef
    np.testing.assert_array_equal(again.read(), cube.read())


def test_radiance_has_no_list_of_good_bands(tmp_path):
    path = write_emit(tmp_path / "r.nc", "radiance", without=("sensor_band_parameters/good_wavelengths",))
    cube = open_cube(path)
    assert cube.quantity == "radiance"
    assert cube.notes[0] == "radiance in uW/cm^2/SR/nm"
    assert cube.valid.all()


def test_a_table_of_another_granule(tmp_path):
    with pytest.raises(InputError, match=r"names row 40000 \(from 0\) of a raster of 12; is it the raster's own"):
        open_cube(write_emit(tmp_path / NAME, largest_line=40001))


@pytest.mark.parametrize("without", ["location/glt_y", "sensor_band_parameters/wavelengths"])
def test_a_granule_that_lacks_a_part(tmp_path, without):
    path = write_emit(tmp_path / NAME, without=(without,))
    with pytest.raises(InputError, match="EMIT scene"):
        open_cube(path, reader="emit")


def test_a_geotransform_of_another_length(tmp_path):
    with pytest.raises(InputError, match="a geotransform of 4 numbers; expected 6"):
        open_cube(write_emit(tmp_path / NAME, attributes={"geotransform": np.zeros(4)}))


def test_cut_short(tmp_path):
    path = write_emit(tmp_path / NAME)
    path.write_bytes(path.read_bytes()[:600])
    with pytest.raises(InputError, match="cannot be read as HDF5"):
        open_cube(path)
