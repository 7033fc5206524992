"""Noise for simulation: its statistics, its places, and that it hangs on the seed alone."""

from dataclasses import replace

import numpy as np
import pytest

from hypersigma.config import structure, unstructure
from hypersigma.data.corrupt import (
    PUBLISHED_CASES,
    PUBLISHED_GAUSSIAN_TRAINING,
    PUBLISHED_MIXED_TRAINING,
    CorruptionConfig,
    DeadLines,
    GaussianNoise,
    ImpulseNoise,
    StripeNoise,
    corrupted,
)
from hypersigma.errors import ConfigError, InputError

FLAT = np.full((12, 60, 80), 0.4, dtype=np.float32)
QUIET = CorruptionConfig(gaussian=None)
KINDS = ("impulses", "stripes", "dead_lines")


def test_white_noise_has_one_deviation():
    result = corrupted(FLAT, CorruptionConfig(gaussian=GaussianNoise(deviations=(70 / 255,))), seed=0)
    noise = (result.image - FLAT).astype(float)
    assert noise.mean() == pytest.approx(0, abs=4 * 70 / 255 / np.sqrt(noise.size))
    assert noise.std() == pytest.approx(70 / 255, rel=0.01)
    np.testing.assert_allclose(result.deviations, 70 / 255)
    # Neighbours in any direction have nothing to do with one another.
    for axis in range(3):
        one, other = np.moveaxis(noise, axis, 0)[1:].ravel(), np.moveaxis(noise, axis, 0)[:-1].ravel()
        assert abs(np.corrcoef(one, other)[0, 1]) < 4 / np.sqrt(one.size)


def test_bands_draw_their_own_deviation():
    config = CorruptionConfig(gaussian=GaussianNoise(deviations=(0.1, 0.2, 0.3), per_band=True))
    result = corrupted(FLAT, config, seed=1)
    assert set(result.deviations) == {0.1, 0.2, 0.3}
    np.testing.assert_allclose((result.image - FLAT).std(axis=(1, 2)), result.deviations, rtol=0.05)


def test_any_deviation_between_two():
    drawn = [corrupted(FLAT[:2, :2], PUBLISHED_GAUSSIAN_TRAINING, seed).deviations for seed in range(300)]
    assert all(len(set(deviations)) == 1 for deviations in drawn)
    levels = 255 * np.array(drawn)[:, 0]
    assert levels.min() >= 10
    assert levels.max() <= 70
    assert levels.mean() == pytest.approx(40, abs=4)
    assert levels.std() == pytest.approx(60 / np.sqrt(12), rel=0.1)


def test_impulses_are_half_salt_half_pepper():
    result = corrupted(FLAT, replace(QUIET, impulses=ImpulseNoise(share=0.5, ratios=(0.3,))), seed=0)
    assert len(result.impulses) == 6
    for band in result.impulses:
        assert (result.image[band] == 1).mean() == pytest.approx(0.15, abs=0.03)
        assert (result.image[band] == 0).mean() == pytest.approx(0.15, abs=0.03)
    whole = np.isin(np.arange(12), result.impulses, invert=True)
    np.testing.assert_array_equal(result.image[whole], FLAT[whole])


def test_every_band_draws_its_ratio_of_impulses():
    config = replace(QUIET, impulses=ImpulseNoise(share=1.0, ratios=(0.1, 0.7)))
    hit = (corrupted(FLAT, config, seed=0).image != FLAT).mean(axis=(1, 2))
    assert set(np.round(hit, 1)) == {0.1, 0.7}


def test_stripes_are_offsets_of_whole_columns():
    result = corrupted(FLAT, replace(QUIET, stripes=StripeNoise(share=1.0)), seed=0)
    offsets = result.image - FLAT
    np.testing.assert_allclose(offsets, np.broadcast_to(offsets[:, :1], offsets.shape), atol=1e-6)
    striped = offsets[:, 0] != 0
    assert (striped.mean(axis=1) >= 0.05).all()
    assert (striped.mean(axis=1) <= 0.15).all()
    assert np.abs(offsets).max() <= 0.25
    assert offsets[:, 0][striped].std() == pytest.approx(0.5 / np.sqrt(12), rel=0.2)


def test_dead_lines_are_columns_of_zeros():
    result = corrupted(FLAT, replace(QUIET, dead_lines=DeadLines(share=0.25, columns=(0.1, 0.1))), seed=0)
    assert len(result.dead_lines) == 3
    for band in result.dead_lines:
        dead = (result.image[band] == 0).all(axis=0)
        assert dead.sum() == 8
        assert (result.image[band][:, ~dead] == np.float32(0.4)).all()


