"""Moments and whitening agree with double precision, whatever the blocks; what is singular is shrunk and said."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hypersigma.data.moments import SHRINKAGE, Moments, moments, whitening
from hypersigma.errors import InputError


def spectra(num_bands: int, num_pixels: int, seed: int = 0, offset: float = 0.0) -> np.ndarray:
    """Correlated spectra (bands, n) in single precision."""
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(num_bands, num_bands)) + 2.0 * np.eye(num_bands)
    return (mixing @ rng.normal(size=(num_bands, num_pixels)) + offset).astype(np.float32)


def deviations(covariance: np.ndarray) -> np.ndarray:
    """What entries of a covariance are measured by: the product of both deviations."""
    spread = np.sqrt(np.diag(covariance))
    return np.outer(spread, spread)


@settings(max_examples=40, deadline=None)
@given(
    num_bands=st.integers(1, 8),
    sizes=st.lists(st.integers(0, 40), min_size=1, max_size=6),
    offset=st.floats(-1e3, 1e3),
    seed=st.integers(0, 10_000),
)
def test_moments_are_those_of_double_precision(num_bands: int, sizes: list[int], offset: float, seed: int) -> None:
    array = spectra(num_bands, max(2, sum(sizes)), seed, offset)
    blocks = np.split(array, np.cumsum(sizes)[:-1], axis=1)
    found = moments(lambda: blocks)
    exact = array.astype(np.float64)
    assert found.num_pixels == exact.shape[1]
    np.testing.assert_allclose(found.mean, exact.mean(axis=1), rtol=1e-5, atol=1e-5)
    covariance = np.cov(exact).reshape(num_bands, num_bands)
    scale = deviations(covariance) + 1e-6 * np.abs(covariance).max()
    assert np.all(np.abs(found.covariance - covariance) <= 1e-3 * scale)
    np.testing.assert_array_equal(found.covariance, found.covariance.T)
    correlation = exact @ exact.T / exact.shape[1]
    np.testing.assert_allclose(found.correlation, correlation, rtol=1e-4, atol=1e-3 * np.abs(scale).max())


def test_a_large_offset_costs_no_accuracy() -> None:
    array = spectra(6, 5000, offset=1e4)
    found = moments(lambda: np.split(array, 10, axis=1))
    covariance = np.cov(array.astype(np.float64))
    assert np.all(np.abs(found.covariance - covariance) <= 1e-3 * deviations(covariance))
    np.testing.assert_allclose(found.mean, array.astype(np.float64).mean(axis=1), rtol=1e-7)


def test_a_first_block_that_is_unlike_the_rest_costs_little() -> None:
    array = spectra(4, 4000, offset=1e4)
    array[:, :20] = 0.0
    found = moments(lambda: [array[:, :20], array[:, 20:]])
    covariance = np.cov(array.astype(np.float64))
    assert np.all(np.abs(found.covariance - covariance) <= 1e-3 * deviations(covariance))


@pytest.mark.parametrize("sizes", [(), (0,), (1,), (0, 1, 0)])
def test_fewer_than_two_pixels_are_too_few(sizes: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="two at least"):
        moments(lambda: (np.ones((3, size), dtype=np.float32) for size in sizes))


@settings(max_examples=25, deadline=None)
@given(num_bands=st.integers(1, 10), offset=st.floats(-100.0, 100.0), seed=st.integers(0, 10_000))
def test_whitened_background_has_zero_mean_and_unit_covariance(num_bands: int, offset: float, seed: int) -> None:
    array = spectra(num_bands, 400, seed, offset)
    white, shrunk = whitening(moments(lambda: [array]))
    assert not shrunk
    result = white.apply(array).astype(np.float64)
    np.testing.assert_allclose(result.mean(axis=1), 0.0, atol=2e-2)
    np.testing.assert_allclose(np.cov(result).reshape(num_bands, -1), np.eye(num_bands), atol=2e-2)


def test_squared_whitened_lengths_are_mahalanobis_distances() -> None:
    array = spectra(12, 900, offset=50.0)
    exact = array.astype(np.float64)
    centred = exact - exact.mean(axis=1, keepdims=True)
    expected = np.einsum("bn,bn->n", centred, np.linalg.solve(np.cov(exact), centred))
    white, _ = whitening(moments(lambda: [array]))
    np.testing.assert_allclose((white.apply(array) ** 2).sum(axis=0), expected, rtol=1e-3)


def test_whitening_about_zero_makes_the_correlation_the_unit_matrix() -> None:
    array = spectra(5, 600, offset=3.0)
    white, shrunk = whitening(moments(lambda: [array]), about_mean=False)
    assert not shrunk
    assert not white.mean.any()
    result = white.apply(array).astype(np.float64)
    np.testing.assert_allclose(result @ result.T / 600, np.eye(5), atol=1e-3)


def test_a_matrix_is_lower_triangular_and_its_input_is_left_alone() -> None:
    array = spectra(7, 300)
    before, white = array.copy(), whitening(moments(lambda: [array]))[0]
    np.testing.assert_array_equal(np.triu(white.matrix, 1), 0.0)
    np.testing.assert_allclose(white.apply(array), white.matrix @ (array - white.mean[:, None]), rtol=1e-3, atol=1e-4)
    np.testing.assert_array_equal(array, before)
    assert white.apply(array[:, ::2]).shape == (7, 150)
    assert white.apply(array[:, :0]).shape == (7, 0)


@pytest.mark.parametrize("value", [0.0, 5.0, 4095.3])
def test_a_constant_band_does_not_count_and_shrinks_nothing(value: float) -> None:
    array = spectra(5, 400)
    array[2] = value
    white, shrunk = whitening(moments(lambda: np.split(array, 8, axis=1)))
    assert not shrunk
    others = [0, 1, 3, 4]
    alone, _ = whitening(moments(lambda: [array[others]]))
    lengths = (white.apply(array) ** 2).sum(axis=0)
    np.testing.assert_allclose(lengths, (alone.apply(array[others]) ** 2).sum(axis=0), rtol=1e-3)


def test_a_scene_of_one_spectrum_is_zero_after_whitening() -> None:
    array = np.full((4, 50), 7.5, dtype=np.float32)
    white, _ = whitening(moments(lambda: [array]))
    np.testing.assert_array_equal(white.apply(array), 0.0)


@pytest.mark.parametrize("kind", ["a band twice", "a sum of bands", "fewer pixels than bands"])
def test_a_singular_covariance_is_shrunk_and_said(kind: str) -> None:
    array = spectra(6, 5 if kind == "fewer pixels than bands" else 500)
    if kind == "a band twice":
        array[4] = array[1]
    if kind == "a sum of bands":
        array[4] = array[1] + array[2]
    found = moments(lambda: [array])
    white, shrunk = whitening(found)
    assert shrunk
    loaded = found.covariance + SHRINKAGE * np.trace(found.covariance) / 6 * np.eye(6)
    np.testing.assert_allclose(white.matrix @ loaded @ white.matrix.T, np.eye(6), atol=1e-6)
    assert np.isfinite(white.apply(array)).all()


def test_loading_goes_on_the_diagonal() -> None:
    found = moments(lambda: [spectra(6, 500)])
    white, shrunk = whitening(found, 0.5)
    assert not shrunk
    loaded = found.covariance + 0.5 * np.trace(found.covariance) / 6 * np.eye(6)
    np.testing.assert_allclose(white.matrix @ loaded @ white.matrix.T, np.eye(6), atol=1e-8)


def test_bands_of_very_different_units_are_not_singular() -> None:
    covariance = np.diag([1e-8, 1.0, 1e8])
    white, shrunk = whitening(Moments(mean=np.zeros(3), covariance=covariance, num_pixels=100))
    assert not shrunk
    np.testing.assert_allclose(np.diag(white.matrix), [1e4, 1.0, 1e-4])


@pytest.mark.parametrize(("noise", "single"), [(1.0, True), (1e-2, False)])
def test_single_precision_is_used_where_bands_tell_enough_of_their_own(noise: float, single: bool) -> None:
    rng = np.random.default_rng(0)
    array = (rng.normal(size=(1, 3000)) + noise * rng.normal(size=(6, 3000))).astype(np.float32)
    white, shrunk = whitening(moments(lambda: [array]))
    assert (white.single, shrunk) == (single, False)
    np.testing.assert_allclose(np.cov(white.apply(array)), np.eye(6), atol=1e-3)
