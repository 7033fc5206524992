"""One date in the light of another: gains and offsets are found although some pixels changed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hypersigma.cube import Cube
from hypersigma.data.normalisation import _orthogonal, normalisation
from hypersigma.data.pair import CHANGED, UNCHANGED, Pair
from hypersigma.errors import InputError
from tests.fakes.dates import BANDS, CENTRES, GAINS, OFFSETS, dates, numbers, pair_of, truth


def test_gains_and_offsets_are_found_beside_changes():
    assert np.mean(truth() == CHANGED) > 0.1
    pair = pair_of(holes=True)
    found = normalisation(pair)
    # the later date was made of the ground by gains and offsets
    np.testing.assert_allclose(found.gain, 1 / GAINS, rtol=0.04)
    np.testing.assert_allclose(found.offset, -OFFSETS / GAINS, atol=0.012)
    lit = found.applied(pair.after).read()
    still = truth() == UNCHANGED
    before = pair.before.read()
    assert np.nanstd((lit - before)[:, still]) < 0.01
    assert abs(np.nanmean((lit - before)[:, still])) < 5e-4
    assert 0 < found.share < 0.9
    assert found.num_unchanged == pytest.approx(found.share * (truth().size - 2))


@settings(max_examples=10, deadline=None)
@given(st.floats(0.3, 3.0), st.floats(-0.2, 0.2))
def test_light_is_taken_back_whatever_it_was(gain, offset):
    before, after = numbers()
    one, other = (
        normalisation(Pair.of(Cube.from_array(before), Cube.from_array(date)))
        for date in (after, (gain * after + offset).astype(np.float32))
    )
    np.testing.assert_allclose(other.gain * gain, one.gain, rtol=0.03)


def test_the_line_is_that_of_an_orthogonal_regression():
    generator = np.random.default_rng(2)
    points = generator.normal(size=(2, 300)) * [[3.0], [1.0]]
    for angle in (0.2, 0.8, 1.3):
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        x, y = turn @ points + [[5.0], [-2.0]]
        (gain,), (offset,) = _orthogonal(x[None], y[None])
        # the line runs along the leading axis of the points
        axis = np.linalg.svd([x - x.mean(), y - y.mean()])[0][:, 0]
        assert gain == pytest.approx(axis[1] / axis[0])
        assert gain * x.mean() + offset == pytest.approx(y.mean())


def test_stored_numbers_keep_their_scales():
    array = (1000 * numbers()[1]).astype(np.int16)
    array[:, 3, 3] = -999
    cube = replace(Cube.from_array(array, nodata=-999), scale=0.001, offset=0.5)
    found = normalisation(Pair.of(dates(wavelengths=None)[0], cube))
    lit = found.applied(cube).read()
    np.testing.assert_allclose(
        lit, found.gain[:, None, None] * cube.read() + found.offset[:, None, None], rtol=1e-5, atol=1e-6
    )
    assert np.isnan(lit[:, 3, 3]).all()


def test_bands_that_do_not_count_stay_as_they_are():
    before, after = dates()
    after = after.dropped(np.arange(BANDS) == 3, "noise")
    found = normalisation(Pair.of(before, after))
    assert (found.gain[3], found.offset[3]) == (1.0, 0.0)
    assert found.gain[1] != 1.0


def test_dates_that_are_alike_stay_so():
    before, _ = dates()
    found = normalisation(Pair.of(before, before))
    np.testing.assert_allclose(found.gain, 1.0, atol=1e-6)
    np.testing.assert_allclose(found.offset, 0.0, atol=1e-6)
    assert found.share == 1.0
    assert "by 1760 pixels that look unchanged (100% of those looked at): gains 1.00 to 1.00" in found.note


def test_a_band_that_is_constant_is_only_shifted():
    before, after = numbers()
    before[2], after[2] = 0.3, 0.5
    found = normalisation(Pair.of(Cube.from_array(before), Cube.from_array(after)))
    assert found.gain[2] == 1.0
    assert found.offset[2] == pytest.approx(-0.2)


def test_what_has_no_unchanged_ground_is_refused():
    few = [Cube.from_array(array[:, :5, :6], CENTRES, name=name) for array, name in zip(numbers(), "ab", strict=True)]
    with pytest.raises(InputError, match=r"a and b: \d+ pixels look unchanged, 50 at least are needed"):
        normalisation(Pair.of(*few))
    before, after = dates()
    other = Cube.from_array(after.read()[:4], CENTRES[:4] + 20.0, name="other")
    with pytest.raises(InputError, match="before and other are of different sensors; normalisation compares band"):
        normalisation(Pair.of(before, other))
