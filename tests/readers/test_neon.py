"""NEON AOP: scale, no data, windows of water vapour, map info and EPSG code."""

from __future__ import annotations

import pickle

import h5py
import numpy as np
import pytest

from hypersigma.errors import InputError
from hypersigma.readers import open_cube
from hypersigma.tiling import Window
from tests.fakes.neon import CENTRES, COLS, MAP_INFO, ROWS, write_neon

NAME = "NEON_D01_HARV_DP3_726000_4699000_reflectance.h5"


def test_values_as_h5py_reads_them(tmp_path):
    path = write_neon(tmp_path / NAME)
    cube = open_cube(path)
    assert cube.shape == (len(CENTRES), ROWS, COLS)
    assert (cube.sensor, cube.quantity, cube.acquired) == ("NEON AIS", "reflectance", None)
    with h5py.File(path) as file:
        stored = np.moveaxis(file["HARV/Reflectance/Reflectance_Data"][()], -1, 0)
    values = cube.read(bands=np.arange(len(CENTRES)))
    np.testing.assert_array_equal(np.isnan(values), stored == -9999)
    seen = stored != -9999
    np.testing.assert_allclose(values[seen], stored[seen] / 10000, rtol=1e-6)
    np.testing.assert_array_equal(cube.read(Window(4, 1, 3, 2), [5]), values[[5], 4:7, 1:3])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(cube)).read(), cube.read())


def test_windows_of_water_vapour_are_not_used(tmp_path):
    cube = open_cube(write_neon(tmp_path / NAME))
    np.testing.assert_allclose(cube.wavelengths[~cube.valid], [1345, 1400, 1445, 1800])
    assert set(cube.reasons) == {"", "marked bad in the file"}
    np.testing.assert_allclose(cube.fwhm, 5.8)


def test_place(tmp_path):
    georef = open_cube(write_neon(tmp_path / NAME)).georef
    assert georef.transform == (1.0, 0.0, 726000.0, 0.0, -1.0, 4700000.0)
    assert georef.crs_name == "EPSG:32618"


def test_without_a_code_the_zone_tells(tmp_path):
    georef = open_cube(write_neon(tmp_path / NAME, without=("EPSG Code",))).georef
    assert georef.crs_name == "EPSG:32618"


def test_a_turned_flight_line(tmp_path):
    turned = MAP_INFO.removesuffix(", 0") + ", rotation=30"
    a, b, _, d, e, _ = open_cube(write_neon(tmp_path / NAME, map_info=turned)).georef.transform
    assert (a, d) == pytest.approx((np.cos(np.pi / 6), 0.5))
    assert (b, e) == pytest.approx((0.5, -np.cos(np.pi / 6)))


@pytest.mark.parametrize("without", ["Wavelength", "FWHM", "Map_Info"])
def test_a_file_that_lacks_a_part(tmp_path, without):
    with pytest.raises(InputError, match=f"a NEON scene that lacks a part: .*{without}"):
        open_cube(write_neon(tmp_path / NAME, without=(without,)))


def test_damaged_map_info(tmp_path):
    with pytest.raises(InputError, match="map info has 3 entries; expected at least 7"):
        open_cube(write_neon(tmp_path / NAME, map_info="UTM, 1, 1"))


def test_another_product_by_this_reader(tmp_path):
    path = write_neon(tmp_path / NAME, without=("Reflectance_Data",))
    with pytest.raises(InputError, match="not a NEON scene: its arrays are missing"):
        open_cube(path, reader="neon")
