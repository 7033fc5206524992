"""Figures agree with independent implementations, and absent classes or unclassified pixels do not bend them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as independent

from hypersigma.errors import ConfigError
from hypersigma.metrics import (
    METRICS,
    bootstrap,
    confusion_matrix,
    expected_calibration_error,
    per_class,
    score,
    without_classes,
)


def labels_of(seed: int, num_classes: int, size: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Truth with unlabelled pixels and a prediction that is right more often than not."""
    generator = np.random.default_rng(seed)
    truth = generator.integers(0, num_classes + 1, size)
    guess = generator.integers(1, num_classes + 1, size)
    return truth, np.where((generator.random(size) < 0.6) & (truth > 0), truth, guess)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 12))
def test_figures_agree_with_scikit_learn(seed, num_classes):
    truth, predicted = labels_of(seed, num_classes)
    matrix = confusion_matrix(truth, predicted, num_classes)
    known = truth > 0
    truth, predicted = truth[known], predicted[known]
    classes = range(1, num_classes + 1)
    np.testing.assert_array_equal(matrix[1:, 1:], independent.confusion_matrix(truth, predicted, labels=classes))
    figures = score(matrix, METRICS)
    assert figures["oa"] == pytest.approx(independent.accuracy_score(truth, predicted))
    assert figures["aa"] == pytest.approx(independent.balanced_accuracy_score(truth, predicted))
    assert figures["kappa"] == pytest.approx(independent.cohen_kappa_score(truth, predicted))
    assert figures["f1"] == pytest.approx(independent.f1_score(truth, predicted, average="macro"))
    assert figures["aa_precision"] == pytest.approx(
        independent.precision_score(truth, predicted, average="macro", zero_division=0)
    )


def test_absent_classes_do_not_count():
    matrix = confusion_matrix([1, 1, 3, 3], [1, 1, 3, 1], 4)
    figures = score(matrix)
    assert figures["oa"] == 0.75
    assert figures["aa"] == pytest.approx((1 + 0.5) / 2)
    table = per_class(matrix)
    np.testing.assert_array_equal(table.recall, [1, np.nan, 0.5, np.nan])
    np.testing.assert_array_equal(table.precision, [2 / 3, np.nan, 1, np.nan])
    np.testing.assert_array_equal(table.support, [2, 0, 2, 0])


def test_pixels_left_without_a_class_are_wrong():
    figures = score(confusion_matrix([1, 1, 2, 2], [1, 0, 2, 0], 2))
    assert figures["oa"] == 0.5
    assert figures["aa"] == 0.5


def test_classes_can_be_left_out_of_the_figures():
    matrix = confusion_matrix([1, 1, 2, 2, 3], [1, 3, 2, 2, 1], 3)
    assert score(matrix)["oa"] == pytest.approx(3 / 5)
    assert score(without_classes(matrix, (3,)))["oa"] == pytest.approx(3 / 4)
    assert score(without_classes(matrix, ()))["oa"] == pytest.approx(3 / 5)


def test_one_class_alone_agrees_fully():
    assert score(confusion_matrix([1, 1], [1, 1], 1))["kappa"] == 1.0


def test_nothing_to_score():
    matrix = confusion_matrix([0, 0], [1, 1], 2)
    assert all(math.isnan(value) for value in score(matrix).values())
    assert all(math.isnan(value) for value in bootstrap(matrix))
    assert math.isnan(expected_calibration_error([], []))


def test_unknown_metric_is_suggested():
    with pytest.raises(ConfigError, match="did you mean 'kappa'"):
        score(confusion_matrix([1], [1], 1), ["kapa"])


def test_bootstrap_interval_has_the_width_of_a_binomial():
    truth = np.ones(1000, dtype=int)
    matrix = confusion_matrix(truth, np.where(np.arange(1000) < 800, 1, 2), 2)
    low, high = bootstrap(matrix, "oa", seed=1)
    assert low < 0.8 < high
    assert high - low == pytest.approx(2 * 1.96 * math.sqrt(0.8 * 0.2 / 1000), rel=0.15)
    assert bootstrap(matrix, "oa", seed=1) == (low, high)


def test_calibration_error_agrees_with_torchmetrics():
    torch = pytest.importorskip("torch")
    functional = pytest.importorskip("torchmetrics.functional.classification")
    generator = np.random.default_rng(0)
    probabilities = generator.dirichlet(np.ones(5), 500).astype(np.float32)
    truth = generator.integers(0, 5, 500)
    expected = functional.multiclass_calibration_error(
        torch.from_numpy(probabilities), torch.from_numpy(truth), num_classes=5, n_bins=15, norm="l1"
    )
    got = expected_calibration_error(probabilities.max(axis=1), probabilities.argmax(axis=1) == truth)
    assert got == pytest.approx(float(expected), abs=1e-6)


def test_a_sure_and_right_model_is_calibrated():
    assert expected_calibration_error([1.0, 1.0], [True, True]) == 0.0
    assert expected_calibration_error([0.0, 1.0], [True, False]) == 1.0
