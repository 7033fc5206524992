"""Support vector machine on spectra: the field's usual yardstick."""

from __future__ import annotations

from dataclasses import dataclass

from hypersigma.baselines._classifier import PixelClassifier
from hypersigma.baselines._estimators import Estimator, support_vector_machine

TASK = "classification"


@dataclass(frozen=True, kw_only=True)
class SupportVectorMachine(PixelClassifier):
    """Support vector machine on standardised spectra.

    Attributes:
        cost: weight of training errors (C).
    """

    cost: float = 100.0

    def estimator(self, num_features: int, seed: int) -> Estimator:
        return support_vector_machine(self.cost, num_features)


METHOD = SupportVectorMachine()
