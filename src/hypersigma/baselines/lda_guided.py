"""Linear discriminant analysis on smoothed low-noise components, with a guided filter: strong on new ground."""

from __future__ import annotations

from dataclasses import dataclass

from hypersigma.baselines._classifier import Array, Transforms
from hypersigma.baselines._estimators import Estimator, discriminant_analysis
from hypersigma.baselines._guided import GuidedClassifier
from hypersigma.data.filters import gaussian

TASK = "classification"


@dataclass(frozen=True, kw_only=True)
class GuidedDiscriminantAnalysis(GuidedClassifier):
    """Shrinkage linear discriminant analysis on smoothed low-noise components, guided.

    Attributes:
        sigma: of the smoothing, in pixels.
    """

    sigma: float = 1.0

    def features(self, array: Array, transforms: Transforms) -> Array:
        return gaussian(transforms["mnf"].apply(array), self.sigma)

    def estimator(self, num_features: int, seed: int) -> Estimator:
        return discriminant_analysis()


METHOD = GuidedDiscriminantAnalysis()
