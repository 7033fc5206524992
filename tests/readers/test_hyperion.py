"""EO-1 Hyperion: names, radiance of two detectors, the published list of bands, fill, places, what is missing."""

from __future__ import annotations

import pickle
import shutil

import numpy as np
import pytest
import rasterio
from rasterio.crs import CRS

from hypersigma.errors import InputError
from hypersigma.readers import hyperion, open_cube
from hypersigma.spectra import sensor_bands
from hypersigma.tiling import Window
from tests.fakes.envi import ramp
from tests.fakes.geotiff import GRID, write_tiff
from tests.fakes.hyperion import COLS, ROWS, SCENE, counts, metadata, write_hyperion
from tests.fakes.mtl import mtl_text

# bands that stay by the published list, counted from 1
KEPT = [*range(8, 58), *range(77, 121), *range(127, 167), *range(181, 222)]


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    """A folder that no test may change."""
    return write_hyperion(tmp_path_factory.mktemp("hyperion"), counts()).parent


@pytest.fixture
def copy(scene, tmp_path):
    """A folder to spoil."""
    return shutil.copytree(scene, tmp_path / "scene")


def test_folder_and_metadata_name_the_scene(scene):
    text = scene / f"{SCENE}_MTL_L1T.TXT"
    assert hyperion.sniff(scene) == hyperion.sniff(text) == 2
    assert hyperion.sniff(scene / f"{SCENE}_B001_L1T.TIF") == hyperion.sniff(scene / "README.txt") == 0
    for path in (scene, text):
        cube = open_cube(path)
        assert cube.shape == (242, ROWS, COLS)
        assert (cube.name, cube.sensor, cube.quantity, cube.path) == (SCENE, "Hyperion", "radiance", text)
        assert cube.acquired == "2002-07-31"
    # a band's file is that band alone
    assert open_cube(scene / f"{SCENE}_B020_L1T.TIF").shape == (1, ROWS, COLS)


def test_published_list_leaves_175_bands(scene):
    cube = open_cube(scene)
    assert len(KEPT) == 175
    assert sorted(cube.order[cube.used] + 1) == KEPT
    np.testing.assert_allclose(cube.wavelengths, np.sort(sensor_bands("hyperion")[0]))
    reasons = dict(zip((cube.order + 1).tolist(), cube.reasons, strict=True))
    assert all(reasons[band].startswith("not used by the published list") for band in (1, 7, 58, 76, 121, 180, 242))
    assert "water vapour" in reasons[170]
    assert not any("cut at" in reason for reason in cube.reasons)
    assert any("bands 56 and 57 beside 77 and 78" in note for note in cube.notes)


def test_radiance_of_both_detectors_as_gdal_reads_the_counts(scene):
    cube = open_cube(scene)
    values = cube.read()
    for row, band in enumerate(cube.order[cube.used] + 1):
        with rasterio.open(scene / f"{SCENE}_B{band:03d}_L1T.TIF") as file:
            stored = file.read(1)
        expected = np.where(stored == 0, np.nan, stored / (40.0 if band <= 70 else 80.0))
        np.testing.assert_allclose(values[row], expected, rtol=1e-6)
    assert np.nanmin(values) < 0
    window = Window(3, 2, 5, 6)
    np.testing.assert_array_equal(cube.read(window), values[:, *window.slices])


def test_place_and_a_copy_in_another_process(scene):
    cube = open_cube(scene)
    assert cube.georef.transform == tuple(GRID)[:6]
    assert CRS.from_wkt(cube.georef.crs).to_epsg() == 32611
    again = pickle.loads(pickle.dumps(cube))
    np.testing.assert_array_equal(again.read(bands=[20, 200]), cube.read(bands=[20, 200]))


def test_centres_from_a_person_keep_the_list(scene):
    cube = open_cube(scene, wavelengths="400:2500")
    assert sorted(cube.order[cube.used] + 1) == KEPT
    assert cube.wavelengths[[0, -1]].tolist() == [400, 2500]


def test_scaling_and_names_as_the_metadata_tell(tmp_path):
    groups = metadata("L1GST") | {"RADIANCE_SCALING": {"SCALING_FACTOR_VNIR": 20, "SCALING_FACTOR_SWIR": 160}}
    write_hyperion(tmp_path, counts(2, 4), level="L1GST", groups=groups)
    # some deliveries give the text the suffix of the bands
    text = tmp_path / f"{SCENE}_MTL_L1GST.TXT"
    cube = open_cube(text.rename(text.with_suffix(".TIF")))
    stored = np.argsort(cube.order)
    np.testing.assert_allclose(cube.scale[stored[[0, 69, 70, 241]]], [1 / 20, 1 / 20, 1 / 160, 1 / 160])
    assert any(note.startswith("L1GST") for note in cube.notes)


def test_missing_bands_are_named(copy):
    for band in (5, 100):
        (copy / f"{SCENE}_B{band:03d}_L1T.TIF").unlink()
    with pytest.raises(InputError, match=r"2 of 242 bands are missing: .*_B005_L1T.TIF, .*_B100_L1T.TIF; unpack"):
        open_cube(copy)


def test_truncated_and_foreign_bands(copy):
    path = copy / f"{SCENE}_B090_L1T.TIF"
    raw = path.read_bytes()
    path.write_bytes(raw[:60])
    with pytest.raises(InputError, match="B090_L1T.TIF: cannot be read as a raster"):
        open_cube(copy)
    path.unlink()
    write_tiff(path, ramp(1, ROWS + 1, COLS, "i2"), crs="EPSG:32611", transform=GRID)
    with pytest.raises(InputError, match=r"B090_L1T.TIF: 13 rows x 10 columns on a grid of its own"):
        open_cube(copy)


@pytest.mark.parametrize(
    ("group", "values", "message"),
    [
        ("PRODUCT_METADATA", {"SENSOR_ID": "ALI"}, "SENSOR_ID is 'ALI'; expected HYPERION"),
        ("RADIANCE_SCALING", {}, "there is no SCALING_FACTOR_VNIR in RADIANCE_SCALING"),
        ("RADIANCE_SCALING", {"SCALING_FACTOR_VNIR": "forty"}, "SCALING_FACTOR_VNIR is 'forty'"),
    ],
)
def test_metadata_that_do_not_tell(tmp_path, group, values, message):
    path = tmp_path / f"{SCENE}_MTL_L1T.TXT"
    path.write_text(mtl_text("L1_METADATA_FILE", metadata("L1T") | {group: values}))
    with pytest.raises(InputError, match=message):
        open_cube(tmp_path)
    path.write_text("nothing")
    with pytest.raises(InputError, match="not a metadata text"):
        open_cube(tmp_path)


def test_two_scenes_in_a_folder_and_letters_of_another_case(copy):
    # names in small letters come from unpacking on some systems
    for file in list(copy.iterdir()):
        file.rename(file.with_name(file.name.lower()))
    assert open_cube(copy).shape == (242, ROWS, COLS)
    second = copy / f"{SCENE.replace('2002', '2003')}_MTL_L1T.TXT"
    second.write_text(mtl_text("L1_METADATA_FILE", metadata("L1T")))
    with pytest.raises(InputError, match=r"2 scenes lie here; name one of them by its metadata text .*, out of .*2003"):
        open_cube(copy)
