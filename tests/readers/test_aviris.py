"""AVIRIS-NG and AVIRIS-3: names that tell the quantity, turned flight lines, netCDF on the map and off it."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from hypersigma.errors import InputError
from hypersigma.georef import LookupTable
from hypersigma.readers import aviris, open_cube
from tests.fakes.aviris import CENTRES, COLS, ROWS, write_aviris_netcdf
from tests.fakes.emit import turned_table
from tests.fakes.envi import braces, write_envi
from tests.shared import data_path

TURNED = "{UTM, 1, 1, 277811.628, 4483607.425, 3.1, 3.1, 13, North, WGS-84, units=Meters, rotation=53}"


def flight_line(folder, name, dtype="f4", **fields):
    """An ENVI file named as one of the products, with a pixel beside the flight line."""
    array = np.random.default_rng(0).random((5, 6, 7)).astype(dtype)
    array[:, 2, 3] = -9999
    centres = braces(np.linspace(376.5, 2500.5, 5))
    lines = {"wavelength": centres, "wavelength_units": "Nanometers", "map_info": TURNED, **fields}
    write_envi(
        folder, array, interleave="bil", data_name=name, header_name=f"{name}.hdr", sensor_type="Unknown", **lines
    )
    return array


@pytest.mark.parametrize(
    ("name", "sensor", "quantity"),
    [
        ("ang20180814t224053_corr_v2r2_img", "AVIRIS-NG", "reflectance"),
        ("ang20220224t210144_rfl_v2aa1_img", "AVIRIS-NG", "reflectance"),
        ("ang20220224t210144_rdn_v2aa1_img", "AVIRIS-NG", "radiance"),
        ("AV320231008t153425_004_L2A_OE_main_27577724_RFL_ORT", "AVIRIS-3", "reflectance"),
        ("AV320231008t153425_004_L1B_RDN_main_d71e8b07_RDN_ORT", "AVIRIS-3", "radiance"),
    ],
)
def test_names_tell_sensor_and_quantity(tmp_path, name, sensor, quantity):
    array = flight_line(tmp_path, name)
    for path in (tmp_path / name, tmp_path / f"{name}.hdr"):
        assert aviris.sniff(path) == 2
        cube = open_cube(path)
        assert (cube.sensor, cube.quantity) == (sensor, quantity)
        assert cube.acquired[:16] in ("2018-08-14T22:40", "2022-02-24T21:01", "2023-10-08T15:34")
        values = cube.read()
        np.testing.assert_array_equal(np.isnan(values), array == -9999)
        np.testing.assert_array_equal(values[:, 0], array[:, 0])
    assert cube.georef.crs_name == "EPSG:32613"
    assert cube.georef.transform[1] == pytest.approx(3.1 * np.sin(np.deg2rad(53)))


@pytest.mark.parametrize(
    "name",
    [
        "ang20180814t224053_h2o_v2r2_img",
        "ang20180814t224053_obs_ort",
        "AV320231008t153425_004_L2A_OE_main_27577724_UNC_ORT",
        "AV320231008t153425_004_L1B_RDN_main_d71e8b07_BANDMASK",
        "scene_rfl_v1_img",
    ],
)
def test_what_lies_beside_them_is_left_to_others(tmp_path, name):
    flight_line(tmp_path, name)
    assert aviris.sniff(tmp_path / name) == 0


def test_pixels_as_spectral_python_reads_them(tmp_path):
    spectral = pytest.importorskip("spectral")
    name = "ang20180814t224053_corr_v2r2_img"
    array = flight_line(tmp_path, name)
    image = np.asarray(spectral.envi.open(str(tmp_path / f"{name}.hdr"), str(tmp_path / name)).load())
    seen = array[0] != -9999
    np.testing.assert_array_equal(open_cube(tmp_path / name).read()[:, seen], np.moveaxis(image, -1, 0)[:, seen])


def test_whole_numbers_keep_what_their_header_says(tmp_path):
    flight_line(tmp_path, "ang20180814t224053_corr_v2r2_img", "i2")
    assert open_cube(tmp_path / "ang20180814t224053_corr_v2r2_img").quantity == "counts"
    flight_line(tmp_path, "ang20180814t224053_rfl_v2r2_img", "i2", reflectance_scale_factor="10000")
    assert open_cube(tmp_path / "ang20180814t224053_rfl_v2r2_img").quantity == "reflectance"


def test_a_real_crop():
    cube = open_cube(data_path("aviris_ng_crops/ang20140912t192359_corr_v1c_img_2580-2590_540-550.img"))
    assert (cube.sensor, cube.quantity) == ("AVIRIS-NG", "reflectance")


@pytest.mark.parametrize("quantity", ["reflectance", "radiance"])
def test_netcdf_on_the_map(tmp_path, quantity):
    xarray = pytest.importorskip("xarray")
    path = write_aviris_netcdf(tmp_path / "AV320240905t181848_000_L2A_OE_f576f24d_RFL_ORT.nc", quantity)
    cube = open_cube(path)
    assert cube.shape == (len(CENTRES), ROWS, COLS)
    assert (cube.sensor, cube.quantity) == ("AVIRIS-3", quantity)
    with xarray.open_dataset(path, engine="h5netcdf", group=quantity, phony_dims="access") as dataset:
        np.testing.assert_array_equal(cube.read(), dataset[quantity].values)
    assert np.isnan(cube.read()[:, 1, 1]).all()
    np.testing.assert_allclose(cube.wavelengths, CENTRES, rtol=1e-6)
    np.testing.assert_allclose(cube.fwhm, 7.6)
    assert cube.georef.transform == (4.0, 0.0, 500000.0, 0.0, -4.0, 4200000.0)
    assert cube.georef.crs_name == "EPSG:32611"


def test_netcdf_in_sensor_geometry(tmp_path):
    cube = open_cube(write_aviris_netcdf(tmp_path / "AV520250508t173511_000_L1B_RDN_RDN.nc", "radiance", table=True))
    assert cube.sensor == "AVIRIS-5"
    assert isinstance(cube.georef, LookupTable)
    np.testing.assert_array_equal(cube.georef.rows, turned_table()[0] - 1)
    assert pickle.loads(pickle.dumps(cube)).georef == cube.georef


def test_a_scene_on_the_map_may_keep_its_table(tmp_path):
    cube = open_cube(
        write_aviris_netcdf(tmp_path / "AV520250508t173511_000_L2A_OE_RFL_ORT.nc", table=True, on_map=True)
    )
    assert not isinstance(cube.georef, LookupTable)
    assert cube.georef.pixel_size == (4.0, 4.0)
    assert cube.acquired == "2025-05-08T17:35:11"


def test_netcdf_without_a_geotransform(tmp_path):
    cube = open_cube(write_aviris_netcdf(tmp_path / "a.nc", geotransform=None))
    assert cube.georef is None
    assert cube.notes[0] == "the file does not say where the scene lies"


def test_another_file_by_this_reader(tmp_path):
    header = write_envi(tmp_path, np.zeros((2, 3, 4), dtype="f4"))
    assert open_cube(header, reader="aviris").shape == (2, 3, 4)
    (tmp_path / "a.nc").write_bytes(b"\x89HDF\r\n\x1a\n")
    with pytest.raises(InputError, match="cannot be read as HDF5"):
        open_cube(tmp_path / "a.nc", reader="aviris")
