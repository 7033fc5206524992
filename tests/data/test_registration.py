"""The shift between two dates: known ones to a tenth of a pixel, what tells nothing, and taking it back."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import fourier_shift, gaussian_filter, map_coordinates

from hypersigma.cube import Cube
from hypersigma.data.phase_correlation import correlation_peak
from hypersigma.data.registration import Shift, residual_shift, shifted
from hypersigma.errors import InputError
from hypersigma.georef import Georef
from hypersigma.readers import open_cube
from hypersigma.tiling import Window
from tests.fakes.fields import crops
from tests.fakes.geotiff import GRID, write_tiff

SHIFTS = [(0.0, 0.0), (0.3, -0.45), (-1.25, 2.6), (3.0, -2.9), (-0.05, 0.1)]


def field_image(rows: int, cols: int, bands: int = 3, seed: int = 0) -> np.ndarray:
    """Fields of several sizes as an optical system shows them (bands, rows, cols)."""
    rng = np.random.default_rng(seed)
    levels = rng.uniform(0.1, 0.6, (bands, 3, 4))
    turned = np.indices((rows, cols))
    row, col = turned[0] + turned[1] // 3, turned[1] - turned[0] // 4
    side = 2 * (rows + cols)
    wide = crops(side, side, 23)[row, col + rows] - 1
    narrow = crops(side, side, 7)[row + 5, col + rows + 3] - 1
    texture = gaussian_filter(rng.standard_normal((rows, cols)), 1.5)
    sharp = levels[:, 0][:, wide] + 0.5 * levels[:, 1][:, narrow] + 0.1 * texture
    return np.stack([gaussian_filter(band, 0.8) for band in sharp])


def moved(array: np.ndarray, shift: tuple[float, float]) -> np.ndarray:
    """What an array shows, further on by a shift, without any loss."""
    return np.stack([np.fft.ifft2(fourier_shift(np.fft.fft2(band), shift)).real for band in array])


def cube(array: np.ndarray, name: str = "scene") -> Cube:
    return Cube.from_array(array.astype(np.float32), georef=Georef(tuple(GRID)[:6]), name=name)


@pytest.mark.parametrize("shift", SHIFTS)
@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_known_shifts_are_found_to_a_tenth_of_a_pixel(tmp_path, shift, noise):
    rng, array = np.random.default_rng(5), field_image(340, 300)
    pair = []
    for name, image in (("a", array), ("b", 3 * moved(array, shift) + 1)):
        noisy = image + noise * image.std(axis=(1, 2), keepdims=True) * rng.standard_normal(image.shape)
        # a cut, because a Fourier shift goes round the edges
        path = write_tiff(tmp_path / f"{name}.tif", noisy[:, 20:-20, 20:-20].astype("f4"), transform=GRID)
        pair.append(open_cube(path))
    found = residual_shift(*pair)
    assert found.reliable
    assert found.agreement > 0.3
    assert max(abs(found.rows - shift[0]), abs(found.cols - shift[1])) < (0.1 if noise else 0.02)
    assert found.length == pytest.approx(np.hypot(*shift), abs=0.1)


def test_other_bands_other_light_and_changes_do_not_mislead():
    array, shift = field_image(300, 300, bands=4), (0.7, -1.4)
    second = moved(array, shift)[1:3]
    # the sign of contrast turns where leaves have grown
    second = 5 - 2 * second
    second[:, 60:110, 100:180] = 4.0
    found = residual_shift(cube(array[:, 20:-20, 20:-20]), cube(second[:, 20:-20, 20:-20]))
    assert found.reliable
    assert np.hypot(found.rows - shift[0], found.cols - shift[1]) < 0.1


def test_common_wavelengths_are_compared():
    array = field_image(120, 120, bands=4)
    array[0] = np.random.default_rng(1).standard_normal((120, 120))
    before = Cube.from_array(array, [400.0, 700.0, 800.0, 900.0])
    after = Cube.from_array(moved(array, (1.0, 0.5))[1:], [700.0, 800.0, 900.0])
    found = residual_shift(before, after)
    assert (found.rows, found.cols) == pytest.approx((1.0, 0.5), abs=0.1)
    assert found.agreement > 0.7


def test_gaps_do_not_hold_the_images_in_place():
    array, shift = field_image(296, 296), (-1.5, 2.2)
    second = moved(array, shift)
    for image in (array, second):
        # the edge of a swath, which does not move with the ground, and a cloud
        image[:, :, :90] = np.nan
        image[:, 150:190, 130:170] = np.nan
    found = residual_shift(cube(array[:, 20:-20, 20:-20]), cube(second[:, 20:-20, 20:-20]))
    assert found.reliable
    assert np.hypot(found.rows - shift[0], found.cols - shift[1]) < 0.1


@pytest.mark.parametrize("blur", [0.0, 1.5])
@pytest.mark.parametrize("side", [24, 60, 256, 400])
def test_images_of_other_things_are_not_relied_on(side, blur):
    noise = np.random.default_rng(side).standard_normal((2, 2, side, side))
    first, second = gaussian_filter(noise, (0, 0, blur, blur))
    found = residual_shift(cube(first), cube(second))
    assert not found.reliable
    assert not residual_shift(cube(first), cube(field_image(side, side, 2))).reliable


@pytest.mark.parametrize(
    "array",
    [np.full((2, 64, 64), 7.0), np.full((2, 64, 64), np.nan), field_image(20, 300)],
    ids=["flat", "gap", "thin"],
)
def test_what_tells_nothing_is_not_relied_on(array):
    found = residual_shift(cube(array), cube(array))
    assert (found.rows, found.cols, found.agreement, found.reliable) == (0.0, 0.0, 0.0, False)


def test_a_date_without_valid_bands_is_not_relied_on():
    scene = cube(field_image(64, 64))
    assert not residual_shift(scene, replace(scene, valid=np.zeros(3, dtype=bool))).reliable


def test_parts_without_structure_need_not_agree():
    array, shift = field_image(600, 600), (0.4, 0.8)
    array[:, :, 280:590] = 0.1
    second = moved(array, shift)
    for seed, image in enumerate((array, second)):
        image += 0.005 * np.random.default_rng(seed).standard_normal(image.shape)
    found = residual_shift(cube(array), cube(second))
    assert found.reliable
    assert np.hypot(found.rows - shift[0], found.cols - shift[1]) < 0.1


def test_shifts_beyond_the_search_are_not_relied_on():
    texture = gaussian_filter(np.random.default_rng(0).standard_normal((1, 256, 256)), (0, 2, 2))
    assert not residual_shift(cube(texture[:, :200, :200]), cube(texture[:, 30:230, 41:241])).reliable
    found = residual_shift(cube(texture[:, 20:220, 20:220]), cube(texture[:, 6:206, 31:231]))
    assert (found.rows, found.cols) == pytest.approx((14.0, -11.0), abs=0.02)
    assert found.reliable
    assert correlation_peak(texture[0], texture[0]) == pytest.approx((0.0, 0.0, 1.0))


def test_dates_of_other_sizes_are_refused():
    with pytest.raises(InputError, match=r"a has \(40, 50\) pixels, b \(40, 51\).*onto one first"):
        residual_shift(cube(np.ones((1, 40, 50)), "a"), cube(np.ones((1, 40, 51)), "b"))


def test_a_shift_is_taken_back_with_less_loss_than_bilinearly():
    array = field_image(120, 110)
    scene = cube(moved(array, (1.3, -0.6)))
    back = shifted(scene, Shift(rows=1.3, cols=-0.6, agreement=1.0, reliable=True))
    values, inner = back.read()[:, 20:-20, 20:-20], array[:, 20:-20, 20:-20]
    places = np.indices(array.shape[1:]) + np.array([1.3, -0.6])[:, None, None]
    lines = np.stack([map_coordinates(band, places, order=1) for band in scene.read()])[:, 20:-20, 20:-20]
    loss = (values - inner).std()
    assert loss < 0.1 * inner.std()
    assert loss < 0.7 * (lines - inner).std()
    assert back.georef == scene.georef
    assert back.notes == ("scene was moved by -1.30 rows and +0.60 columns",)
    assert residual_shift(cube(array), back).length < 0.1


def test_a_ramp_stays_one_and_what_is_outside_is_missing():
    rows, cols = np.indices((20, 30))
    ramp = np.stack([rows + 10.0 * cols, cols - 2.0 * rows]).astype("i2")
    ramp[1, 8, 15] = -99
    scene = replace(Cube.from_array(ramp, nodata=-99.0), scale=np.array([0.5, 1.0]), offset=1.0)
    values = shifted(scene, Shift(rows=-0.25, cols=2.5, agreement=1.0, reliable=True)).read()
    shown = np.isfinite(values[0])
    # one pixel before and two behind have a part in what lies between
    assert np.argwhere(shown)[[0, -1]].tolist() == [[2, 0], [18, 25]]
    np.testing.assert_allclose(values[0][shown], (0.5 * ((rows - 0.25) + 10 * (cols + 2.5)) + 1)[shown], rtol=1e-5)
    assert np.argwhere(np.isnan(values[1]) & shown)[[0, -1]].tolist() == [[7, 11], [10, 14]]
    # whole pixels are those of the scene, and have no neighbours
    whole = shifted(scene, Shift(rows=3.0, cols=-2.0, agreement=1.0, reliable=True)).read()
    np.testing.assert_array_equal(whole[0, :-3, 2:], scene.read()[0, 3:, :-2])
    assert np.isnan(whole[0, -3:]).all()
    assert np.isnan(whole[0, :, :2]).all()
    assert np.isnan(shifted(scene, Shift(rows=40.5, cols=0.0, agreement=1.0, reliable=True)).read()).all()


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_numbers_do_not_depend_on_the_window(data):
    scene = cube(field_image(24, 31))
    shift = Shift(
        rows=data.draw(st.sampled_from([-2.4, 0.0, 0.5, 3.0])),
        cols=data.draw(st.sampled_from([-40.0, -1.0, 0.3])),
        agreement=1.0,
        reliable=True,
    )
    back = pickle.loads(pickle.dumps(shifted(scene, shift)))
    row, col = data.draw(st.integers(0, 23)), data.draw(st.integers(0, 30))
    window = Window(row, col, data.draw(st.integers(1, 24 - row)), data.draw(st.integers(1, 31 - col)))
    np.testing.assert_array_equal(back.read(window, [2, 0]), back.read()[[2, 0]][:, *window.slices])
