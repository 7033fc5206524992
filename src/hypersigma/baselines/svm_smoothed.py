"""Support vector machine on principal components and their smoothed copies."""

from __future__ import annotations

from dataclasses import dataclass

from hypersigma.baselines._estimators import Estimator, support_vector_machine
from hypersigma.baselines._smoothed import SmoothedClassifier

TASK = "classification"


@dataclass(frozen=True, kw_only=True)
class SmoothedSupportVectorMachine(SmoothedClassifier):
    """Support vector machine on smoothed principal components.

    Attributes:
        cost: weight of training errors (C).
    """

    cost: float = 100.0

    def estimator(self, num_features: int, seed: int) -> Estimator:
        return support_vector_machine(self.cost, num_features)


METHOD = SmoothedSupportVectorMachine()
