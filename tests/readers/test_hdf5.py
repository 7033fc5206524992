"""HDF5 and netCDF4: the spectral axis wherever it lies, coordinates, scales, damage."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from rasterio.crs import CRS

from hypersigma.errors import InputError
from hypersigma.readers import open_cube
from hypersigma.tiling import Window
from tests.fakes.envi import ramp
from tests.fakes.hdf5 import write_hdf5

SCENE = ramp(7, 5, 6, "u2")
CENTRES = np.linspace(450, 850, 7)
EASTINGS, NORTHINGS = 653705.25 + 0.5 * np.arange(6), 5765012.25 - 0.5 * np.arange(5)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_spectral_axis_may_be_any(tmp_path, axis):
    stored = np.moveaxis(SCENE, 0, axis)
    path = write_hdf5(tmp_path / "s.h5", {"cube": stored, "wavelength": CENTRES}, chunks=(2, 2, 2))
    cube = open_cube(path)
    assert cube.shape == (7, 5, 6)
    np.testing.assert_array_equal(cube.read(Window(1, 2, 3, 4), [5, 2]), SCENE[[5, 2], 1:4, 2:6])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(cube)).read(), SCENE)
    np.testing.assert_allclose(cube.wavelengths, CENTRES)


def test_netcdf_with_coordinates(tmp_path):
    path = write_hdf5(
        tmp_path / "s.nc",
        {
            "reflectance": SCENE,
            "band": np.arange(7),
            "y": NORTHINGS,
            "x": EASTINGS,
            "wavelength": CENTRES / 1000,
            "fwhm": np.full(7, 0.0045),
            "crs": np.int32(0),
        },
        {
            "reflectance": {"scale_factor": 1e-4, "_FillValue": np.uint16(8), "grid_mapping": "crs"},
            "wavelength": {"units": "um"},
            "crs": {"crs_wkt": CRS.from_epsg(32630).to_wkt()},
            "/": {"sensor": "airborne VNIR"},
        },
        {"reflectance": ("band", "y", "x")},
    )
    cube = open_cube(path)
    np.testing.assert_allclose(cube.wavelengths, CENTRES)
    np.testing.assert_allclose(cube.fwhm, 4.5)
    assert cube.quantity == "reflectance"
    assert cube.sensor == "airborne VNIR"
    assert cube.georef.crs_name == "EPSG:32630"
    assert cube.georef.transform == pytest.approx((0.5, 0, 653705.0, 0, -0.5, 5765012.5))
    values = cube.read()
    assert np.argwhere(np.isnan(values)).tolist() == [[0, 1, 2]]
    np.testing.assert_allclose(values[3], SCENE[3] * 1e-4, rtol=1e-6)


def test_names_of_axes_decide_where_lengths_do_not(tmp_path):
    cubic = ramp(6, 6, 6)
    centres = np.linspace(450, 850, 6)
    items = {"data": cubic, "wavelength": centres, "y": np.arange(6.0), "x": np.arange(6.0)}
    path = write_hdf5(tmp_path / "s.h5", items, axes={"data": ("y", "x", "wavelength")})
    np.testing.assert_array_equal(open_cube(path).read(), np.moveaxis(cubic, -1, 0))
    with pytest.raises(InputError, match="3 axes as long as the list of wavelengths"):
        open_cube(write_hdf5(tmp_path / "t.h5", {"data": cubic, "wavelength": centres}))


def test_axes_named_but_no_wavelengths(tmp_path):
    path = write_hdf5(tmp_path / "s.h5", {"data": SCENE}, axes={"data": ("band", "y", "x")})
    assert open_cube(path).wavelengths is None
    assert open_cube(path, wavelengths="450:850").wavelengths[-1] == 850


def test_no_wavelength_coordinate(tmp_path):
    with pytest.raises(InputError, match="has no wavelength coordinate; expected a dataset with one axis"):
        open_cube(write_hdf5(tmp_path / "s.h5", {"data": SCENE}))


def test_the_dataset_with_a_spectral_axis_is_chosen(tmp_path):
    """EMIT-like: groups, and a second array with three axes that has no spectral one."""
    path = write_hdf5(
        tmp_path / "s.nc",
        {
            "radiance": np.moveaxis(SCENE, 0, -1).astype("f4"),
            "location/angles": np.ones((5, 6, 2)),
            "sensor_band_parameters/wavelengths": CENTRES,
            "sensor_band_parameters/good_wavelengths": np.array([1, 1, 0, 1, 1, 1, 1]),
        },
    )
    cube = open_cube(path)
    assert cube.shape == (7, 5, 6)
    assert cube.quantity == "radiance"
    assert cube.used.tolist() == [0, 1, 3, 4, 5, 6]


def test_several_datasets_are_listed_and_one_is_named(tmp_path):
    path = write_hdf5(tmp_path / "s.h5", {"a/first": SCENE, "a/second": SCENE + 1, "wavelength": CENTRES})
    with pytest.raises(InputError, match="2 variables can be the scene: a/first 7 x 5 x 6, a/second"):
        open_cube(path)
    np.testing.assert_array_equal(open_cube(path, variable="/a/second").read(), SCENE + 1)
    with pytest.raises(InputError, match="a scene has three axes"):
        open_cube(path, variable="wavelength")
    with pytest.raises(InputError, match="no variable 'b'"):
        open_cube(path, variable="b")


def test_wavelengths_in_a_row(tmp_path):
    path = write_hdf5(tmp_path / "s.h5", {"data": SCENE, "wavelengths": CENTRES[None]})
    np.testing.assert_allclose(open_cube(path).wavelengths, CENTRES)


@pytest.mark.parametrize("x", [np.array([0.0, 1, 2, 3, 4, 9]), np.zeros(6)])
def test_uneven_coordinates_give_no_place(tmp_path, x):
    path = write_hdf5(tmp_path / "s.h5", {"d": SCENE, "wavelength": CENTRES, "y": NORTHINGS, "x": x})
    assert open_cube(path).georef is None


def test_coordinates_without_a_system(tmp_path):
    path = write_hdf5(tmp_path / "s.h5", {"d": SCENE, "wavelength": CENTRES, "y": NORTHINGS, "x": EASTINGS})
    assert open_cube(path).georef.crs is None


def test_implausible_wavelengths_can_be_replaced(tmp_path):
    path = write_hdf5(tmp_path / "s.h5", {"d": SCENE, "wavelength": -CENTRES})
    with pytest.raises(InputError, match="7 of 7 are zero or negative"):
        open_cube(path)
    assert open_cube(path, wavelengths=CENTRES).wavelengths.tolist() == CENTRES.tolist()


def test_truncated(tmp_path):
    path = write_hdf5(tmp_path / "s.h5", {"d": SCENE, "wavelength": CENTRES})
    path.write_bytes(path.read_bytes()[:600])
    with pytest.raises(InputError, match="cannot be read as HDF5: .*is the file complete"):
        open_cube(path)


def test_damaged_chunks(tmp_path):
    noise = np.random.default_rng(0).integers(0, 60000, (7, 50, 60)).astype("u2")
    path = write_hdf5(tmp_path / "s.h5", {"d": noise, "wavelength": CENTRES}, chunks=(7, 50, 60), compression="gzip")
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2 : len(raw) // 2 + 400] = bytes(400)
    path.write_bytes(raw)
    with pytest.raises(InputError, match="cannot be read in Window"):
        open_cube(path).read()
