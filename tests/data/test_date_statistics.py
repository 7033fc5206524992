"""Numbers of two dates made comparable: standardised bands, shared components, samples of large scenes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hypersigma.cube import Cube
from hypersigma.data import date_statistics as module
from hypersigma.data.date_statistics import MOST_COMPONENTS, date_statistics, sampled_pixels
from hypersigma.data.pair import Pair
from hypersigma.data.shared_bands import SharedBands
from hypersigma.errors import InputError
from tests.fakes.dates import BANDS, COLS, HOLES, ROWS, dates, pair_of


def sample(num_bands: int, num_pixels: int = 400, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Correlated bands (bands, n) of two dates."""
    generator = np.random.default_rng(seed)
    ground = generator.normal(size=(num_bands, num_bands)) @ generator.normal(size=(num_bands, num_pixels))
    first, second = (ground + generator.normal(size=ground.shape) for _ in range(2))
    return (100.0 + first).astype(np.float32), (3.0 - 0.1 * second).astype(np.float32)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(1, MOST_COMPONENTS))
def test_few_bands_are_standardised_on_each_date(seed, num_bands):
    dates_ = sample(num_bands, seed=seed)
    statistics = date_statistics(*dates_)
    assert (statistics.basis, statistics.num_components) == (None, num_bands)
    for numbers, date in zip(statistics.apply(*dates_), dates_, strict=True):
        assert numbers.dtype == np.float32
        single = date.astype(np.float64)
        expected = (single - single.mean(axis=1, keepdims=True)) / single.std(axis=1, keepdims=True)
        np.testing.assert_allclose(numbers, expected, atol=1e-3)


def test_many_bands_become_the_leading_components_of_both_dates():
    before, after = sample(30)
    statistics = date_statistics(before, after)
    numbers = statistics.apply(before, after)
    assert statistics.num_components == len(numbers[0]) == MOST_COMPONENTS
    scaled = np.concatenate(
        [(date - date.mean(axis=1, keepdims=True)) / date.std(axis=1, keepdims=True) for date in (before, after)],
        axis=1,
        dtype=np.float64,
    )
    values, vectors = np.linalg.eigh(scaled @ scaled.T / scaled.shape[1])
    expected = vectors[:, ::-1][:, :MOST_COMPONENTS].T
    np.testing.assert_allclose(np.abs(np.sum(expected * statistics.basis, axis=1)), 1.0, atol=1e-5)
    np.testing.assert_allclose(
        np.square(np.concatenate(numbers, axis=1)).mean(axis=1), values[::-1][:MOST_COMPONENTS], rtol=1e-3
    )
    # signs do not hang on the library
    places = np.abs(statistics.basis).argmax(axis=1)
    assert (statistics.basis[np.arange(MOST_COMPONENTS), places] > 0).all()


def test_images_are_treated_as_pixels_are():
    before, after = sample(6)
    statistics = date_statistics(before, after)
    flat = statistics.apply(before, after)
    images = statistics.apply(before.reshape(6, 20, 20), after.reshape(6, 20, 20))
    for one, other in zip(flat, images, strict=True):
        np.testing.assert_array_equal(one.reshape(6, 20, 20), other)


@pytest.mark.parametrize("num_bands", [4, 30])
def test_a_constant_band_is_zero_on_its_date(num_bands):
    before, after = sample(num_bands)
    before[2], after[2] = 7.3, 0.0
    statistics = date_statistics(before, after)
    numbers = statistics.apply(before, after)
    assert all(np.isfinite(part).all() for part in numbers)
    if num_bands == 4:
        assert not any(part[2].any() for part in numbers)


def test_a_sample_is_of_pixels_that_both_dates_show():
    pair = pair_of(holes=True)
    before, after = sampled_pixels(SharedBands.of(pair), pair)
    known = np.ones((ROWS, COLS), dtype=bool)
    known[tuple(np.transpose(HOLES))] = False
    for pixels, date in zip((before, after), dates(holes=True), strict=True):
        assert pixels.shape == (BANDS, ROWS * COLS - 2)
        np.testing.assert_allclose(np.sort(pixels[0]), np.sort(date.read()[0, known]))


def test_of_a_large_scene_blocks_are_sampled(monkeypatch):
    monkeypatch.setattr(module, "_BLOCK", 8)
    monkeypatch.setattr(module, "_MOST_PIXELS", 300)
    pair = pair_of()
    before, _ = sampled_pixels(SharedBands.of(pair), pair)
    assert 200 <= before.shape[1] <= 330
    # of very many bands fewer pixels are taken
    monkeypatch.setattr(module, "_MOST_NUMBERS", 150 * BANDS)
    fewer, _ = sampled_pixels(SharedBands.of(pair), pair)
    assert 100 <= fewer.shape[1] <= 200


def test_dates_that_share_no_pixel_are_refused():
    first, second = (date.read() for date in dates())
    first[:, :20], second[:, 20:] = np.nan, np.nan
    first[:, 0, 0] = 0.3
    pair = Pair.of(Cube.from_array(first, name="early"), Cube.from_array(second, name="late"))
    with pytest.raises(InputError, match="early and late: 1 pixels have data on both dates; two at least"):
        sampled_pixels(SharedBands.of(pair), pair)
