"""Variates of two dates agree with generalised eigenproblems, keep to chi-square, and do not care for light."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import eigh
from scipy.stats import chi2

from hypersigma.data.alteration import Alteration, alteration, chi_square, slow_features

NUM_CHANGED = 150


def sample(seed: int = 0, num_bands: int = 4, num_pixels: int = 1500, num_changed: int = NUM_CHANGED) -> tuple:
    """Correlated bands (bands, n) of two dates in float64, the first pixels changed."""
    generator = np.random.default_rng(seed)
    mixing = generator.normal(size=(num_bands, num_bands)) + 2 * np.eye(num_bands)
    ground = mixing @ generator.normal(size=(num_bands, num_pixels))
    before, after = (ground + 0.4 * generator.normal(size=ground.shape) for _ in range(2))
    after[:, :num_changed] += 6.0 * np.cos(2.0 * np.arange(num_bands))[:, None]
    return before, after


def weighted(before: np.ndarray, after: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Means and the joint covariance of both dates under weights."""
    joint = np.concatenate([before, after])
    covariance = np.cov(joint, aweights=weights, ddof=0)
    return np.average(joint, axis=1, weights=weights)[:, None], joint, covariance


def eigen_mad(before: np.ndarray, after: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Squared variates and correlations from the least, by the eigenproblem of Nielsen et al.; of square samples."""
    mean, joint, covariance = weighted(before, after, weights)
    num = len(before)
    xx, xy, yy = covariance[:num, :num], covariance[:num, num:], covariance[num:, num:]
    squares, vectors = eigh(xy @ np.linalg.solve(yy, xy.T), xx)
    correlations = np.sqrt(squares)
    left = vectors.T
    right = (np.linalg.solve(yy, xy.T) @ vectors / correlations).T
    variates = left @ (joint - mean)[:num] - right @ (joint - mean)[num:]
    return np.square(variates) / (2 * (1 - correlations))[:, None], correlations


def eigen_sfa(before: np.ndarray, after: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Squared slow features over their variances, and these variances from the largest."""
    mean, joint, covariance = weighted(before, after, weights)
    num = len(before)
    difference = np.concatenate([np.eye(num), -np.eye(num)], axis=1)
    both = (covariance[:num, :num] + covariance[num:, num:]) / 2
    values, vectors = eigh(difference @ covariance @ difference.T, both)
    variates = vectors.T @ difference @ (joint - mean)
    return (np.square(variates) / values[:, None])[::-1], values[::-1]


def reweighted(before: np.ndarray, after: np.ndarray, eigen: Callable[..., tuple], rounds: int) -> np.ndarray:
    """Chi-square (n,) after rounds, each pixel counting by its chance of being unchanged."""
    weights = np.ones(before.shape[1])
    for _ in range(rounds):
        total = eigen(before, after, weights)[0].sum(axis=0)
        weights = chi2.sf(total, len(before))
    return total


KINDS = pytest.mark.parametrize(
    ("find", "eigen"), [(alteration, eigen_mad), (slow_features, eigen_sfa)], ids=["mad", "sfa"]
)


@KINDS
@pytest.mark.parametrize("rounds", [1, 2, 7])
def test_chi_square_is_that_of_the_eigenproblem(find, eigen, rounds):
    before, after = sample()
    found = chi_square(find(before, after, rounds).variates(before, after))
    np.testing.assert_allclose(found, reweighted(before, after, eigen, rounds), rtol=2e-3, atol=1e-3)


def test_canonical_variates_have_the_variance_that_their_correlation_tells():
    before, after = sample()
    correlations = eigen_mad(before, after, np.ones(before.shape[1]))[1]
    found = alteration(before, after, 1)
    assert (np.diff(correlations) > 0).all()
    np.testing.assert_allclose(np.square(found.deviation), 2 * (1 - correlations), rtol=1e-4)
    left, right = found.left @ before, found.right @ after
    for one in (left, right):
        np.testing.assert_allclose(np.cov(one, ddof=0), np.eye(4), atol=1e-4)
    np.testing.assert_allclose((left - right).var(axis=1), 2 * (1 - correlations), rtol=1e-4)
    np.testing.assert_allclose(np.cov(left, right, ddof=0)[:4, 4:], np.diag(correlations), atol=1e-4)
    # what comes out has mean 0 and variance 1, and no variate tells of another
    np.testing.assert_allclose(np.cov(found.variates(before, after), ddof=0), np.eye(4), atol=1e-4)


def test_slow_features_are_the_same_on_both_dates():
    before, after = sample()
    values = eigen_sfa(before, after, np.ones(before.shape[1]))[1]
    found = slow_features(before, after, 1)
    np.testing.assert_array_equal(found.left, found.right)
    np.testing.assert_allclose(np.square(found.deviation), values, rtol=1e-4)
    np.testing.assert_allclose(np.cov(found.variates(before, after), ddof=0), np.eye(4), atol=1e-4)


@pytest.mark.parametrize("find", [alteration, slow_features])
@pytest.mark.parametrize("num_bands", [1, 3, 10])
def test_of_unchanged_ground_the_mean_of_chi_square_is_the_number_of_variates(find, num_bands):
    before, after = sample(1, num_bands, 4000, num_changed=0)
    once = chi_square(find(before, after, 1).variates(before, after))
    assert once.mean() == pytest.approx(num_bands, rel=1e-3)
    assert np.mean(once > chi2.isf(0.05, num_bands)) == pytest.approx(0.05, abs=0.02)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 1))
