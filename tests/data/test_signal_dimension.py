"""How many endmembers a scene holds: simulated scenes of known numbers, and formulas by plain code."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from hypersigma.data.moments import Moments
from hypersigma.data.signal_dimension import hfc, hysime, scene_moments
from hypersigma.errors import ConfigError, InputError


def scene(
    num_endmembers: int, decibels: float = 30.0, *, num_bands: int = 80, num_pixels: int = 4000, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Spectra (bands, pixels) of smooth endmembers under noise that differs from band to band, and its deviations."""
    rng = np.random.default_rng(seed)
    axis = np.linspace(0.0, 1.0, num_bands)
    places = (np.arange(num_endmembers) + rng.uniform(0.3, 0.7, num_endmembers)) / num_endmembers
    endmembers = 0.2 + 0.6 * np.exp(-0.5 * np.square((axis - places[:, None]) / 0.15))
    spectra = endmembers.T @ rng.dirichlet(np.ones(num_endmembers), num_pixels).T
    deviations = rng.uniform(0.5, 1.5, num_bands)
    deviations *= np.sqrt(np.square(spectra).mean() / 10 ** (decibels / 10) / np.square(deviations).mean())
    return spectra + deviations[:, None] * rng.normal(size=spectra.shape), deviations


@settings(max_examples=15, deadline=None)
@given(num_endmembers=st.integers(2, 6), seed=st.integers(0, 10_000))
def test_the_number_is_found_at_30_db(num_endmembers: int, seed: int) -> None:
    spectra, _ = scene(num_endmembers, seed=seed)
    found = hysime(scene_moments(spectra))
    assert found.num_endmembers == num_endmembers
    assert (found.evidence > 0).sum() == num_endmembers


@settings(max_examples=15, deadline=None)
@given(num_endmembers=st.integers(2, 4), whiten=st.booleans(), seed=st.integers(0, 10_000))
def test_virtual_dimensionality_is_about_the_number(num_endmembers: int, whiten: bool, seed: int) -> None:
    spectra, _ = scene(num_endmembers, 35.0, seed=seed)
    found = hfc(scene_moments(spectra), whiten=whiten).num_endmembers
    assert abs(found - num_endmembers) <= 1


@pytest.mark.parametrize("method", [hysime, hfc])
def test_noise_is_told_from_signal_band_by_band(method) -> None:
    spectra, deviations = scene(4)
    # what the noise of other bands leaves unexplained counts as noise too
    ratio = method(scene_moments(spectra)).noise / deviations
    assert ratio.min() > 0.97
    assert ratio.max() < 1.15


@pytest.mark.parametrize("method", [hysime, hfc, lambda found: hfc(found, whiten=False)])
@pytest.mark.parametrize("unit", [1e-4, 1.0, 1e4])
def test_units_and_dead_bands_do_not_matter(method, unit: float) -> None:
    spectra, _ = scene(4)
    expected = method(scene_moments(spectra)).num_endmembers
    assert method(scene_moments(unit * spectra)).num_endmembers == expected
    dead = np.concatenate([spectra, np.zeros((2, 4000))])
    assert method(scene_moments(dead)).num_endmembers == expected


@pytest.mark.parametrize("method", [hysime, hfc, lambda found: hfc(found, whiten=False)])
def test_without_noise_round_off_is_no_endmember(method) -> None:
    spectra, _ = scene(4, 1000.0)
    assert 2 <= method(scene_moments(spectra)).num_endmembers <= 4


def test_hysime_as_by_regression_of_every_band() -> None:
    spectra, _ = scene(4, num_bands=20, num_pixels=600)
    noise = np.stack(
        [
            band - others.T @ np.linalg.lstsq(others.T, band, rcond=None)[0]
            for band, others in ((spectra[index], np.delete(spectra, index, axis=0)) for index in range(20))
        ]
    )
    free = 1 - 19 / 600
    found = hysime(scene_moments(spectra))
    np.testing.assert_allclose(found.noise, np.sqrt(np.square(noise).mean(axis=1) / free), rtol=1e-4)
    signal = (spectra - noise) @ (spectra - noise).T / 600
    directions = np.linalg.svd(signal)[0]
    variances = np.square(noise).mean(axis=1) / free + 1e-5 * np.trace(signal) / 20
    power = np.square(directions.T @ spectra).mean(axis=1)
    costs = power - 2 * np.square(directions.T) @ variances
    np.testing.assert_allclose(found.evidence, costs, rtol=1e-3, atol=1e-6)


def test_virtual_dimensionality_as_by_its_formula() -> None:
    spectra, _ = scene(3, num_bands=15, num_pixels=500)
    correlations = np.linalg.eigvalsh(spectra @ spectra.T / 500)[::-1]
    covariances = np.linalg.eigvalsh(np.cov(spectra))[::-1]
    spread = np.sqrt(2 / 500 * (correlations**2 + covariances**2))
    expected = correlations - covariances - norm.ppf(1 - 1e-4) * spread
    found = hfc(scene_moments(spectra), 1e-4, whiten=False)
    np.testing.assert_allclose(found.evidence, expected, rtol=1e-6, atol=1e-8)
    assert found.num_endmembers == (expected > 0).sum()


def test_rarer_false_alarms_are_fewer_endmembers() -> None:
    found = scene_moments(scene(6, 20.0)[0])
    numbers = [hfc(found, rate).num_endmembers for rate in (0.1, 1e-2, 1e-4, 1e-8)]
    assert numbers == sorted(numbers, reverse=True)


def test_moments_leave_out_pixels_without_data(monkeypatch: pytest.MonkeyPatch) -> None:
    spectra, _ = scene(3, num_bands=10, num_pixels=200)
    lacking = spectra.copy()
    lacking[2, ::7] = np.nan
    kept = np.delete(spectra, np.arange(0, 200, 7), axis=1)
    monkeypatch.setattr("hypersigma.data.signal_dimension._PIXELS_AT_ONCE", 31)
    found = scene_moments(lacking)
    assert found.num_pixels == kept.shape[1]
    np.testing.assert_allclose(found.covariance, np.cov(kept), rtol=1e-6, atol=1e-9)


def test_what_cannot_be_told_is_refused() -> None:
    few = Moments(mean=np.ones(5), covariance=np.eye(5), num_pixels=5)
    for method in (hysime, hfc):
        with pytest.raises(InputError, match="5 pixels have data in all of 5 bands; .* more pixels than bands"):
            method(few)
    with pytest.raises(InputError, match=r"shape \(bands, n\), found \(3, 4, 5\)"):
        scene_moments(np.zeros((3, 4, 5)))
    many = Moments(mean=np.ones(5), covariance=np.eye(5), num_pixels=50)
    for rate in (0.0, 0.5, -1.0):
        with pytest.raises(ConfigError, match=r"between 0 and 0\.5"):
            hfc(many, rate)
