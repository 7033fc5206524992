"""From scenes to a pair: one grid, shifts that are told or removed, one light if asked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, shift

from hypersigma.cube import Cube
from hypersigma.data.dates import dates_of, paired
from hypersigma.data.normalisation import normalisation
from hypersigma.data.pair import Pair
from hypersigma.errors import InputError
from hypersigma.georef import Georef
from tests.fakes.dates import BANDS, COLS, ROWS, dates
from tests.layers import NORTH_UP

SIDE = 96


def ground(seed: int = 0) -> np.ndarray:
    """Ground (bands, rows, cols) with structure that a shift can be measured by."""
    noise = np.random.default_rng(seed).standard_normal((3, SIDE, SIDE))
    fields = np.stack([gaussian_filter(band, 1.5) for band in noise])
    return (0.4 + 0.1 * fields / fields.std()).astype(np.float32)


def moved(rows: float, cols: float) -> tuple[Cube, Cube]:
    """A date and how it looks moved by so many rows and columns."""
    array = ground()
    later = np.stack([shift(band, (rows, cols), order=5, mode="nearest") for band in array])
    return Cube.from_array(array, name="before"), Cube.from_array(later.astype(np.float32), name="after")


def said(notes: tuple[str, ...], words: str) -> list[str]:
    return [note for note in notes if words in note]


def test_registered_dates_are_said_to_be():
    before, after = dates()
    pair = paired(before, after)
    assert pair.shape == (2 * BANDS, ROWS, COLS)
    assert len(said(pair.notes, "they are registered")) == 1
    np.testing.assert_array_equal(pair.after.read(), after.read())


def test_a_shift_is_told_and_removed_when_asked():
    before, after = moved(0.6, -0.8)
    left = paired(before, after, register=False)
    (note,) = said(left.notes, "off the first")
    assert note.startswith("the second date lies +0.")
    assert note.endswith("; it was left so")
    registered = paired(before, after)
    assert not said(registered.notes, "off the first")
    (note,) = said(registered.notes, "was moved by -0.")
    inner = (slice(None), slice(8, -8), slice(8, -8))
    first, second, third = before.read()[inner], left.after.read()[inner], registered.after.read()[inner]
    assert np.nanstd(third - first) < 0.2 * np.nanstd(second - first)


def test_the_date_that_is_sharper_is_blurred_when_shifts_are_removed():
    array = ground()
    soft = np.stack([gaussian_filter(band, 1.0) for band in array])
    before, after = Cube.from_array(array, name="before"), Cube.from_array(soft, name="after")
    assert not said(paired(before, after, register=False).notes, "blurred")
    pair = paired(before, after)
    assert said(pair.notes, "before was blurred as after is")
    np.testing.assert_array_equal(pair.after.read(), soft)
    assert np.std(pair.before.read() - soft) < 0.2 * np.std(array - soft)


def test_dates_that_share_no_structure_tell_no_shift():
    before, after = (Cube.from_array(ground(seed), name=str(seed)) for seed in (0, 1))
    for register in (False, True):
        pair = paired(before, after, register=register)
        assert said(pair.notes, "no shift between the dates could be measured")
        np.testing.assert_array_equal(pair.after.read(), after.read())


@pytest.mark.parametrize("register", [False, True])
def test_light_is_evened_when_asked_and_all_is_told(register):
    before, after = moved(0.6, -0.8)
    brighter = replace(after, scale=1.5, offset=0.1)
    pair = paired(before, brighter, register=register, normalise=True)
    assert len(said(pair.notes, "was brought to the light of the first")) == 1
    assert len(said(pair.notes, "off the first")) == (0 if register else 1)
    assert len(said(pair.notes, "was moved by")) == (1 if register else 0)
    ratio = np.nanmean(pair.after.read()) / np.nanmean(before.read())
    assert ratio == pytest.approx(1.0, abs=0.02)


def test_dates_are_cut_to_common_ground():
    a, b, c, d, e, f = NORTH_UP.transform
    before, after = dates()
    later = replace(after, georef=Georef((a, b, c + 2 * a, d, e, f + 4 * e), NORTH_UP.crs))
    pair = paired(before, later)
    assert pair.shape[1:] == (ROWS - 4, COLS - 2)
    assert said(pair.notes, "both dates were cut to the 36 x 42 pixels")


def test_what_cannot_be_compared_is_refused():
    before, after = dates()
    empty = Cube.from_array(np.full(after.shape, np.nan, dtype=np.float32), georef=NORTH_UP, name="empty")
    with pytest.raises(InputError, match="^empty: no data"):
        paired(before, empty)
    away = replace(after, georef=Georef((30.0, 0.0, 9e5, 0.0, -30.0, 5e6), NORTH_UP.crs))
    with pytest.raises(InputError, match="no common ground"):
        paired(before, away)
    few = Cube.from_array(after.read()[:2], after.wavelengths[:2] + 5.0, georef=NORTH_UP, name="few")
    with pytest.raises(InputError, match="different sensors"):
        paired(before, few, normalise=True)


def test_a_network_sees_both_dates_in_one_light():
    before, after = dates()
    assert dates_of(before) == (before,)
    pair = Pair.of(before, after)
    first, second = dates_of(pair)
    assert first is before
    np.testing.assert_array_equal(second.read(), normalisation(pair).applied(after).read())
    # where nothing can be said of the light, each date keeps its own
    few = Cube.from_array(after.read()[:2], after.wavelengths[:2] + 5.0, georef=NORTH_UP)
    assert dates_of(Pair.of(before, few)) == (before, few)


def test_a_copy_is_told():
    before, _ = dates()
    assert said(paired(before, before).notes, "the two dates hold the same numbers")