def test_ir_mad_does_not_hang_on_an_affine_map_of_a_date(seed, which):
    generator = np.random.default_rng(seed)
    first = sample(seed % 7)
    second = list(first)
    turn, _ = np.linalg.qr(generator.normal(size=(4, 4)))
    mixing = generator.uniform(0.5, 2.0, 4)[:, None] * turn
    second[which] = mixing @ first[which] + generator.normal(scale=10.0, size=(4, 1))
    one, other = (chi_square(alteration(*dates, 10).variates(*dates)) for dates in (first, second))
    # a load on the diagonal of one in a million, and single precision, grow from round to round
    np.testing.assert_allclose(one, other, rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize("find", [alteration, slow_features])
def test_reweighting_parts_what_changed(find):
    before, after = sample()
    changed = np.arange(before.shape[1]) < NUM_CHANGED
    margins = []
    for rounds in (1, 30):
        scores = chi_square(find(before, after, rounds).variates(before, after))
        margins.append(np.median(scores[changed]) / np.median(scores[~changed]))
    assert margins[1] > 1.5 * margins[0]
    assert scores[changed].min() > np.quantile(scores[~changed], 0.99)


def test_dates_of_different_numbers_of_bands_have_the_variates_of_the_fewer():
    before, after = sample(num_bands=6)
    found = alteration(before[:3], after, 1)
    assert (found.left.shape, found.right.shape) == ((3, 3), (3, 6))
    variates = found.variates(before[:3].reshape(3, 30, 50), after.reshape(6, 30, 50))
    assert variates.shape == (3, 30, 50)
    np.testing.assert_allclose(np.cov(variates.reshape(3, -1), ddof=0), np.eye(3), atol=1e-4)


def test_arrays_make_the_same_again():
    before, after = sample()
    found = alteration(before, after)
    np.testing.assert_array_equal(Alteration(**found.arrays()).variates(before, after), found.variates(before, after))


@pytest.mark.parametrize("find", [alteration, slow_features])
def test_degenerate_dates_give_numbers(find):
    before, after = sample()
    same = find(before, before)
    np.testing.assert_allclose(same.variates(before, before), 0.0, atol=0.2)
    for first, second in (
        (np.zeros_like(before), np.zeros_like(after)),
        (before, np.zeros_like(after)),
        (before[[0, 1, 1, 0]], after[[0, 0, 1, 1]]),
        (before[:, :3], after[:, :3]),
    ):
        assert np.isfinite(find(first, second).variates(first, second)).all()


def test_no_data_stays_no_data():
    before, after = sample()
    found = alteration(before, after)
    before[2, 7] = np.nan
    variates = found.variates(before, after)
    assert np.flatnonzero(np.isnan(variates).any(axis=0)).tolist() == [7]
