"""Change by classical evidence: variates and differences of two dates, in the surroundings of each pixel.

Variates that a linear map of one date to the other leaves over do not depend on light, season or calibration; the
length of the difference keeps what a linear map explains away. Without labels the two are multiplied and smoothed, and
their product parts in two. With labels, machines of two kinds learn from the difference, from both scores and from
ratios of bands, all smoothed a little, and their probabilities are averaged. What a date looks like by itself is left
out: it would tie what is learned to one place.
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
from hypersigma.data.light_ratios import indices, learn_ratios, ratios
from hypersigma.data.thresholds import above_mode, otsu

TASK = "change_detection"

_ROUNDS = 30
_CLOSE, _NEAR, _WIDE = 0.7, 1.0, 2.0  # pixels; deviations of the Gaussians that evidence is smoothed with
_DEVIATIONS = 8.0  # on the left of the scores' mode, that part unchanged from changed on its right
_CLIPPED = 0.99  # quantile that scores are clipped at before they are parted in two groups
_PARTS = ("left", "right", "offset", "deviation")
_LEAVES, _MOST_FOR_MACHINE, _FEATURES = 900, 5_000, 0.3


def _scores(learned: Learned, before: Array, after: Array) -> tuple[Array, Array]:
    """The root of the variates' chi-square and the length of the difference, (1, h, w) each."""
    variates = Alteration(*(learned[name] for name in _PARTS)).variates(before, after)
    return np.sqrt(chi_square(variates))[None], np.sqrt(chi_square(before - after))[None]


@dataclass(frozen=True, kw_only=True)
class AlterationFusion(ChangeDetector):
    """The root of chi times the difference's length, smoothed: a score that no label teaches."""

    @property
    def margin(self) -> int:
        return smoothing_radius(_CLOSE)

    def learn(self, before: Array, after: Array) -> Learned:
        return alteration(before, after, _ROUNDS).arrays()

    def evidence(self, learned: Learned, before: Array, after: Array) -> Array:
        root, length = _scores(learned, before, after)
        return without_rim(gaussian(np.sqrt(root * length), _CLOSE), self.margin)

    def threshold(self, scores: NDArray[Any]) -> float:
        # one errs where changes are few, the other where the unchanged have a long tail: their mean errs least
        known = scores[np.isfinite(scores)]
        most = np.quantile(known, _CLIPPED) if len(known) else np.inf
        parts = above_mode(scores, _DEVIATIONS), otsu(np.minimum(scores, most))
        return float(np.sqrt(parts[0] * parts[1]))


@dataclass(frozen=True, kw_only=True)
class ChangeFusion(ChangeDetector):
    """Machines on differences, scores and ratios of bands; `AlterationFusion` without any labels.

    Attributes:
        num_trees: of the forest; cost: of the support vector machine's training errors (C).
    """

    num_trees: int = 150
    cost: float = 100.0

    @property
    def margin(self) -> int:
        return smoothing_radius(_WIDE)

    @property
    def needs_labels(self) -> bool:
        return False

    def learn(self, before: Array, after: Array) -> Learned:
        return alteration(before, after, _ROUNDS).arrays()

    def learn_light(self, before: Array, after: Array, wavelengths: NDArray[np.float64] | None) -> Learned:
        return learn_ratios(before, after, wavelengths)

    def evidence(self, learned: Learned, before: Array, after: Array) -> Array:
        root, length = _scores(learned, before, after)
        told = np.log1p(np.concatenate([root, length]))
        return without_rim(np.concatenate([gaussian(after - before, _CLOSE), gaussian(told, _NEAR)]), self.margin)

    def light(self, learned: Learned, before: Array, after: Array) -> Array:
        seen = np.concatenate([ratios(learned, before, after), indices(learned, before, after)])
        return without_rim(np.concatenate([gaussian(seen, _CLOSE), gaussian(seen, _WIDE)]), self.margin)

    def estimator(self, num_features: int, seed: int) -> Estimator:
        return Experts(num_trees=self.num_trees, cost=self.cost, seed=seed)

    def fit(self, inputs: Sequence[LabelledScene], seed: int) -> FittedChange:
        if not any(scene.labels.any() for scene in inputs):
            return fit_change(AlterationFusion(), inputs, seed)
        return fit_change(self, inputs, seed)


class Experts:
    """Extremely randomised trees (Geurts, Ernst, Wehenkel, 2006) and a support vector machine, asked alike.

    Of many labels the trees keep leaves of more samples, and speak alone: the machine's work grows with their square.

    Args:
        num_trees: of the forest.
        cost: of the machine's training errors (C).
        seed: of the forest.
    """

    def __init__(self, *, num_trees: int, cost: float, seed: int) -> None:
        self.num_trees, self.cost, self.seed = num_trees, cost, seed

    def fit(self, samples: NDArray[Any], labels: NDArray[Any]) -> Self:
        """Fit on samples (n, features) and classes (n,)."""
        from sklearn.ensemble import ExtraTreesClassifier

        leaf = max(2, len(samples) // _LEAVES)
        forest = ExtraTreesClassifier(
            self.num_trees,
            min_samples_leaf=leaf,
            max_features=_FEATURES,
            class_weight="balanced",
            random_state=self.seed,
        )
        machine = support_vector_machine(self.cost, samples.shape[1])
        self.members = [forest] if len(samples) > _MOST_FOR_MACHINE else [forest, machine]
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


METHOD = ChangeFusion()
