"""Random forest on spectra."""

from __future__ import annotations

from dataclasses import dataclass

from hypersigma.baselines._classifier import PixelClassifier
from hypersigma.baselines._estimators import Estimator, forest

TASK = "classification"


@dataclass(frozen=True, kw_only=True)
class RandomForest(PixelClassifier):
    """Random forest on spectra.

    Attributes:
        num_trees: of the forest.
    """

    num_trees: int = 300

    def estimator(self, num_features: int, seed: int) -> Estimator:
        return forest(self.num_trees, seed)


METHOD = RandomForest()
