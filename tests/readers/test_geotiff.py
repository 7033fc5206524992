"""GeoTIFF: wavelengths from tags and descriptions, no-data, scales, places, damage."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import rasterio
from rasterio.crs import CRS

from hypersigma.errors import InputError
from hypersigma.readers import open_cube
from hypersigma.tiling import Window
from tests.fakes.envi import ramp
from tests.fakes.geotiff import GRID, write_tiff

pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")

CENTRES = [450.0, 550.0, 650.0, 850.0]


@pytest.mark.parametrize("interleave", ["band", "pixel"])
@pytest.mark.parametrize("tiled", [True, False])
def test_windows_and_bands(tmp_path, interleave, tiled):
    array = ramp(5, 40, 50, "u2")
    layout = {"tiled": True, "blockxsize": 16, "blockysize": 16} if tiled else {}
    cube = open_cube(write_tiff(tmp_path / "s.tif", array, interleave=interleave, compress="deflate", **layout))
    window = Window(7, 9, 20, 30)
    np.testing.assert_array_equal(cube.read(window, [4, 1]), array[[4, 1], 7:27, 9:39])
    again = pickle.loads(pickle.dumps(cube))
    np.testing.assert_array_equal(again.read(), array)


@pytest.mark.parametrize(
    "said",
    [
        {"descriptions": [f"band {i} ({nm} Nanometers)" for i, nm in enumerate(CENTRES, 1)]},
        {"descriptions": [f"{nm / 1000} um" for nm in CENTRES]},
        {"band_tags": [{"wavelength": str(nm), "wavelength_units": "Nanometers"} for nm in CENTRES]},
        {"band_tags": [{"wavelength": str(nm / 1000)} for nm in CENTRES]},
        {"band_tags": [{"CENTRAL_WAVELENGTH_UM": str(nm / 1000)} for nm in CENTRES], "namespace": "IMAGERY"},
        {"tags": {"wavelength": "{" + ", ".join(map(str, CENTRES)) + "}", "wavelength_units": "nm"}},
        {"tags": {"WAVELENGTHS": " ".join(map(str, CENTRES))}},
        {"tags": {f"Band_{i}": f"Resize (band {i}) ({nm / 1000:.6f})" for i, nm in enumerate(CENTRES, 1)}},
    ],
)
def test_wavelengths_wherever_they_stand(tmp_path, said):
    cube = open_cube(write_tiff(tmp_path / "s.tif", ramp(), **said))
    np.testing.assert_allclose(cube.wavelengths, CENTRES)


def test_band_tags_as_enmap_has_them(tmp_path):
    tags = [
        {"wavelength": str(nm), "wavelength_units": "nm", "fwhm": "8", "bbl": str(int(nm != 550))} for nm in CENTRES
    ]
    path = write_tiff(tmp_path / "s.tif", ramp(dtype="f4"), band_tags=tags, nodata=-32768.0, scale=1e-4)
    cube = open_cube(path)
    assert cube.fwhm.tolist() == [8] * 4
    assert cube.used.tolist() == [0, 2, 3]
    assert cube.quantity == "reflectance"
    assert cube.nodata == -32768
    np.testing.assert_allclose(cube.read(bands=[3])[0], ramp()[3] * 1e-4, rtol=1e-6)


def test_scales_follow_their_bands(tmp_path):
    tags = [{"wavelength": str(nm)} for nm in CENTRES[::-1]]
    path = write_tiff(tmp_path / "s.tif", ramp(), band_tags=tags)
    with rasterio.open(path, "r+") as file:
        file.scales, file.offsets = (1.0, 2.0, 3.0, 4.0), (0.0, 0.0, 0.0, 5.0)
    cube = open_cube(path)
    np.testing.assert_allclose(cube.read()[0], ramp()[3] * 4 + 5)


@pytest.mark.parametrize(
    ("tags", "dtype", "quantity"),
    [
        ({"reflectance_scale_factor": "10000"}, "i2", "reflectance"),
        ({"units": "radiance W/m2/sr/um"}, "f4", "radiance"),
        ({}, "i2", "counts"),
        ({}, "f4", "unknown"),
    ],
)
def test_quantity(tmp_path, tags, dtype, quantity):
    assert open_cube(write_tiff(tmp_path / "s.tif", ramp(dtype=dtype), tags=tags)).quantity == quantity


def test_no_data_that_is_nan(tmp_path):
    assert open_cube(write_tiff(tmp_path / "s.tif", ramp(dtype="f4"), nodata=float("nan"))).nodata is None


def test_complex_numbers_are_refused(tmp_path):
    with pytest.raises(InputError, match="complex64 cannot be a scene"):
        open_cube(write_tiff(tmp_path / "s.tif", ramp(dtype="c8")))


def test_no_data_of_single_precision(tmp_path):
    array = ramp(dtype="f4")
    array[0, 0, 0] = -3.4e38
    array[1, 1, 1] = np.inf
    cube = open_cube(write_tiff(tmp_path / "s.tif", array, nodata=float(np.float32(-3.4e38))))
    assert np.argwhere(np.isnan(cube.read())).tolist() == [[0, 0, 0], [1, 1, 1]]


def test_place_with_and_without_a_coordinate_system(tmp_path):
    known = open_cube(write_tiff(tmp_path / "a.tif", ramp(), crs="EPSG:32633", transform=GRID))
    assert known.georef.transform == tuple(GRID)[:6]
    assert CRS.from_wkt(known.georef.crs).to_epsg() == 32633
    unnamed = open_cube(write_tiff(tmp_path / "b.tif", ramp(), transform=GRID))
    assert unnamed.georef.transform == tuple(GRID)[:6]
    assert unnamed.georef.crs is None
    assert open_cube(write_tiff(tmp_path / "c.tif", ramp())).georef is None


def test_single_band(tmp_path):
    assert open_cube(write_tiff(tmp_path / "B02.tif", ramp(1))).shape == (1, 5, 6)


@pytest.mark.parametrize("interleave", ["band", "pixel"])
def test_truncated_file_names_bytes(tmp_path, interleave):
    path = write_tiff(tmp_path / "s.tif", ramp(8, 64, 64), interleave=interleave)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(InputError, match=r"truncated: at least \d+ bytes expected, \d+ found"):
        open_cube(path)


def test_damaged_blocks_and_damaged_file(tmp_path):
    path = write_tiff(tmp_path / "s.tif", ramp(4, 64, 64), compress="deflate")
    cube = open_cube(path)
    assert cube.read().shape == (4, 64, 64)
    raw = bytearray(path.read_bytes())
    start = len(raw) // 2
    raw[start : start + 200] = bytes(200)
    path.write_bytes(raw)
    with pytest.raises(InputError, match="cannot be read in .*is the file complete"):
        open_cube(path).read()
    (tmp_path / "t.tif").write_bytes(b"II*\0nothing")
    with pytest.raises(InputError, match="cannot be read as a raster"):
        open_cube(tmp_path / "t.tif")
