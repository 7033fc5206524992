"""The difference of two dates: what each band gained, in one light where that can be, window by window."""

from __future__ import annotations

import numpy as np

from hypersigma.cube import Cube
from hypersigma.data.difference import difference_cube
from hypersigma.data.normalisation import normalisation
from hypersigma.data.pair import CHANGED, Pair
from hypersigma.data.shared_bands import SharedBands
from hypersigma.tiling import Window
from tests.fakes.dates import BANDS, CENTRES, COLS, HOLES, ROWS, dates, numbers, pair_of, truth
from tests.layers import NORTH_UP


def test_it_is_after_less_before_in_one_light():
    pair = pair_of(holes=True)
    cube = difference_cube(pair)
    found = normalisation(pair)
    expected = found.gain[:, None, None] * pair.after.read() + found.offset[:, None, None] - pair.before.read()
    expected[:, np.isnan(expected).any(axis=0)] = np.nan
    np.testing.assert_allclose(cube.read(), expected, atol=1e-6)
    assert np.isnan(cube.read()[:, *np.transpose(HOLES)]).all()
    assert cube.notes == (found.note,)
    # what was added to changed ground is what is found there
    added = np.nanmean(cube.read()[:, truth() == CHANGED], axis=1)
    np.testing.assert_allclose(added, 0.1 * np.cos(2.1 * np.arange(BANDS)), atol=0.01)


def test_windows_and_bands_are_parts_of_the_whole():
    cube = difference_cube(pair_of(holes=True))
    whole, window = cube.read(), Window(10, 25, 7, 9)
    np.testing.assert_array_equal(cube.read(window, [3, 1]), whole[[3, 1]][:, *window.slices])


def test_it_says_what_it_is():
    cube = difference_cube(pair_of())
    assert (cube.shape, cube.name, cube.quantity) == (
        (BANDS, ROWS, COLS),
        "difference of before_after",
        "reflectance",
    )
    np.testing.assert_array_equal(cube.wavelengths, CENTRES)
    assert cube.georef == NORTH_UP


def test_sensors_that_differ_are_compared_in_the_bands_of_the_coarser_one_as_they_are():
    before, _ = dates()
    fine = np.linspace(420.0, 900.0, 30)
    _, after = numbers()
    spectra = np.stack([np.interp(fine, CENTRES, spectrum) for spectrum in after.reshape(BANDS, -1).T], axis=1)
    later = Cube.from_array(spectra.reshape(30, ROWS, COLS).astype(np.float32), fine, name="later")
    pair = Pair.of(before, later)
    cube = difference_cube(pair)
    first, second = SharedBands.of(pair).read(pair, pair.window)
    np.testing.assert_array_equal(cube.read(), second - first)
    assert cube.notes == ("differences are of the numbers as they are",)
    assert cube.quantity == "unknown"


def test_without_enough_unchanged_ground_numbers_stay_as_they_are():
    before, after = (array[:, :5, :5] for array in numbers())
    cube = difference_cube(Pair.of(Cube.from_array(before), Cube.from_array(after)))
    np.testing.assert_array_equal(cube.read(), after - before)
    assert cube.notes == ("differences are of the numbers as they are",)
