"""Landsat OLI and ETM+: levels, collections, reflective bands alone, scaling as the metadata tell, what is missing."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import rasterio

from hypersigma.errors import InputError
from hypersigma.readers import landsat, open_cube
from hypersigma.spectra import sensor_bands
from hypersigma.tiling import Window
from tests.fakes.envi import ramp
from tests.fakes.geotiff import GRID, write_tiff
from tests.fakes.landsat import COLS, ETM, OLI, ROWS, counts, top_of_atmosphere, write_landsat

SURFACE = "LC08_L2SP_193023_20210601_20210608_02_T1"


def test_folder_and_metadata_name_the_scene(tmp_path):
    text = write_landsat(tmp_path, counts(7))
    assert landsat.sniff(tmp_path) == landsat.sniff(text) == 2
    assert landsat.sniff(tmp_path / f"{SURFACE}_SR_B1.TIF") == 0
    for path in (tmp_path, text):
        cube = open_cube(path)
        assert cube.shape == (7, ROWS, COLS)
        assert (cube.name, cube.sensor, cube.quantity) == (SURFACE, "Landsat 8 OLI", "reflectance")
        assert cube.acquired == "2021-06-01T10:02:56"
    np.testing.assert_allclose(cube.wavelengths, sensor_bands("landsat8")[0])
    assert cube.georef.transform == tuple(GRID)[:6]


def test_level_2_is_reflectance_of_the_ground(tmp_path):
    write_landsat(tmp_path, counts(7))
    cube = open_cube(tmp_path)
    values = cube.read()
    for row, band in enumerate(OLI):
        with rasterio.open(tmp_path / f"{SURFACE}_SR_B{band}.TIF") as file:
            stored = file.read(1)
        np.testing.assert_allclose(values[row], np.where(stored == 0, np.nan, stored * 2.75e-5 - 0.2), atol=1e-6)
    assert cube.notes == ("L2SP: reflectance of the ground",)
    window = Window(1, 1, 7, 5)
    again = pickle.loads(pickle.dumps(cube))
    np.testing.assert_array_equal(again.read(window), values[:, *window.slices])


@pytest.mark.parametrize(
    "scene", ["LC09_L1TP_193023_20220601_20220601_02_T1", "LC08_L1TP_193023_20170601_20170615_01_T1"]
)
def test_level_1_is_reflectance_above_the_atmosphere(tmp_path, scene):
    array = counts(7)
    write_landsat(tmp_path, array, scene=scene)
    cube = open_cube(tmp_path)
    np.testing.assert_allclose(cube.read(), top_of_atmosphere(array), rtol=1e-5, atol=1e-6)
    assert cube.sensor == f"Landsat {scene[3]} OLI"
    assert cube.acquired == "2021-06-01T10:02:56"
    assert cube.notes == ("L1TP: reflectance at the top of the atmosphere, for the sun 41.5 degrees above the horizon",)


def test_etm_has_six_reflective_bands(tmp_path):
    array = counts(6, "u1")
    write_landsat(tmp_path, array, scene="LE07_L1TP_193023_20010601_20200901_02_T1", sensor="ETM", bands=ETM)
    cube = open_cube(tmp_path)
    np.testing.assert_allclose(cube.read(), top_of_atmosphere(array, ETM), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(cube.wavelengths, [482.5, 565.0, 660.0, 825.0, 1650.0, 2220.0])
    assert cube.sensor == "Landsat 7 ETM+"


def test_missing_foreign_and_truncated_bands(tmp_path):
    write_landsat(tmp_path, counts(7))
    path = tmp_path / f"{SURFACE}_SR_B4.TIF"
    raw = path.read_bytes()
    path.write_bytes(raw[:-20])
    with pytest.raises(InputError, match="SR_B4.TIF: truncated"):
        open_cube(tmp_path)
    write_tiff(path, ramp(1, 2 * ROWS, 2 * COLS, "u2"))
    with pytest.raises(InputError, match="SR_B4.TIF: 24 rows x 20 columns on a grid of its own"):
        open_cube(tmp_path)
    path.unlink()
    with pytest.raises(InputError, match=rf"1 of 7 bands are missing: {SURFACE}_SR_B4.TIF"):
        open_cube(tmp_path)


@pytest.mark.parametrize(
    ("scene", "changes", "message"),
    [
        (SURFACE, {"without": ["LEVEL2_SURFACE_REFLECTANCE_PARAMETERS"]}, "no REFLECTANCE_MULT_BAND_1 in LEVEL2_SURF"),
        (SURFACE.replace("L2SP", "L1TP"), {"without": ["LEVEL1_RADIOMETRIC_RESCALING"]}, "no REFLECTANCE_MULT_BAND_1"),
        (SURFACE.replace("L2SP", "L1TP"), {"sun_elevation": -4.0}, "there is no reflectance at night"),
        (SURFACE, {"sensor": "TIRS"}, "SENSOR_ID is 'TIRS'; expected one of OLI"),
        (SURFACE, {"without": ["IMAGE_ATTRIBUTES"]}, "SENSOR_ID is ''"),
    ],
)
def test_metadata_that_do_not_tell(tmp_path, scene, changes, message):
    write_landsat(tmp_path, counts(7), scene=scene, **changes)
    with pytest.raises(InputError, match=message):
        open_cube(tmp_path)


def test_two_scenes_in_a_folder(tmp_path):
    array = counts(7)
    texts = [write_landsat(tmp_path, array, scene=scene) for scene in (SURFACE, SURFACE.replace("193023", "193024"))]
    with pytest.raises(InputError, match="2 scenes lie here"):
        open_cube(tmp_path)
    assert [open_cube(text).name for text in texts] == [SURFACE, SURFACE.replace("193023", "193024")]
