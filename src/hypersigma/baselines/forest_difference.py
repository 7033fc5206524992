"""Random forest on stacked dates and their difference, with means over squares around each pixel."""

from __future__ import annotations

from dataclasses import dataclass

from hypersigma.baselines._difference import DifferenceClassifier
from hypersigma.baselines._estimators import Estimator, forest

TASK = "change_detection"


@dataclass(frozen=True, kw_only=True)
class DifferenceForest(DifferenceClassifier):
    """Random forest on both dates, their difference, and their means.

    Attributes:
        num_trees: of the forest.
    """

    num_trees: int = 300

    def estimator(self, num_features: int, seed: int) -> Estimator:
        return forest(self.num_trees, seed)


METHOD = DifferenceForest()
