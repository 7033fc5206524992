"""Figures of a change map agree with scikit-learn, and those that mean nothing are left out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn import metrics as independent

from hypersigma.metrics.change import change_scores
from hypersigma.metrics.classification import confusion_matrix

NAMES = {"oa", "kappa", "f1_changed", "iou_changed", "precision", "recall", "f1_unchanged", "iou_unchanged"}


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 2), st.integers(1, 2)), min_size=2, max_size=80))
def test_figures_agree_with_scikit_learn(drawn):
    truth, mapped = (np.array(column) for column in zip(*drawn, strict=True))
    assume(len(np.unique(truth)) == 2)
    figures = change_scores(confusion_matrix(truth, mapped, 2))
    assert figures.keys() == NAMES
    assert all(type(figure) is float for figure in figures.values())
    expected = {
        "oa": independent.accuracy_score(truth, mapped),
        "kappa": independent.cohen_kappa_score(truth, mapped),
        "precision": independent.precision_score(truth, mapped, pos_label=2, zero_division=0),
        "recall": independent.recall_score(truth, mapped, pos_label=2),
    }
    for value, suffix in ((2, "_changed"), (1, "_unchanged")):
        expected[f"f1{suffix}"] = independent.f1_score(truth, mapped, pos_label=value)
        expected[f"iou{suffix}"] = independent.jaccard_score(truth, mapped, pos_label=value)
    assert figures == pytest.approx(expected)


def test_pixels_without_an_answer_count_as_wrong():
    figures = change_scores(confusion_matrix([2, 2, 2, 1], [2, 2, 0, 1], 2))
    assert figures["recall"] == pytest.approx(2 / 3)
    assert figures["precision"] == 1.0
    assert figures["f1_changed"] == pytest.approx(0.8)
    assert figures["iou_changed"] == pytest.approx(2 / 3)


def test_what_is_not_defined_is_left_out():
    assert change_scores(np.zeros((3, 3), dtype=np.int64)) == {}
    unchanged = change_scores(confusion_matrix([1, 1, 1], [1, 2, 1], 2))
    assert unchanged.keys() == {"oa", "kappa", "f1_unchanged", "iou_unchanged"}
    missed = change_scores(confusion_matrix([1, 2], [1, 1], 2))
    assert (missed["precision"], missed["recall"], missed["f1_changed"], missed["iou_changed"]) == (0.0, 0.0, 0.0, 0.0)
    assert all(math.isfinite(figure) for figure in (*unchanged.values(), *missed.values()))
