"""Thresholds between two kinds of scores agree with a search over all cuts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hypersigma.data.thresholds import least_error, otsu

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


def error_of(scores: np.ndarray, cut: float) -> float:
    """What Kittler and Illingworth minimise."""
    parts = [scores[scores <= cut], scores[scores > cut]]
    share = len(parts[0]) / len(scores)
    if not 0.3 <= share <= 0.9995 or not len(parts[1]):
        return np.inf
    return sum(
        len(part) / len(scores) * np.log(np.sqrt(max(part.var(), 1e-9)) / (len(part) / len(scores))) for part in parts
    )


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
@given(st.integers(0, 10_000), st.floats(0.02, 0.5), st.floats(0.0, 8.0), st.floats(0.5, 3.0))
def test_the_least_error_is_that_of_all_cuts(seed, share, distance, spread):
    scores = mixture(seed, share, distance, spread, num=500)
    middles, edges = levelled(scores)
    assert error_of(middles, least_error(scores)) == pytest.approx(min(error_of(middles, cut) for cut in edges))


def test_a_small_group_is_found_where_otsu_cuts_the_large_one():
    scores = np.concatenate([np.random.default_rng(0).gamma(4.0, 1.0, 20_000), np.full(100, 25.0)])
    assert otsu(scores) < 10 < least_error(scores)


@pytest.mark.parametrize("find", [otsu, least_error])
def test_shape_scale_and_gaps_do_not_matter(find):
    scores = mixture(3, 0.1).astype(np.float32)
    threshold = find(scores)
    assert 2.0 < threshold < 5.0
    holed = np.concatenate([scores, [np.nan, np.inf, -np.inf]]).reshape(1, -1)
    assert find(holed) == threshold
    assert find(7 * scores.astype(float) + 3) == pytest.approx(7 * threshold + 3, rel=1e-6)


@pytest.mark.parametrize("find", [otsu, least_error])
def test_scores_that_tell_nothing(find):
    assert find(np.full(9, 2.5)) == 2.5
    assert find(np.array([np.nan, 1.0])) == 1.0
    assert find(np.full(3, np.nan)) == np.inf
    assert find(np.empty(0)) == np.inf
    assert 0.0 < find(np.array([0.0, 1.0])) < 1.0
