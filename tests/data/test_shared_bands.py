"""Bands that both dates have: of one sensor, of two, of none, and how they are read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hypersigma.cube import Cube
from hypersigma.data.pair import Pair
from hypersigma.data.shared_bands import BandList, SharedBands
from hypersigma.errors import InputError
from hypersigma.spectra import resampling_matrix
from hypersigma.tiling import Window
from tests.fakes.dates import BANDS, COLS, HOLES, ROWS, dates, pair_of

FINE, COARSE = np.arange(400.0, 1001.0, 10.0), np.array([450.0, 550.0, 650.0, 750.0, 850.0, 1300.0])
WIDTHS = np.full(6, 80.0)


def line(wavelengths: np.ndarray, name: str, fwhm: np.ndarray | None = None) -> Cube:
    """A scene whose spectra rise along straight lines: 0.1 + slope * wavelength, the slope growing by pixel."""
    slopes = np.arange(1, 31).reshape(5, 6) * 1e-4
    array = 0.1 + slopes * (np.asarray(wavelengths) - 400.0)[:, None, None]
    return Cube.from_array(array.astype(np.float32), wavelengths, fwhm, name=name)


def test_bands_of_one_sensor_are_taken_as_they_are():
    before, after = dates()
    after = replace(after, wavelengths=after.wavelengths + 0.9)
    before = before.dropped(np.arange(BANDS) == 0, "noise")
    after = after.dropped(np.arange(BANDS) == 3, "dead")
    pair = Pair.of(before, after)
    shared = SharedBands.of(pair)
    assert (shared.num_bands, shared.matrices) == (BANDS - 2, (None, None))
    kept = [1, 2, *range(4, BANDS)]
    assert shared.before.indices == shared.after.indices == tuple(kept)
    for read, date in zip(shared.read(pair, pair.window), (before, after), strict=True):
        np.testing.assert_array_equal(read, date.read(bands=kept))
    np.testing.assert_array_equal(shared.wavelengths, before.wavelengths[kept])


def test_without_wavelengths_as_many_bands_are_the_same_ones():
    named, nameless = dates()[0], dates(wavelengths=None)[1]
    assert SharedBands.of(pair_of(wavelengths=None)).bands == BandList(BANDS)
    for first, second in ((named, nameless), (nameless, named)):
        shared = SharedBands.of(Pair.of(first, second))
        np.testing.assert_array_equal(shared.wavelengths, named.wavelengths)
    fewer = Cube.from_array(nameless.read()[:3], name="after")
    with pytest.raises(InputError, match=r"before has 8 bands, after 3, .*give files that name their wavelengths"):
        SharedBands.of(Pair.of(named, fewer))


@pytest.mark.parametrize("swapped", [False, True])
def test_the_finer_sensor_is_resampled_to_the_coarser_one(swapped):
    fine, coarse = line(FINE, "fine"), line(COARSE, "coarse", WIDTHS)
    first, second = (coarse, fine) if swapped else (fine, coarse)
    pair = Pair.of(first, second)
    shared = SharedBands.of(pair)
    # the last band of the coarse sensor lies where the fine one sees nothing
    np.testing.assert_array_equal(shared.wavelengths, COARSE[:-1])
    before, after = shared.read(pair, pair.window)
    # under any symmetric response a straight line is what it is at the centre
    np.testing.assert_allclose(before, after, atol=1e-6)
    np.testing.assert_array_equal(after if not swapped else before, coarse.read()[:-1])
    matrix, covered = resampling_matrix(FINE, None, fine.valid, targets=COARSE, target_fwhm=WIDTHS)
    expected = np.tensordot(matrix[covered], fine.read(), axes=1)
    np.testing.assert_allclose(before if not swapped else after, expected, rtol=1e-5)


def test_bands_that_are_not_valid_give_nothing_to_others():
    fine = line(FINE, "fine")
    noisy = fine.read()
    noisy[10:13] = 1e6
    fine = Cube.from_array(noisy, FINE, name="fine").dropped((np.arange(len(FINE)) // 3) * 3 == 9, "noise")
    noisy = fine.dropped(np.isin(np.arange(len(FINE)), [10, 11, 12]), "noise")
    coarse = line(COARSE, "coarse", WIDTHS).dropped(COARSE == 750.0, "water")
    pair = Pair.of(noisy, coarse)
    shared = SharedBands.of(pair)
    before, after = shared.read(pair, pair.window)
    assert 750.0 not in shared.wavelengths
    np.testing.assert_allclose(before, after, atol=2e-3)


def test_what_lacks_on_either_date_lacks_on_both():
    pair = pair_of(holes=True)
    before, after = SharedBands.of(pair).read(pair, pair.window)
    missing = np.zeros((ROWS, COLS), dtype=bool)
    missing[tuple(np.transpose(HOLES))] = True
    for date in (before, after):
        np.testing.assert_array_equal(np.isnan(date), np.broadcast_to(missing, date.shape))
    # and the dates themselves are not written into
    assert np.isnan(pair.read()).sum() == 2


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(st.integers(0, ROWS - 1), st.integers(0, COLS - 1), st.integers(1, 12), st.integers(1, 12)),
    st.integers(0, 60),
)
def test_the_scene_goes_on_as_its_mirror_image(place, margin):
    row, col, height, width = place
    window = Window(row, col, min(height, ROWS - row), min(width, COLS - col))
    pair = pair_of(holes=True)
    shared = SharedBands.of(pair)
    whole = shared.read(pair, pair.window)
    for found, date in zip(shared.read(pair, window, margin), whole, strict=True):
        # NumPy mirrors once: as often as a margin of more than a side needs it
        padded = np.pad(date, ((0, 0), (margin, margin), (margin, margin)), mode="reflect")
        seen = padded[:, row : row + window.height + 2 * margin, col : col + window.width + 2 * margin]
        np.testing.assert_array_equal(found, seen)


def test_sensors_without_a_wavelength_in_common_are_refused():
    visible, infrared = line(np.array([450.0, 500.0, 550.0, 600.0]), "visible"), line(COARSE + 800.0, "infrared")
    with pytest.raises(InputError, match=r"visible \(450-600 nm\) and infrared \(1250-2100 nm\) see no wavelengths"):
        SharedBands.of(Pair.of(visible, infrared))
    before, after = dates()
    with pytest.raises(InputError, match="no band is valid on both dates"):
        SharedBands.of(
            Pair.of(before.dropped(np.arange(BANDS) < 3, "noise"), after.dropped(np.arange(BANDS) > 2, "noise"))
        )


def test_further_pairs_need_the_same_bands():
    bands = BandList(3, (450.0, 550.0, 650.0))
    bands.check(BandList(3, (450.5, 549.5, 650.0)), "further")
    bands.check(BandList(3), "further")
    with pytest.raises(InputError, match=r"^further: both dates have 2 bands in common, the model was fitted on 3"):
        bands.check(BandList(2), "further")
    with pytest.raises(InputError, match=r"band 2 that both dates have lies at 560.0 nm, .* fitted on one at 550.0"):
        bands.check(BandList(3, (450.0, 560.0, 652.0)), "further")
