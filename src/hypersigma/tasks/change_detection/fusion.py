"""Change by classical evidence: variates and differences of two dates, in the surroundings of each pixel.

Variates that a linear map of one date to the other leaves over do not depend on light, season or calibration; the
length of the difference keeps what a linear map explains away. Without labels the two are multiplied and smoothed, and
their product parts in two. With labels, machines of two kinds learn from both dates, their difference and the
variates, each at three widths, and their probabilities are averaged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from hypersigma.baselines._change import Array, ChangeDetector, FittedChange, Learned, fit_change
from hypersigma.baselines._estimators import Estimator, class_probabilities, support_vector_machine
from hypersigma.baselines._ranks import without_rim
from hypersigma.baselines._smoothing import smoothing_radius
from hypersigma.data.alteration import Alteration, alteration, chi_square
from hypersigma.data.filters import gaussian
from hypersigma.data.labels import LabelledScene
from hypersigma.data.thresholds import least_error

TASK = "change_detection"

_ROUNDS = 30
_SCORE = 0.7  # pixels; deviation of the Gaussian that scores are smoothed with
_NEAR, _WIDE = 1.0, 3.0  # pixels; of those that evidence is smoothed with
_LEAST = 0.05  # added to a score before its logarithm


def _variates(learned: Learned, before: Array, after: Array) -> tuple[Array, Array, Array]:
    """Variates (p, h, w), the root of their chi-square and the length of the difference, (1, h, w) each."""
    variates = Alteration(**learned).variates(before, after)
    root = np.sqrt(chi_square(variates))[None]
    return variates, root, np.sqrt(chi_square(before - after))[None]


def _score(root: Array, length: Array, width: float) -> Array:
    """The score (1, h, w) that no label teaches, smoothed by a Gaussian of some width in pixels."""
    score: Array = np.sqrt(gaussian(np.sqrt(root * length), width))
    return score


@dataclass(frozen=True, kw_only=True)
class AlterationFusion(ChangeDetector):
    """The root of chi's product with the difference's length, smoothed: a score that no label teaches."""

    @property
    def margin(self) -> int:
        return smoothing_radius(_SCORE)

    def learn(self, before: Array, after: Array) -> Learned:
        return alteration(before, after, _ROUNDS).arrays()

    def evidence(self, learned: Learned, before: Array, after: Array) -> Array:
        _, root, length = _variates(learned, before, after)
        return without_rim(_score(root, length, _SCORE), self.margin)

    def threshold(self, scores: NDArray[Any]) -> float:
        return least_error(scores)


@dataclass(frozen=True, kw_only=True)
class ChangeFusion(ChangeDetector):
    """Machines on both dates, their difference and variates, near and wide; `AlterationFusion` without any labels.

    Attributes:
        num_trees: of the forest; cost: of the support vector machine's training errors (C).
    """

    num_trees: int = 300
    cost: float = 100.0

    @property
    def margin(self) -> int:
        return smoothing_radius(_WIDE)

    @property
    def needs_labels(self) -> bool:
        return False

    def learn(self, before: Array, after: Array) -> Learned:
        return alteration(before, after, _ROUNDS).arrays()

    def evidence(self, learned: Learned, before: Array, after: Array) -> Array:
        variates, root, length = _variates(learned, before, after)
        dates = np.concatenate([before, after, after - before])
        # the tails of variates are long; their order is what counts
        told = np.concatenate([np.sign(variates) * np.sqrt(np.abs(variates)), np.log1p(root), np.log1p(length)])
        scores = [np.log(_score(root, length, width) + _LEAST) for width in (_SCORE, 2 * _SCORE)]
        stack = np.concatenate(
            [dates, gaussian(dates, _NEAR), told, gaussian(told, _NEAR), gaussian(told, _WIDE), *scores]
        )
        return without_rim(stack, self.margin)

    def estimator(self, num_features: int, seed: int) -> Estimator:
        return Experts([_trees(self.num_trees, seed), support_vector_machine(self.cost, num_features)])

    def fit(self, inputs: Sequence[LabelledScene], seed: int) -> FittedChange:
        if not any(scene.labels.any() for scene in inputs):
            return fit_change(AlterationFusion(), inputs, seed)
        return fit_change(self, inputs, seed)


class Experts:
    """Estimators that are asked alike: their probabilities are averaged."""

    def __init__(self, members: Sequence[Estimator]) -> None:
        self.members = members

    def fit(self, samples: NDArray[Any], labels: NDArray[Any]) -> Self:
        """Fit every member on samples (n, features) and classes (n,)."""
        for member in self.members:
            member.fit(samples, labels)
        self.classes_ = np.unique(labels)
        return self

    def predict_proba(self, samples: NDArray[Any]) -> NDArray[np.float32]:
        """Probabilities (n, classes)."""
        num_classes = int(self.classes_.max())
        answers = [class_probabilities(member, samples, num_classes) for member in self.members]
        mean: NDArray[np.float32] = np.mean(answers, axis=0)[:, self.classes_ - 1]
        return mean


def _trees(num_trees: int, seed: int) -> Estimator:
    """Extremely randomised trees (Geurts, Ernst, Wehenkel, 2006), classes weighed alike."""
    from sklearn.ensemble import ExtraTreesClassifier

    return ExtraTreesClassifier(num_trees, min_samples_leaf=2, random_state=seed)


METHOD = ChangeFusion()
