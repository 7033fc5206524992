"""How much noise each band has, estimated blindly."""

import numpy as np
import pytest

from hypersigma.data import noise_level
from hypersigma.data.noise_level import noise_deviations
from hypersigma.errors import InputError


def mixed(bands=40, rows=40, cols=50, materials=4, seed=0):
    """A clean scene of smooth shares of a few materials."""
    generator = np.random.default_rng(seed)
    shares = generator.random((materials, rows * cols))
    spectra = generator.random((bands, materials)).cumsum(axis=0) / bands
    return (spectra @ (shares / shares.sum(axis=0))).reshape(bands, rows, cols)


def noisy(deviations, seed=1, **shape):
    clean = mixed(bands=len(deviations), **shape)
    return clean + np.array(deviations)[:, None, None] * np.random.default_rng(seed).standard_normal(clean.shape)


@pytest.mark.parametrize("level", [0.003, 0.03, 0.3])
def test_white_noise_is_found(level):
    np.testing.assert_allclose(noise_deviations(noisy([level] * 40)), level, rtol=0.12)


def test_each_band_has_its_own():
    levels = np.geomspace(0.01, 0.3, 40)
    np.testing.assert_allclose(noise_deviations(noisy(levels)), levels, rtol=0.12)


def test_estimates_are_the_residuals_of_regressions():
    image = noisy([0.05] * 6)
    flat = image.reshape(6, -1)
    for band, found in enumerate(noise_deviations(image)):
        others = np.vstack([np.delete(flat, band, axis=0), np.ones(flat.shape[1])])
        _, squares, *_ = np.linalg.lstsq(others.T, flat[band], rcond=None)
        assert found == pytest.approx(np.sqrt(squares[0] / (flat.shape[1] - 6)), rel=1e-4)


def test_units_play_no_part():
    image = noisy([0.05] * 20)
    gains = np.geomspace(1e-3, 1e4, 20)
    np.testing.assert_allclose(
        noise_deviations(image * gains[:, None, None] + 7), gains * noise_deviations(image), rtol=1e-2
    )


def test_scenes_of_few_pixels_use_the_bands_around():
    found = noise_deviations(noisy([0.05] * 60, rows=8, cols=9))
    assert np.median(found) == pytest.approx(0.05, rel=0.15)


def test_a_single_band_is_told_by_its_texture():
    generator = np.random.default_rng(0)
    ramp = np.add.outer(np.arange(60.0), np.arange(70.0))[None]
    noise = 3 * generator.standard_normal(ramp.shape)
    assert noise_deviations(ramp + noise) == pytest.approx([3], rel=0.05)
    gaps = ramp + noise
    gaps[0, 10:20, 10:40] = np.nan
    assert noise_deviations(gaps) == pytest.approx([3], rel=0.05)


def test_constant_and_empty_bands_have_none():
    image = noisy([0.05] * 10)
    before = noise_deviations(image[2:])
    image[0], image[1] = 0.7, np.nan
    found = noise_deviations(image)
    assert found[0] == 0
    assert np.isnan(found[1])
    np.testing.assert_allclose(found[2:], before)
    assert (noise_deviations(np.ones((3, 4, 5))) == 0).all()


def test_pixels_without_numbers_are_left_out():
    image = noisy([0.05] * 10)
    before = noise_deviations(image[:, 1:])
    image[3, 0] = np.nan
    np.testing.assert_allclose(noise_deviations(image), before, rtol=1e-6)


def test_strips_change_nothing(monkeypatch):
    image = noisy([0.05] * 10)
    before = noise_deviations(image)
    monkeypatch.setattr(noise_level, "_NUMBERS_AT_ONCE", 1200)
    np.testing.assert_allclose(noise_deviations(image), before, rtol=1e-5)


def test_clean_scenes_have_next_to_no_noise():
    found = noise_deviations(mixed())
    assert (found > 0).all()
    assert (found < 1e-3).all()


def test_what_holds_no_noise_is_refused():
    with pytest.raises(InputError, match=r"found shape \(4, 5\)"):
        noise_deviations(np.ones((4, 5)))
    image = noisy([0.05] * 10)
    image[3, 0, 2:], image[4, 1:] = np.nan, np.nan
    with pytest.raises(InputError, match="2 pixels have numbers in all bands; noise needs 3"):
        noise_deviations(image)