@pytest.mark.parametrize("number", PUBLISHED_CASES)
def test_published_cases_lie_on_disjoint_thirds(number):
    result = corrupted(np.zeros((192, 4, 40)), PUBLISHED_CASES[number], seed=number)
    expected = {1: (), 2: KINDS[:1], 3: (KINDS[0], KINDS[2]), 4: KINDS[:2], 5: KINDS}[number]
    found = {kind: getattr(result, kind) for kind in KINDS}
    assert {kind: len(bands) for kind, bands in found.items()} == {kind: 64 * (kind in expected) for kind in KINDS}
    bands = np.concatenate(list(found.values()))
    assert len(set(bands)) == len(bands)
    levels = {70.0} if number == 1 else {30.0, 50.0, 70.0, 90.0}
    assert set(np.round(255 * result.deviations, 6)) == levels


def test_published_training_is_of_five_mixtures():
    parts = [[kind for kind in KINDS if getattr(config, kind)] for config in PUBLISHED_MIXED_TRAINING]
    assert parts == [[], ["impulses"], ["impulses"], ["stripes"], ["dead_lines"]]


def test_a_third_of_191_bands_is_63():
    assert len(corrupted(np.zeros((191, 2, 3)), PUBLISHED_CASES[5], seed=0).stripes) == 63


@pytest.mark.parametrize("config", [*PUBLISHED_CASES.values(), *PUBLISHED_MIXED_TRAINING, PUBLISHED_GAUSSIAN_TRAINING])
def test_noise_hangs_on_the_seed_alone(config):
    first, again, other = (corrupted(FLAT, config, seed).image for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_what_else_there_is_leaves_the_rest_as_it_is():
    both = corrupted(FLAT, PUBLISHED_CASES[5], seed=0)
    fewer = corrupted(FLAT, PUBLISHED_CASES[2], seed=0)
    np.testing.assert_array_equal(both.deviations, fewer.deviations)
    np.testing.assert_array_equal(both.impulses, fewer.impulses)
    others = np.setdiff1d(np.arange(12), np.concatenate([both.stripes, both.dead_lines]))
    np.testing.assert_array_equal(both.image[others], fewer.image[others])


def test_levels_are_shares_of_the_peak():
    small = corrupted(FLAT, PUBLISHED_CASES[5], seed=0)
    large = corrupted(5000 * FLAT, PUBLISHED_CASES[5], seed=0, peak=5000)
    np.testing.assert_allclose(large.image, 5000 * small.image, rtol=1e-4, atol=1e-2)
    np.testing.assert_allclose(large.deviations, 5000 * small.deviations)


def test_the_image_itself_is_left_alone():
    image = FLAT.copy()
    corrupted(image, PUBLISHED_CASES[5], seed=0)
    np.testing.assert_array_equal(image, FLAT)


def test_pixels_without_data_stay_so():
    image = FLAT.copy()
    image[:, :3, :3] = np.nan
    result = corrupted(image, PUBLISHED_CASES[5], seed=0).image
    np.testing.assert_array_equal(np.isnan(result), np.isnan(image))


def test_integers_become_single_precision():
    assert corrupted(np.full((3, 4, 5), 700, np.uint16), PUBLISHED_CASES[1], 0, peak=1000).image.dtype == np.float32


@pytest.mark.parametrize("bands", [1, 2])
def test_images_of_few_bands(bands):
    result = corrupted(FLAT[:bands], PUBLISHED_CASES[5], seed=0)
    assert [len(getattr(result, kind)) for kind in KINDS] == [0, 0, 0]


@pytest.mark.parametrize("config", [CorruptionConfig(), *PUBLISHED_CASES.values()])
def test_settings_go_to_plain_data_and_back(config):
    assert structure(unstructure(config), CorruptionConfig, "settings") == config


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: GaussianNoise(deviations=()), "expected numbers from 0 on"),
        (lambda: GaussianNoise(deviations=(0.1, -0.1)), r"deviations of noise are \[0.1, -0.1\]"),
        (lambda: ImpulseNoise(ratios=(0.1, 1.1)), r"ratios of impulses are \[0.1, 1.1\]"),
        (lambda: ImpulseNoise(share=1.1), "share of bands is 1.1"),
        (lambda: StripeNoise(columns=(0.2, 0.1)), "two ascending numbers"),
        (lambda: StripeNoise(amplitude=-1), "amplitude of stripes is -1"),
        (lambda: DeadLines(columns=(0.2, 1.1)), "two ascending numbers"),
        (lambda: CorruptionConfig(impulses=ImpulseNoise(share=0.7), stripes=StripeNoise()), "want 103% of them"),
    ],
)
def test_settings_that_make_no_noise_are_refused(build, message):
    with pytest.raises(ConfigError, match=message):
        build()


def test_images_and_peaks_that_are_none_are_refused():
    with pytest.raises(InputError, match=r"found shape \(60, 80\)"):
        corrupted(FLAT[0], QUIET, seed=0)
    with pytest.raises(ConfigError, match="must be positive, such as 1, not 0"):
        corrupted(FLAT, QUIET, seed=0, peak=0)
