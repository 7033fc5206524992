"""Support vector machine on stacked dates and their difference, with means over squares around each pixel."""

from __future__ import annotations

from dataclasses import dataclass

from hypersigma.baselines._difference import DifferenceClassifier
from hypersigma.baselines._estimators import Estimator, support_vector_machine

TASK = "change_detection"


@dataclass(frozen=True, kw_only=True)
class DifferenceMachine(DifferenceClassifier):
    """Support vector machine on both dates, their difference, and their means.

    Attributes:
        cost: weight of training errors (C).
    """

    cost: float = 100.0

    def estimator(self, num_features: int, seed: int) -> Estimator:
        return support_vector_machine(self.cost, num_features)


METHOD = DifferenceMachine()
