"""Random forest on principal components and their smoothed copies."""

from __future__ import annotations

from dataclasses import dataclass

from hypersigma.baselines._estimators import Estimator, forest
from hypersigma.baselines._smoothed import SmoothedClassifier

TASK = "classification"


@dataclass(frozen=True, kw_only=True)
class SmoothedRandomForest(SmoothedClassifier):
    """Random forest on smoothed principal components.

    Attributes:
        num_trees: of the forest.
    """

    num_trees: int = 300

    def estimator(self, num_features: int, seed: int) -> Estimator:
        return forest(self.num_trees, seed)


METHOD = SmoothedRandomForest()
