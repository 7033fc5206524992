"""Figures of a classification, all from one confusion matrix, so that folds and scenes pool by adding matrices.

The matrix is indexed by class value: [truth, predicted], 0..K. Row 0 is empty, as unlabelled pixels are not
scored; column 0 counts labelled pixels that were given no class, which count as wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hypersigma.errors import ConfigError
from hypersigma.registry import suggestion

Matrix = NDArray[np.int64]
Floats = NDArray[np.float64]


def confusion_matrix(truth: ArrayLike, predicted: ArrayLike, num_classes: int) -> Matrix:
    """Counts (num_classes + 1, num_classes + 1) of [truth, predicted] over labelled pixels.

    Args:
        truth: class values, any shape; 0 = unlabelled.
        predicted: class values of the same shape; 0 = no class.
        num_classes: the largest class value.
    """
    truth, predicted = np.asarray(truth), np.asarray(predicted)
    known = truth > 0
    side = num_classes + 1
    index = truth[known].astype(np.int64) * side + predicted[known].astype(np.int64)
    return np.bincount(index, minlength=side * side).reshape(side, side)


class PerClass(NamedTuple):
    """Figures of each class 1..K, NaN where there is none: (K,) each."""

    recall: Floats
    precision: Floats
    f1: Floats
    support: NDArray[np.int64]


def per_class(matrix: Matrix) -> PerClass:
    """Recall, precision and F1 of each class, and its number of labelled pixels."""
    hits = np.diag(matrix)[1:].astype(np.float64)
    truth, predicted = matrix.sum(axis=1)[1:], matrix.sum(axis=0)[1:]
    # A class that is absent has no recall; NaN keeps it out of every mean, where 0 would pull the mean down.
    with np.errstate(divide="ignore", invalid="ignore"):
        recall, precision = hits / truth, hits / predicted
        f1 = np.where(truth > 0, 2 * hits / (truth + predicted), np.nan)
    return PerClass(recall, precision, f1, truth)


def without_classes(matrix: Matrix, classes: Iterable[int]) -> Matrix:
    """The matrix without the labelled pixels of some classes, such as those that a split had to cut."""
    kept = matrix.copy()
    kept[list(classes)] = 0
    return kept


def overall_accuracy(matrix: Matrix) -> float:
    """Share of labelled pixels that are right."""
    return float(np.trace(matrix) / matrix.sum())


def average_accuracy(matrix: Matrix) -> float:
    """Mean recall of the classes that are present in the truth."""
    return float(np.nanmean(per_class(matrix).recall))


def average_precision(matrix: Matrix) -> float:
    """Mean precision of the classes present in the truth, none predicted counting 0: the published "AA"."""
    figures = per_class(matrix)
    return float(np.nan_to_num(figures.precision[figures.support > 0]).mean())


def cohen_kappa(matrix: Matrix) -> float:
    """Cohen's kappa: agreement beyond chance, (p_o - p_e) / (1 - p_e)."""
    total = matrix.sum()
    chance = float((matrix.sum(axis=0) / total) @ (matrix.sum(axis=1) / total))
    # Truth and prediction of one and the same class throughout: nothing is left to chance, and all is right.
    return (overall_accuracy(matrix) - chance) / (1 - chance) if chance < 1 else 1.0


def macro_f1(matrix: Matrix) -> float:
    """Mean F1 of the classes that are present in the truth."""
    return float(np.nanmean(per_class(matrix).f1))


METRICS: dict[str, Callable[[Matrix], float]] = {
    "oa": overall_accuracy,
    "aa": average_accuracy,
    "kappa": cohen_kappa,
    "f1": macro_f1,
    "aa_precision": average_precision,
}


def score(matrix: Matrix, names: Iterable[str] = ("oa", "aa", "kappa", "f1")) -> dict[str, float]:
    """Named figures of a confusion matrix; NaN where it is empty.

    Raises:
        ConfigError: a name that no metric has.
    """
    return {name: _metric(name)(matrix) if matrix.any() else float("nan") for name in names}


def bootstrap(
    matrix: Matrix, metric: str = "oa", *, seed: int = 0, num_draws: int = 1000, level: float = 0.95
) -> tuple[float, float]:
    """Percentile interval of a figure over resampled test pixels: (low, high).

    Drawing pixels with replacement is drawing the matrix's cells from a multinomial. Pixels count as
    independent, which neighbours are not: the interval is a lower bound of the doubt, the spread over seeds
    stands beside it.
    """
    if not matrix.any():
        return float("nan"), float("nan")
    generator = np.random.default_rng(seed)
    total = int(matrix.sum())
    draws = generator.multinomial(total, matrix.ravel() / total, size=num_draws)
    figures = [_metric(metric)(draw.reshape(matrix.shape)) for draw in draws]
    low, high = np.quantile(figures, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def expected_calibration_error(confidence: ArrayLike, correct: ArrayLike, num_bins: int = 15) -> float:
    """Mean gap between confidence and accuracy over bins of equal width, weighted by their pixels.

    Source: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, equation 3.

    Args:
        confidence: probability of the predicted class, any shape.
        correct: whether the prediction is right, of the same shape.
        num_bins: bins between 0 and 1.
    """
    confidence = np.asarray(confidence, dtype=np.float64).ravel()
    gap = np.asarray(correct, dtype=np.float64).ravel() - confidence
    if not len(gap):
        return float("nan")
    # Bins are open below and closed above, so that a confidence of exactly 1 falls into the last.
    bins = np.clip(np.ceil(confidence * num_bins).astype(int) - 1, 0, num_bins - 1)
    return float(np.abs(np.bincount(bins, weights=gap)).sum() / len(gap))


def _metric(name: str) -> Callable[[Matrix], float]:
    if name not in METRICS:
        raise ConfigError(f"'{name}' is not a metric: {suggestion(name, list(METRICS))}")
    return METRICS[name]
