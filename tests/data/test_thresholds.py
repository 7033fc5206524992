"""Thresholds between two kinds of scores: the best of all cuts, and one that the higher kind does not move."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hypersigma.data.thresholds import above_mode, otsu

LEVELS = 512


def mixture(seed: int, share: float, distance: float = 6.0, spread: float = 1.0, num: int = 3000) -> np.ndarray:
    """Scores of two Gaussian groups, the higher one of some share."""
    generator = np.random.default_rng(seed)
    high = generator.random(num) < share
    return np.where(high, generator.normal(distance, spread, num), generator.normal(0.0, 1.0, num))


def levelled(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scores at the middle of the level that each lies in, and the edges between levels."""
    edges = np.linspace(scores.min(), scores.max(), LEVELS + 1)
    place = np.clip(np.searchsorted(edges, scores, side="right") - 1, 0, LEVELS - 1)
    return (edges[place] + edges[place + 1]) / 2, edges[1:-1]


def between(scores: np.ndarray, cut: float) -> float:
    """Variance between the groups below and above a cut."""
    high = scores > cut
    if high.all() or not high.any():
        return -np.inf
    return float(high.mean() * (1 - high.mean()) * (scores[high].mean() - scores[~high].mean()) ** 2)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.02, 0.5), st.floats(0.0, 8.0))
def test_otsu_is_the_best_of_all_cuts(seed, share, distance):
    scores = mixture(seed, share, distance, num=500)
    middles, edges = levelled(scores)
    best = max(between(middles, cut) for cut in edges)
    assert between(middles, otsu(scores)) == pytest.approx(best, rel=1e-9)
    # levels cost next to nothing against cuts between any two scores
    assert between(scores, otsu(scores)) >= 0.99 * max(between(scores, cut) for cut in np.sort(scores)[:-1])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.0, 0.3), st.floats(30.0, 1000.0))
def test_above_the_mode_lies_the_higher_kind_however_far(seed, share, distance):
    generator = np.random.default_rng(seed)
    high = generator.random(5000) < share
    scores = np.where(high, generator.normal(distance, 1.0, 5000), generator.gamma(4.0, 0.5, 5000))
    found = scores > above_mode(scores, 8.0)
    assert found[high].all()
    # of a kind far away the levels that the mode is looked for in are wide
    assert found[~high].mean() < 0.2


def test_the_left_of_the_mode_is_measured_from_it():
    scores = mixture(0, 0.1, num=50_000)
    low, high = above_mode(scores, 0.0), above_mode(scores, 1.0)
    assert abs(low) < 0.2
    left = scores[scores < low]
    assert high - low == pytest.approx(np.sqrt(np.mean((left - low) ** 2)))
    assert above_mode(scores, 8.0) - low == pytest.approx(8 * (high - low))


def test_a_small_group_is_found_where_otsu_cuts_the_large_one():
    scores = np.concatenate([np.random.default_rng(0).gamma(4.0, 1.0, 20_000), np.full(20, 40.0)])
    assert otsu(scores) < 10 < above_mode(scores, 8.0) < 40


def test_one_pixel_of_a_glint_moves_nothing():
    scores = mixture(1, 0.05, num=5000)
    assert above_mode(np.append(scores, 1e6), 4.0) == pytest.approx(above_mode(scores, 4.0), rel=0.15)


FINDERS = pytest.mark.parametrize("find", [otsu, lambda scores: above_mode(scores, 3.0)], ids=["otsu", "above_mode"])


@FINDERS
def test_shape_scale_and_gaps_do_not_matter(find):
    scores = mixture(3, 0.1).astype(np.float32)
    threshold = find(scores)
    assert 2.0 < threshold < 5.0
    holed = np.concatenate([scores, [np.nan, np.inf, -np.inf]]).reshape(1, -1)
    assert find(holed) == threshold
    assert find(7 * scores.astype(float) + 3) == pytest.approx(7 * threshold + 3, rel=1e-6)


@FINDERS
def test_scores_that_tell_nothing(find):
    assert find(np.full(9, 2.5)) == 2.5
    assert find(np.array([np.nan, 1.0])) == 1.0
    assert find(np.full(3, np.nan)) == np.inf
    assert find(np.empty(0)) == np.inf
    assert np.isfinite(find(np.array([0.0, 1.0])))
    # what is the same nearly everywhere parts from what is not
    few = np.where(np.arange(1000) < 3, 5.0, 0.0)
    assert 0.0 <= find(few) < 5.0
