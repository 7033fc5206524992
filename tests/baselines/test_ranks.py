"""Ranks in a table of scores are those of scipy; ties count half, no data stays none, large tables are thinned."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata

from hypersigma.baselines._ranks import ranked, score_table


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-4, 4) | st.floats(-1e6, 1e6, width=32), min_size=1, max_size=60))
def test_ranks_in_a_whole_table_are_those_of_scipy(values: list[float]) -> None:
    scores = np.array(values, dtype=np.float32)
    # the mean rank of equal scores is counted from 1, its own half pixel included
    expected = (rankdata(scores) - 0.5) / len(scores)
    np.testing.assert_allclose(ranked(score_table(scores), scores), expected, atol=1e-12)


def test_no_data_neither_counts_nor_gets_a_rank() -> None:
    scores = np.array([[3.0, np.nan, 1.0], [2.0, np.inf, -np.inf]])
    table = score_table(scores)
    assert table.dtype == np.float32
    np.testing.assert_array_equal(table, [1.0, 2.0, 3.0])
    expected = [[5 / 6, np.nan, 1 / 6], [0.5, np.nan, np.nan]]
    np.testing.assert_allclose(ranked(table, scores), expected)


def test_scores_beyond_the_table_rank_lowest_and_highest() -> None:
    table = score_table(np.array([1.0, 2.0, 2.0, 4.0]))
    np.testing.assert_array_equal(ranked(table, np.array([0.0, 1.5, 2.0, 3.0, 9.0])), [0.0, 0.25, 0.5, 0.75, 1.0])


def test_the_last_digit_of_a_score_does_not_move_its_rank() -> None:
    scores = np.random.default_rng(1).lognormal(size=500).astype(np.float32) - 1
    table = score_table(scores)
    for beyond in (-np.inf, np.inf):
        np.testing.assert_array_equal(ranked(table, np.nextafter(scores, np.float32(beyond))), ranked(table, scores))


def test_equal_scores_rank_in_the_middle() -> None:
    np.testing.assert_array_equal(ranked(score_table(np.full(9, 7.0)), np.full(3, 7.0)), 0.5)


def test_a_table_of_nothing_ranks_all_lowest() -> None:
    table = score_table(np.full(4, np.nan))
    assert not table.size
    np.testing.assert_array_equal(ranked(table, np.array([1.0, np.nan])), [0.0, np.nan])


def test_a_large_table_is_thinned_and_ranks_hardly_differ() -> None:
    scores = np.random.default_rng(0).lognormal(size=200_000).astype(np.float32)
    scores[::9] = 1.0
    table = score_table(scores)
    assert len(table) == 1 << 16
    assert (table[0], table[-1]) == (scores.min(), scores.max())
    assert np.all(np.diff(table) >= 0)
    expected = (rankdata(scores) - 0.5) / len(scores)
    np.testing.assert_allclose(ranked(table, scores), expected, atol=1.0 / (1 << 16))
