"""Figures of detections agree with scikit-learn and plain loops, with ties, gaps and degenerate truths."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn import metrics as independent
from sklearn.preprocessing import minmax_scale

from hypersigma.errors import InputError
from hypersigma.metrics import detection_scores, object_scores, published_scores, roc, undefined

NAMES = {
    *("auc", "auc_pf_tau", "auc_pd_tau", "auc_overall", "auc_snr", "ap"),
    *("pd_at_1e-2", "pd_at_1e-3", "pd_at_1e-4"),
}
# few distinct scores make ties, many make none
pixels = st.lists(st.tuples(st.integers(-4, 4) | st.integers(-(10**6), 10**6), st.booleans()), min_size=2, max_size=60)


def scores_of(drawn: list[tuple[int, bool]]) -> tuple[np.ndarray, np.ndarray]:
    scores, truth = (np.array(column) for column in zip(*drawn, strict=True))
    assume(0 < truth.sum() < len(truth))
    return scores / 7, truth


def random_scene(rows: int = 40, cols: int = 50, num_targets: int = 12) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    truth = np.zeros(rows * cols, dtype=bool)
    truth[generator.choice(rows * cols, num_targets, replace=False)] = True
    scores = generator.chisquare(5, rows * cols) + 12 * truth * generator.random(rows * cols)
    return scores.reshape(rows, cols), truth.reshape(rows, cols)


@settings(max_examples=150, deadline=None)
@given(pixels)
def test_points_and_areas_agree_with_scikit_learn(drawn):
    scores, truth = scores_of(drawn)
    for found, expected in zip(
        roc(scores, truth), independent.roc_curve(truth, scores, drop_intermediate=False), strict=True
    ):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-15)
    figures = detection_scores(scores, truth)
    assert set(figures) == NAMES
    assert all(math.isfinite(value) for value in figures.values())
    assert figures["auc"] == pytest.approx(independent.roc_auc_score(truth, scores), abs=1e-12)
    assert figures["ap"] == pytest.approx(independent.average_precision_score(truth, scores), abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(pixels)
def test_areas_over_thresholds_agree_with_a_sum_over_steps(drawn):
    scores, truth = scores_of(drawn)
    assume(scores.min() < scores.max())
    scaled = (scores - scores.min()) / (scores.max() - scores.min())
    steps = np.unique(scaled)
    figures = detection_scores(scores, truth)
    for name, chosen in (("auc_pf_tau", ~truth), ("auc_pd_tau", truth)):
        # between two scores a threshold passes those that reach the upper one
        area = sum((high - low) * np.mean(scaled[chosen] >= high) for low, high in pairwise(steps))
        assert figures[name] == pytest.approx(area, abs=1e-12)
    overall = figures["auc"] + figures["auc_pd_tau"] - figures["auc_pf_tau"]
    assert figures["auc_overall"] == pytest.approx(overall, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(pixels, st.sampled_from([0.0, 0.01, 0.1, 0.5, 1.0]))
def test_detection_at_a_false_alarm_rate_agrees_with_a_loop(drawn, level):
    scores, truth = scores_of(drawn)
    best = 0.0
    for threshold in scores:
        if np.mean(scores[~truth] >= threshold) <= level:
            best = max(best, float(np.mean(scores[truth] >= threshold)))
    assert roc(scores, truth).detection_at(level) == pytest.approx(best)


def test_a_rate_of_exactly_the_level_is_not_above_it():
    background = np.arange(1000.0)
    scores, truth = np.append(background, [998.5, 997.5]), np.arange(1002) >= 1000
    figures = detection_scores(scores, truth)
    assert (figures["pd_at_1e-3"], figures["pd_at_1e-2"], figures["pd_at_1e-4"]) == (0.5, 1.0, 0.0)


@settings(max_examples=60, deadline=None)
@given(pixels)
def test_published_areas_follow_the_published_steps(drawn):
    scores, truth = scores_of(drawn)
    false_alarm, detection, tau = independent.roc_curve(truth, minmax_scale(scores), drop_intermediate=False)
    assume(len(tau) > 2)
    false_alarm, detection, tau = false_alarm[1:], detection[1:], tau[1:]
    one = round(independent.auc(false_alarm, detection), 4)
    two, three = round(independent.auc(tau, false_alarm), 4), round(independent.auc(tau, detection), 4)
    expected = {"auc": one, "auc_pf_tau": two, "auc_pd_tau": three, "auc_overall": round(one + three - two, 4)}
    if two > 0:
        expected["auc_snr"] = round(three / two, 4)
    found = published_scores(scores, truth)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=1.01e-4 if name != "auc_snr" else 1e-2 * max(value, 1))


def test_published_areas_of_a_scene_are_these_very_digits():
    scores, truth = random_scene()
    false_alarm, detection, tau = independent.roc_curve(
        truth.ravel(), minmax_scale(scores.ravel()), drop_intermediate=False
    )
    found = published_scores(scores, truth)
    assert found["auc"] == round(independent.auc(false_alarm[1:], detection[1:]), 4)
    assert found["auc_pf_tau"] == round(independent.auc(tau[1:], false_alarm[1:]), 4)
    assert found["auc_pd_tau"] == round(independent.auc(tau[1:], detection[1:]), 4)
    # the rule of integration is a small part of the figure
    exact = detection_scores(scores, truth)
    assert all(abs(found[name] - exact[name]) < 0.02 for name in ("auc", "auc_pf_tau", "auc_pd_tau"))


def test_pixels_without_data_are_left_out():
    scores, truth = random_scene()
    holed = scores.copy()
    holed[:5] = np.nan
    assert detection_scores(holed, truth) == detection_scores(scores[5:], truth[5:])
    assert detection_scores(holed, truth.astype(np.uint8) * 3) == detection_scores(holed, truth)


def test_a_background_without_any_score_has_a_finite_ratio():
    figures = detection_scores([0.0, 0.0, 1.0], [False, False, True])
    assert figures["auc_snr"] == 2.0**23
    # trapezia reach from the background to the nearest threshold above
    assert published_scores([0.0, 0.0, 1.0], [False, False, True])["auc_pf_tau"] == 0.5
    assert "auc_snr" not in published_scores([0.0, 0.0, 1e-6, 1.0], [False, False, True, True])


def test_constant_scores_tell_nothing():
    figures = detection_scores(np.full(10, 3.0), np.arange(10) < 2)
    assert (figures["auc"], figures["auc_snr"], figures["ap"], figures["pd_at_1e-2"]) == (0.5, 0.0, 0.2, 0.0)


@pytest.mark.parametrize(
    ("scores", "truth", "said"),
    [
        ([1.0, 2.0], [False, False], "marks no pixel"),
        ([1.0, 2.0], [True, True], "marks every pixel"),
        ([1.0, np.nan], [False, True], "marks no pixel"),
        ([np.nan, np.nan], [False, True], "no pixel has a score"),
    ],
)
def test_a_truth_of_one_kind_has_no_figures_and_says_so(scores, truth, said):
    assert detection_scores(scores, truth) == {}
    known = np.isfinite(scores)
    assert said in str(undefined(np.array(truth)[known]))
    for function in (roc, published_scores):
        with pytest.raises(InputError, match=said):
            function(scores, truth)


def test_a_truth_of_both_kinds_is_defined():
    assert undefined([[0, 2], [1, 0]]) is None


def test_mistakes_are_refused():
    with pytest.raises(InputError, match=r"shape \(2, 3\) for a truth of shape \(3, 2\)"):
        detection_scores(np.zeros((2, 3)), np.zeros((3, 2), dtype=bool))
    with pytest.raises(InputError, match="1 scores are infinite"):
        detection_scores([1.0, np.inf], [True, False])
    with pytest.raises(InputError, match=r"need a map \(rows, columns\)"):
        object_scores([1, 0], [1, 0])
    with pytest.raises(InputError, match="both need the same shape"):
        object_scores(np.zeros((2, 3)), np.zeros((3, 2)))


def objects_by_flooding(mask: np.ndarray) -> list[set[tuple[int, int]]]:
    """Groups of pixels that touch at sides or corners, found by walking."""
    left, groups = set(map(tuple, np.argwhere(mask).tolist())), []
    while left:
        front, group = [left.pop()], set()
        while front:
            row, col = front.pop()
            group.add((row, col))
            near = {(row + i, col + j) for i in (-1, 0, 1) for j in (-1, 0, 1)} & left
            left -= near
            front.extend(near)
        groups.append(group)
    return groups


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.0, 0.3), st.floats(0.0, 0.3))
def test_objects_agree_with_a_walk(seed, share_detected, share_true):
    generator = np.random.default_rng(seed)
    mask, truth = generator.random((12, 15)) < share_detected, generator.random((12, 15)) < share_true
    detections, targets = objects_by_flooding(mask), objects_by_flooding(truth)
    figures = object_scores(mask, truth)
    expected = {}
    if detections:
        expected["object_precision"] = np.mean([any(truth[place] for place in group) for group in detections])
    if targets:
        expected["object_recall"] = np.mean([any(mask[place] for place in group) for group in targets])
        both = expected.get("object_precision", 0.0), expected["object_recall"]
        expected["object_f1"] = 2 * both[0] * both[1] / sum(both) if sum(both) else 0.0
    assert figures == pytest.approx(expected)
    assert all(math.isfinite(value) for value in figures.values())
