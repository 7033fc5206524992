"""PRISMA L2D: two cubes as one, slots without a band, scales, what is missing, corners."""

from __future__ import annotations

import pickle

import h5py
import numpy as np
import pytest

from hypersigma.errors import InputError
from hypersigma.readers import open_cube, prisma
from hypersigma.tiling import Window
from tests.fakes.prisma import CENTRES, COLS, CORNERS, FIELDS, ROWS, SCALES, write_prisma


@pytest.fixture
def path(tmp_path):
    return write_prisma(tmp_path / "PRS_L2D_STD_20200813103056_20200813103100_0001.he5")


def reflectance(path):
    """(bands, rows, cols) of all slots with a band, by wavelength, as the specification computes it."""
    parts, centres = [], []
    with h5py.File(path) as file:
        for name in ("Vnir", "Swir"):
            stored = file[f"{FIELDS}/{name.upper()}_Cube"][()].astype(np.float64)
            low, high = (float(file.attrs[f"L2Scale{name}{side}"]) for side in ("Min", "Max"))
            present = file.attrs[f"List_Cw_{name}"] > 0
            parts.append(np.moveaxis(low + stored * (high - low) / 65535, 1, 0)[present])
            centres.append(file.attrs[f"List_Cw_{name}"][present])
    order = np.argsort(np.concatenate(centres))
    return np.concatenate(parts)[order], np.concatenate(centres)[order]


def test_bands_ascend_and_slots_without_one_are_left_out(path):
    cube = open_cube(path)
    assert cube.shape == (11, ROWS, COLS)
    assert (cube.sensor, cube.acquired) == ("PRISMA", "2020-08-13T10:30:56")
    np.testing.assert_allclose(cube.wavelengths, reflectance(path)[1])
    np.testing.assert_allclose(cube.fwhm, 11.5)
    assert "4 slots of the file hold no band and are left out" in cube.notes


def test_slots_that_are_not_selected_are_left_out(tmp_path):
    selected = np.array([0, 0, 1, 1, 1, 1, 0, 1], dtype="u1")
    cube = open_cube(write_prisma(tmp_path / "a.he5", {"CNM_VNIR_SELECT": selected}))
    assert cube.shape[0] == 10
    assert not np.isclose(cube.wavelengths, 550.2).any()
    assert open_cube(write_prisma(tmp_path / "b.he5", {"CNM_VNIR_SELECT": selected[:5]})).shape[0] == 11


def test_detectors_are_cut_at_one_wavelength(path):
    cube = open_cube(path)
    dropped = cube.wavelengths[~cube.valid]
    np.testing.assert_allclose(dropped, [943.3, 966.1, 977.4], atol=0.01)
    assert set(cube.reasons) == {"", "overlap of two detectors, cut at 960 nm"}


def test_numbers_are_reflectance_as_the_specification_computes_it(path):
    cube = open_cube(path)
    assert cube.quantity == "reflectance"
    values = cube.read(bands=np.arange(11))
    missing = np.isnan(values)
    np.testing.assert_allclose(values[~missing], reflectance(path)[0][~missing], rtol=2e-6, atol=1e-7)
    np.testing.assert_array_equal(cube.read(Window(2, 3, 4, 5), [8, 1]), values[[8, 1], 2:6, 3:8])


def test_what_is_missing(path):
    missing = np.isnan(open_cube(path).read(bands=np.arange(11)))
    assert missing[:, :, 0].all(), "beside the swath"
    band = int(np.flatnonzero(open_cube(path).wavelengths > 1199)[0])
    assert np.argwhere(missing[:, :, 1:]).tolist() == [[band, 5, 5]], "the number marked invalid and no other"


def test_a_zero_beside_numbers_is_one(path):
    values = open_cube(path).read(Window(3, 4, 1, 1), [9])
    assert values.item() == pytest.approx(SCALES["Swir"][0])


def test_without_error_matrices(tmp_path):
    cube = open_cube(write_prisma(tmp_path / "s.he5", errors=False))
    assert int(np.isnan(cube.read()).sum()) == len(cube.used) * ROWS


def test_place_of_the_corner_pixels(path):
    georef = open_cube(path).georef
    assert georef.crs_name == "EPSG:32633"
    assert georef.pixel_size == (30.0, 30.0)
    assert georef.xy(0.5, 0.5) == CORNERS["UL"]
    assert georef.xy(ROWS - 0.5, COLS - 0.5) == CORNERS["LR"]


def test_corners_that_do_not_fit_or_are_missing(tmp_path):
    cube = open_cube(write_prisma(tmp_path / "a.he5", {"Product_LRcorner_easting": 500000.0}))
    assert any("does not fit 12 x 10 pixels" in note for note in cube.notes)
    cube = open_cube(write_prisma(tmp_path / "b.he5", {"Product_LRcorner_easting": None}))
    assert cube.georef is None
    assert "the file does not say where the scene lies" in cube.notes


def test_a_cube_travels(path):
    cube = open_cube(path)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(cube)).read(), cube.read())


def test_given_wavelengths_replace_the_files(path):
    assert open_cube(path, wavelengths="400:2500").wavelengths[-1] == 2500


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"List_Cw_Vnir": CENTRES["Vnir"][1:]}, "List_Cw_Vnir has 7 entries for the 8 bands of VNIR_Cube"),
        ({"List_Fwhm_Swir": None}, "List_Fwhm_Swir has 0 entries"),
        ({"L2ScaleVnirMax": None}, "expected ascending numbers"),
    ],
)
def test_attributes_that_do_not_fit(tmp_path, changes, words):
    with pytest.raises(InputError, match=words):
        open_cube(write_prisma(tmp_path / "s.he5", changes))


def test_cubes_of_two_sizes(tmp_path):
    with pytest.raises(InputError, match=r"s\.he5: bands of several sizes, 11 x 10 and 12 x 10 pixels"):
        open_cube(write_prisma(tmp_path / "s.he5", swir_rows=ROWS - 1))


def test_one_array_alone_is_for_another_reader(path):
    with pytest.raises(InputError, match="read as a whole, found variable 'VNIR_Cube'"):
        open_cube(path, variable="VNIR_Cube")
    assert prisma.sniff(path) == 2
    assert prisma.sniff(path.parent) == 0
