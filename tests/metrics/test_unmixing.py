"""Figures of an unmixing: against brute force over all assignments, and where numbers are missing."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hypersigma.errors import InputError
from hypersigma.metrics.unmixing import (
    match_endmembers,
    per_material,
    reconstruction_scores,
    spectral_angles,
    unmixing_scores,
)


def angle(one: np.ndarray, other: np.ndarray) -> float:
    return math.acos(min(1.0, float(one @ other) / math.sqrt(float(one @ one) * float(other @ other))))


def brute_force(costs: np.ndarray) -> float:
    """The least sum over all ways to give each row, or each column, one of the others."""
    costs = costs if costs.shape[0] <= costs.shape[1] else costs.T
    rows = range(costs.shape[0])
    return min(costs[rows, columns].sum() for columns in itertools.permutations(range(costs.shape[1]), len(rows)))


def test_angles_are_those_of_pairs() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.random((3, 20)), rng.random((4, 20))
    found = spectral_angles(first, second)
    expected = [[angle(one, other) for other in second] for one in first]
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    np.testing.assert_allclose(spectral_angles(5.0 * first, second), found, rtol=1e-12)


@pytest.mark.parametrize("size", [1e-9, 1e-6, 1e-3, 1.0, 3.0])
def test_small_angles_are_exact(size: float) -> None:
    turned = np.array([[math.cos(size), math.sin(size)]])
    assert float(spectral_angles([[1.0, 0.0]], turned)[0, 0]) == pytest.approx(size, rel=1e-6)


def test_missing_bands_are_left_out_pair_by_pair() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.random((2, 8)), rng.random((2, 8))
    first[0, 2], second[1, 5] = np.nan, np.inf
    found = spectral_angles(first, second)
    shared = np.delete(np.arange(8), [2, 5])
    assert found[0, 1] == pytest.approx(angle(first[0, shared], second[1, shared]))
    assert found[1, 0] == pytest.approx(angle(first[1], second[0]))


def test_there_is_no_angle_to_nothing() -> None:
    found = spectral_angles([[0.0, 0.0], [1.0, np.nan], [1.0, 2.0]], [[1.0, 1.0], [np.nan, 1.0]])
    assert np.isnan(found[0]).all()
    assert np.isnan(found[1, 1])
    assert np.isfinite(found[1:, 0]).all()
    assert spectral_angles(np.zeros((0, 4)), np.ones((3, 4))).shape == (0, 3)


@settings(max_examples=60, deadline=None)
@given(rows=st.integers(1, 5), columns=st.integers(1, 6), seed=st.integers(0, 10_000))
def test_matches_have_the_least_sum_of_all(rows: int, columns: int, seed: int) -> None:
    costs = np.random.default_rng(seed).random((rows, columns))
    matched = match_endmembers(costs)
    is_found = matched >= 0
    assert is_found.sum() == min(rows, columns)
    assert len(set(matched[is_found])) == is_found.sum()
    assert costs[is_found, matched[is_found]].sum() == pytest.approx(brute_force(costs))


def greedy(costs: np.ndarray) -> list[int]:
    """The published matching, pair by pair."""
    pairs = sorted((costs[row, column], row, column) for row, column in np.ndindex(*costs.shape))
    matched = [-1] * len(costs)
    for _, row, column in pairs:
        if matched[row] < 0 and column not in matched:
            matched[row] = column
    return matched


@settings(max_examples=40, deadline=None)
@given(rows=st.integers(1, 5), columns=st.integers(1, 5), seed=st.integers(0, 10_000))
def test_published_matches_are_greedy(rows: int, columns: int, seed: int) -> None:
    costs = np.random.default_rng(seed).random((rows, columns))
    assert match_endmembers(costs, published=True).tolist() == greedy(costs)


def test_the_published_matching_may_be_worse() -> None:
    costs = np.array([[0.1, 0.2], [0.15, 0.9]])
    assert match_endmembers(costs).tolist() == [1, 0]
    assert match_endmembers(costs, published=True).tolist() == [0, 1]


@pytest.mark.parametrize("published", [True, False])
def test_what_has_no_angle_is_matched_last(published: bool) -> None:
    costs = np.array([[np.nan, 3.0], [0.1, np.nan]])
    assert match_endmembers(costs, published=published).tolist() == [1, 0]
    assert match_endmembers([[np.nan]], published=published).tolist() == [0]


def scene(num_materials: int = 3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Endmembers (materials, bands) and abundances (materials, rows, cols)."""
    rng = np.random.default_rng(seed)
    return rng.random((num_materials, 30)), rng.dirichlet(np.ones(num_materials), (6, 7)).transpose(2, 0, 1)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_order_and_brightness_of_endmembers_do_not_matter(order: tuple[int, ...]) -> None:
    endmembers, abundances = scene()
    rng = np.random.default_rng(5)
    found = endmembers[list(order)] * rng.uniform(0.5, 2.0, (3, 1))
    figures = per_material(endmembers, found, abundances, abundances[list(order)])
    assert [order[index] for index in figures.found] == [0, 1, 2]
    np.testing.assert_allclose(figures.angles, 0.0, atol=1e-12)
    assert not figures.mse.any()


