"""Two dates as one cube: bands one after the other, windows, what is kept of each, and other sizes."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hypersigma.cube import Cube
from hypersigma.data.pair import LEGEND, Pair
from hypersigma.errors import InputError
from hypersigma.tiling import Window
from tests.fakes.dates import BANDS, COLS, ROWS, dates, pair_of
from tests.layers import NORTH_UP


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(0, 2 * BANDS - 1), max_size=2 * BANDS),
    st.tuples(st.integers(0, ROWS - 1), st.integers(0, COLS - 1), st.integers(1, 9), st.integers(1, 9)),
)
def test_bands_of_the_second_date_follow_those_of_the_first(bands, place):
    row, col, height, width = place
    window = Window(row, col, min(height, ROWS - row), min(width, COLS - col))
    pair = pair_of(holes=True)
    both = np.concatenate([date.read() for date in dates(holes=True)])
    np.testing.assert_array_equal(pair.read(window, bands), both[bands][:, *window.slices])


def test_scaling_order_and_no_data_are_those_of_each_date():
    stored = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    before = replace(Cube.from_array(stored, [700.0, 500.0], nodata=5), scale=0.5)
    after = replace(Cube.from_array(stored + 1, name="later"), scale=np.array([2.0, 3.0]), offset=1.0)
    pair = Pair.of(before, after)
    np.testing.assert_array_equal(pair.read(), np.concatenate([before.read(), after.read()]))
    assert np.isnan(pair.read()[1, 1, 1])


def test_it_keeps_what_is_known_of_the_dates():
    before, after = dates()
    after = replace(after, notes=("late", "both")).dropped(np.arange(BANDS) == 2, "noise")
    pair = Pair.of(replace(before, notes=("early", "both")), after, ("cut", "early"))
    assert (pair.name, pair.shape, pair.georef) == ("before_after", (2 * BANDS, ROWS, COLS), NORTH_UP)
    assert pair.notes == ("early", "both", "late", "cut")
    assert pair.wavelengths is None
    assert pair.used.tolist() == np.delete(np.arange(2 * BANDS), BANDS + 2).tolist()
    assert pair.reasons[BANDS + 2] == "noise"
    assert pair.quantity == "reflectance"
    assert Pair.of(before, replace(after, quantity="counts")).quantity == "unknown"
    assert LEGEND.names == ("unchanged", "changed")


def test_a_pair_goes_to_other_processes():
    pair = pair_of(holes=True)
    again = pickle.loads(pickle.dumps(pair))
    np.testing.assert_array_equal(again.read(), pair.read())


def test_dates_of_other_sizes_are_refused():
    before, after = dates()
    smaller = Cube.from_array(after.read()[:, :-1], name="after")
    with pytest.raises(InputError, match=r"before has 40 x 44 pixels, after 39 x 44; two dates are compared on one"):
        Pair.of(before, smaller)
