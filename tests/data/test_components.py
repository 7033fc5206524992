"""Unsupervised transforms: what they promise mathematically, and what they do with missing data."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hypersigma.data.components import Components, fit_mnf, fit_pca, fit_scaling
from hypersigma.errors import InputError


def scene(seed: int = 0, bands: int = 6, rows: int = 20, cols: int = 25, noise: float = 0.05) -> np.ndarray:
    """Smooth fields of two materials mixed into bands, plus white noise."""
    rng = np.random.default_rng(seed)
    row, col = np.mgrid[:rows, :cols]
    fields = np.stack([np.sin(row / 5.0), np.cos(col / 6.0)])
    return np.einsum("bm,mrc->brc", rng.normal(size=(bands, 2)), fields) + noise * rng.normal(size=(bands, rows, cols))


def covariance(array: np.ndarray) -> np.ndarray:
    return np.cov(array.reshape(len(array), -1).astype(float), bias=True)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 6))
def test_principal_components_are_uncorrelated_and_descend(seed: int, num_components: int) -> None:
    array = scene(seed)
    components = fit_pca([array], num_components)
    out = np.atleast_2d(covariance(components.apply(array)))
    assert out.shape == (num_components, num_components)
    np.testing.assert_allclose(np.diag(out), components.values, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(out - np.diag(np.diag(out)), 0.0, atol=1e-3)
    assert (np.diff(components.values) <= 1e-9).all()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000))
def test_minimum_noise_fraction_whitens_the_noise(seed: int) -> None:
    array = scene(seed)
    components = fit_mnf([array], 6)
    out = components.apply(array).astype(float)
    noise = covariance(out[:, :, 1:] - out[:, :, :-1]) / 2.0
    np.testing.assert_allclose(noise, np.eye(6), atol=1e-2)
    np.testing.assert_allclose(np.diag(covariance(out)), components.values, rtol=1e-2)


def test_minimum_noise_fraction_does_not_depend_on_the_units_of_a_band() -> None:
    array = scene()
    gains = np.array([1.0, 100.0, 0.01, 5.0, 1.0, 30.0])[:, None, None]
    first, second = (fit_mnf([data], 3).apply(data) for data in (array, array * gains))
    np.testing.assert_allclose(np.abs(first), np.abs(second), atol=1e-3)


def test_signal_comes_before_noise() -> None:
    values = fit_mnf([scene(noise=0.02)], 6).values
    assert values[1] > 20 * values[2]


def test_scenes_are_pooled_and_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    array = scene(rows=30)
    whole = fit_mnf([array], 4)
    monkeypatch.setattr("hypersigma.data.components._BLOCK_PIXELS", 64)
    parts = fit_mnf([array[:, :12], array[:, 12:]], 4)
    np.testing.assert_allclose(parts.matrix, whole.matrix, rtol=1e-6)
    np.testing.assert_allclose(parts.apply(array), whole.apply(array), rtol=1e-4, atol=1e-5)


def test_incomplete_pixels_are_left_out_and_stay_nan() -> None:
    array = scene()
    holed = array.copy()
    holed[2, 3, 4] = np.nan
    holed[:, 7] = np.inf
    components = fit_pca([holed], 3)
    kept = np.isfinite(holed).all(axis=0)
    np.testing.assert_allclose(components.mean, array[:, kept].mean(axis=1))
    assert np.isnan(components.apply(holed)[:, 3, 4]).all()


def test_constant_bands_get_no_weight() -> None:
    array = scene()
    array[1] = 7.0
    components = fit_mnf([array], 5)
    np.testing.assert_allclose(components.matrix[:, 1], 0.0)
    assert np.isfinite(components.apply(array)).all()
    scaling = fit_scaling([array])
    np.testing.assert_allclose(scaling.apply(array)[1], 0.0)


def test_scaling_gives_zero_mean_and_unit_deviation_on_pixels_and_scenes() -> None:
    array = scene() * 1e4
    scaled = fit_scaling([array]).apply(array)
    np.testing.assert_allclose(scaled.mean(axis=(1, 2)), 0.0, atol=1e-5)
    np.testing.assert_allclose(scaled.std(axis=(1, 2)), 1.0, atol=1e-4)
    flat = fit_scaling([array.reshape(6, -1)]).apply(array.reshape(6, -1))
    np.testing.assert_allclose(flat.reshape(array.shape), scaled, rtol=1e-6)


def test_other_bands_and_empty_scenes_are_refused() -> None:
    array = scene()
    components = fit_pca([array], 2)
    with pytest.raises(InputError, match="5 bands.*fitted on 6"):
        components.apply(array[:5])
    with pytest.raises(InputError, match="no pixel has numbers"):
        fit_pca([np.full((3, 2, 2), np.nan)], 1)
    with pytest.raises(InputError, match="no pair of neighbouring"):
        fit_mnf([array[:, :, :1]], 1)
    assert isinstance(components, Components)


def test_principal_components_of_what_components_restore() -> None:
    array = scene()
    mnf = fit_mnf([array], 6)
    told = mnf.apply(array).astype(float)
    np.testing.assert_allclose(mnf.restoring @ told.reshape(6, -1) + mnf.mean[:, None], array.reshape(6, -1), atol=1e-4)
    found = np.tensordot(mnf.principal(6, 2), told, axes=1)
    expected = fit_pca([array], 2).apply(array)
    for one, other in zip(found, expected, strict=True):
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) > 0.999
    # Of two leading components nothing else comes back.
    assert not mnf.principal(2, 5)[:, 2:].any()