def test_figures_are_those_of_their_formulas() -> None:
    (truth, true), (_, found) = scene(seed=1), scene(seed=2)
    endmembers = truth + 0.05 * np.random.default_rng(3).random(truth.shape)
    materials = per_material(truth, endmembers, true, found)
    assert materials.found.tolist() == [0, 1, 2]
    squares = np.square(true - found)
    np.testing.assert_allclose(materials.rmse, np.sqrt(squares.mean(axis=(1, 2))))
    scores = unmixing_scores(materials)
    angles = [angle(one, other) for one, other in zip(truth, endmembers, strict=True)]
    assert scores["sad"] == pytest.approx(np.mean(angles))
    assert scores["sad_degrees"] == pytest.approx(np.mean(angles) * 180 / np.pi)
    assert scores["rmse"] == pytest.approx(np.sqrt(squares.mean(axis=(1, 2))).mean())
    assert scores["armse"] == pytest.approx(np.sqrt(squares.mean()))
    assert scores["mse"] == pytest.approx(squares.mean())
    assert scores["num_not_found"] == 0


def test_a_material_that_was_not_found_counts_as_absent() -> None:
    endmembers, abundances = scene()
    materials = per_material(endmembers, endmembers[:2], abundances, abundances[:2])
    assert materials.found.tolist() == [0, 1, -1]
    np.testing.assert_allclose(materials.mse, [0.0, 0.0, np.square(abundances[2]).mean()])
    assert np.isnan(materials.angles[2])
    assert unmixing_scores(materials)["num_not_found"] == 1


def test_endmembers_beyond_the_true_ones_are_left_out() -> None:
    endmembers, abundances = scene()
    more, theirs = np.concatenate([scene(2, 9)[0], endmembers]), np.concatenate([abundances[:2], abundances])
    materials = per_material(endmembers, more, abundances, theirs)
    assert materials.found.tolist() == [2, 3, 4]
    assert not materials.mse.any()


def test_pixels_without_numbers_are_left_out() -> None:
    endmembers, abundances = scene()
    found = abundances + 0.1
    found[1, 0, 0], abundances[2, 3, 3] = np.nan, np.nan
    found[0, 0, 0] = 99.0
    np.testing.assert_allclose(per_material(endmembers, endmembers, abundances, found).mse, 0.01)
    nothing = per_material(endmembers, endmembers, abundances, np.full_like(found, np.nan))
    assert np.isnan(nothing.mse).all()
    assert set(unmixing_scores(nothing)) == {"sad", "sad_degrees", "num_not_found"}


def test_endmembers_without_abundances_and_without_angles() -> None:
    endmembers, _ = scene()
    assert set(unmixing_scores(per_material(endmembers, endmembers))) == {"sad", "sad_degrees", "num_not_found"}
    assert set(unmixing_scores(per_material(endmembers, 0.0 * endmembers))) == {"num_not_found"}


def test_a_perfect_reconstruction_leaves_nothing() -> None:
    image = np.random.default_rng(0).random((5, 4, 3))
    scores = reconstruction_scores(image, image)
    assert scores == {"rrmse": 0.0, "relative": 0.0, "sam": 0.0, "sam_degrees": 0.0}


def test_reconstructions_are_measured_where_there_are_numbers() -> None:
    rng = np.random.default_rng(0)
    image, made = rng.random((5, 4, 3)), rng.random((5, 4, 3))
    image[2] = np.nan
    made[0, 1, 1], image[1, 0, 0] = np.nan, np.inf
    image[[0, 1, 3, 4], 3, 2] = 0.0
    keep = np.ones((4, 3), dtype=bool)
    keep[1, 1] = keep[0, 0] = False
    one, other = (values[[0, 1, 3, 4]][:, keep] for values in (image, made))
    scores = reconstruction_scores(image, made)
    assert scores["rrmse"] == pytest.approx(np.sqrt(np.square(one - other).mean()))
    assert scores["relative"] == pytest.approx(np.linalg.norm(one - other) / np.linalg.norm(one))
    lit = one.any(axis=0)
    angles = [angle(*pair) for pair in zip(one[:, lit].T, other[:, lit].T, strict=True)]
    assert scores["sam"] == pytest.approx(np.mean(angles))
    assert scores["sam_degrees"] == pytest.approx(np.rad2deg(np.mean(angles)))


def test_an_image_of_nothing_has_few_figures() -> None:
    assert reconstruction_scores(np.full((3, 4), np.nan), np.ones((3, 4))) == {}
    assert reconstruction_scores(np.zeros((3, 4)), np.zeros((3, 4))) == {"rrmse": 0.0}


def test_shapes_that_do_not_fit_are_refused() -> None:
    endmembers, abundances = scene()
    with pytest.raises(InputError, match=r"same bands, found shapes \(3, 30\) and \(3, 29\)"):
        per_material(endmembers, endmembers[:, 1:])
    with pytest.raises(InputError, match=r"\(3, 6, 7\) of the truth and \(2, 6, 7\)"):
        per_material(endmembers, endmembers, abundances, abundances[:2])
    with pytest.raises(InputError, match=r"differ in shape"):
        reconstruction_scores(np.ones((3, 4)), np.ones((3, 5)))
