"""Abundances by least squares: against solvers that take one pixel at a time, and by the conditions of the optimum."""

import itertools
import time

import numpy as np
import pytest
import spectral as other_package
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.optimize import nnls as one_pixel

from hypersigma.data.abundances import fcls, nnls, scls, ucls
from hypersigma.errors import ConfigError, InputError

METHODS = pytest.mark.parametrize("method", [ucls, scls, nnls, fcls])


def problem(
    num_bands: int = 20, num_endmembers: int = 4, num_pixels: int = 50, *, noise: float = 0.1, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Spectra (bands, pixels) that many conditions bind, and endmembers (K, bands)."""
    rng = np.random.default_rng(seed)
    endmembers = rng.random((num_endmembers, num_bands))
    shares = rng.dirichlet(np.full(num_endmembers, 0.5), num_pixels).T
    return endmembers.T @ shares + noise * rng.normal(size=(num_bands, num_pixels)), endmembers


def costs(spectra: np.ndarray, endmembers: np.ndarray, shares: np.ndarray) -> np.ndarray:
    return np.square(spectra - endmembers.T @ shares).sum(axis=0)


def brute_force(spectrum: np.ndarray, endmembers: np.ndarray) -> np.ndarray:
    """The best of the equality-constrained optima of all sets of endmembers that has no negative share."""
    best, least = np.zeros(len(endmembers)), np.inf
    indices = range(len(endmembers))
    for chosen in itertools.chain(*(itertools.combinations(indices, size + 1) for size in indices)):
        columns = endmembers[list(chosen)].T
        first = columns[:, 0]
        others = np.linalg.lstsq(columns[:, 1:] - first[:, None], spectrum - first, rcond=None)[0]
        shares = np.zeros(len(endmembers))
        shares[list(chosen)] = [1.0 - others.sum(), *others]
        cost = float(costs(spectrum, endmembers, shares))
        if (shares > -1e-12).all() and cost < least:
            best, least = shares, cost
    return best


@settings(max_examples=60, deadline=None)
@given(
    num_bands=st.integers(5, 12),
    num_endmembers=st.integers(1, 5),
    noise=st.sampled_from([0.0, 0.01, 0.3]),
    unit=st.sampled_from([1e-4, 1.0, 1e4]),
    seed=st.integers(0, 10_000),
)
def test_full_constraints_as_by_brute_force(
    num_bands: int, num_endmembers: int, noise: float, unit: float, seed: int
) -> None:
    spectra, endmembers = problem(num_bands, num_endmembers, 8, noise=noise, seed=seed)
    shares = fcls(unit * spectra, unit * endmembers)
    expected = np.stack([brute_force(spectrum, endmembers) for spectrum in spectra.T], axis=1)
    np.testing.assert_allclose(shares, expected, atol=1e-9)


def test_full_constraints_as_by_a_general_solver() -> None:
    spectra, endmembers = problem(num_pixels=10)
    shares = fcls(spectra, endmembers)
    for spectrum, found in zip(spectra.T, shares.T, strict=True):
        solved = minimize(
            lambda guess, spectrum=spectrum: float(costs(spectrum, endmembers, guess)),
            np.full(4, 0.25),
            jac=lambda guess, spectrum=spectrum: 2 * endmembers @ (endmembers.T @ guess - spectrum),
            bounds=[(0.0, 1.0)] * 4,
            constraints={"type": "eq", "fun": lambda guess: guess.sum() - 1.0},
            options={"ftol": 1e-14},
        )
        np.testing.assert_allclose(found, solved.x, atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(num_endmembers=st.integers(1, 30), noise=st.sampled_from([0.0, 0.02, 0.5]), seed=st.integers(0, 10_000))
def test_full_constraints_meet_the_conditions_of_the_optimum(num_endmembers: int, noise: float, seed: int) -> None:
    spectra, endmembers = problem(40, num_endmembers, 30, noise=noise, seed=seed)
    shares = fcls(spectra, endmembers)
    assert shares.min() >= 0.0
    np.testing.assert_allclose(shares.sum(axis=0), 1.0, atol=1e-12)
    slopes = endmembers @ (spectra - endmembers.T @ shares)
    # all that is there has one slope, the multiplier of the sum, and what is not there has none that is larger
    multiplier = (slopes * shares).sum(axis=0)
    np.testing.assert_allclose(np.where(shares > 0, slopes - multiplier, 0.0), 0.0, atol=1e-9)
    assert (slopes - multiplier).max() <= 1e-9


@settings(max_examples=40, deadline=None)
@given(num_endmembers=st.integers(1, 70), unit=st.sampled_from([1e-4, 1.0, 1e4]), seed=st.integers(0, 10_000))
def test_nonnegative_shares_as_by_another_solver(num_endmembers: int, unit: float, seed: int) -> None:
    spectra, endmembers = problem(80, num_endmembers, 10, seed=seed)
    expected = np.stack([one_pixel(endmembers.T, spectrum)[0] for spectrum in spectra.T], axis=1)
    np.testing.assert_allclose(nnls(unit * spectra, unit * endmembers), expected, atol=1e-8)


def test_sparsity_is_the_price_of_a_share() -> None:
    spectra, endmembers = problem(30, 12, 40)
    price = 0.2
    shares = nnls(spectra, endmembers, sparsity=price)
    slopes = endmembers @ (spectra - endmembers.T @ shares) - price
    np.testing.assert_allclose(np.where(shares > 0, slopes, 0.0), 0.0, atol=1e-10)
    assert slopes.max() <= 1e-10
    assert (shares > 0).sum() < (nnls(spectra, endmembers) > 0).sum()
    np.testing.assert_allclose(nnls(1e3 * spectra, 1e3 * endmembers, sparsity=1e6 * price), shares, atol=1e-10)
    assert not nnls(spectra, endmembers, sparsity=1e6).any()
    with pytest.raises(ConfigError, match="at least 0, not -1"):
        nnls(spectra, endmembers, sparsity=-1)


def test_no_constraints_are_least_squares() -> None:
    spectra, endmembers = problem()
    np.testing.assert_allclose(ucls(spectra, endmembers), np.linalg.lstsq(endmembers.T, spectra, rcond=None)[0])


def test_no_constraints_as_by_another_package() -> None:
    spectra, endmembers = problem(num_pixels=12)
    expected = other_package.unmix(spectra.T.reshape(3, 4, 20), endmembers)
    np.testing.assert_allclose(ucls(spectra.reshape(20, 3, 4), endmembers), expected.transpose(2, 0, 1), atol=1e-6)


def test_sum_to_one_as_by_its_formula() -> None:
    spectra, endmembers = problem()
    inverse = np.linalg.inv(endmembers @ endmembers.T)
    free = inverse @ endmembers @ spectra
    ones = np.ones((4, 1))
    expected = free - inverse @ ones @ (ones.T @ free - 1.0) / (ones.T @ inverse @ ones)
    np.testing.assert_allclose(scls(spectra, endmembers), expected, atol=1e-11)


@METHODS
def test_without_noise_the_truth_comes_back(method) -> None:
    rng = np.random.default_rng(3)
    endmembers = rng.random((5, 60))
    shares = rng.dirichlet(np.ones(5), 200).T
    np.testing.assert_allclose(method(endmembers.T @ shares, endmembers), shares, atol=1e-11)


# Endmembers as like as spectra of one scene are: what squares the condition would lose half of the digits.
@pytest.mark.parametrize("method", [nnls, fcls])
def test_endmembers_that_are_much_alike(method) -> None:
    rng = np.random.default_rng(4)
    endmembers = rng.random(50) + 1e-5 * rng.normal(size=(4, 50))
    shares = rng.dirichlet(np.ones(4), 100).T
    shares[:, :20] = np.eye(4).repeat(5, axis=1)
    np.testing.assert_allclose(method(endmembers.T @ shares, endmembers), shares, atol=1e-8)


@METHODS
@pytest.mark.parametrize("kind", ["twice", "zero", "a mixture", "more than bands"])
def test_dependent_endmembers(method, kind: str) -> None:
    spectra, endmembers = problem(6, 4, 30)
    added = {
        "twice": endmembers[:1],
        "zero": np.zeros((1, 6)),
        "a mixture": endmembers[:3].mean(axis=0, keepdims=True),
        "more than bands": np.random.default_rng(5).random((6, 6)),
    }[kind]
    more = np.concatenate([endmembers, added])
    shares = method(spectra, more)
    assert np.isfinite(shares).all()
    if method in (scls, fcls):
        np.testing.assert_allclose(shares.sum(axis=0), 1.0, atol=1e-8)
    if method in (nnls, fcls):
        assert shares.min() >= 0.0
    if method is fcls:
        expected = np.stack([brute_force(spectrum, more) for spectrum in spectra.T], axis=1)
    elif method is nnls:
        expected = np.stack([one_pixel(more.T, spectrum)[0] for spectrum in spectra.T], axis=1)
    else:
        expected = method(spectra, endmembers if kind != "more than bands" else more)
        expected = np.pad(expected, ((0, len(more) - len(expected)), (0, 0)))
    assert (costs(spectra, more, shares) <= costs(spectra, more, expected) + 1e-9).all()


@METHODS
def test_pixels_keep_their_places(method) -> None:
    spectra, endmembers = problem(num_pixels=12)
    image = spectra.reshape(20, 3, 4).astype(np.float32)
    shares = method(image, endmembers)
    assert shares.shape == (4, 3, 4)
    assert shares.dtype == np.float64
    np.testing.assert_allclose(shares[:, 1, 2], method(image[:, 1, 2], endmembers), atol=1e-12)
    image[3, 0, 1] = np.nan
    lacking = method(image, endmembers)
    assert np.isnan(lacking[:, 0, 1]).all()
    lacking[:, 0, 1] = shares[:, 0, 1]
    np.testing.assert_allclose(lacking, shares, atol=1e-12)


@METHODS
def test_no_pixel_has_no_abundances(method) -> None:
    assert method(np.zeros((5, 0)), np.eye(5)[:2]).shape == (2, 0)
    assert np.isnan(method(np.full((5, 3), np.nan), np.eye(5)[:2])).all()


def test_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    spectra, endmembers = problem(num_pixels=100)
    whole = fcls(spectra, endmembers)
    monkeypatch.setattr("hypersigma.data.abundances._PIXELS_AT_ONCE", 7)
    np.testing.assert_allclose(fcls(spectra, endmembers), whole, atol=1e-12)


def test_pixels_of_zeros_and_negative_ones() -> None:
    _, endmembers = problem()
    spectra = np.stack([np.zeros(20), -endmembers[1]], axis=1)
    assert not nnls(spectra, endmembers).any()
    np.testing.assert_allclose(fcls(spectra, endmembers).sum(axis=0), 1.0)


@METHODS
def test_what_does_not_fit_is_refused(method) -> None:
    spectra, endmembers = problem()
    with pytest.raises(InputError, match=r"\(20, 50\) and endmembers of shape \(4, 19\)"):
        method(spectra, endmembers[:, 1:])
    with pytest.raises(InputError, match="do not fit"):
        method(spectra, np.zeros((0, 20)))
    endmembers[1, 3] = endmembers[2, 3] = np.nan
    with pytest.raises(InputError, match="no number in 1 of 20 bands"):
        method(spectra, endmembers)


# Measured: 0.04 s of one core; the bound leaves room for a busy machine.
def test_a_scene_takes_no_time() -> None:
    spectra, endmembers = problem(198, 4, 100 * 100, noise=0.05)
    start = time.process_time()
    fcls(spectra, endmembers)
    assert time.process_time() - start < 0.5
