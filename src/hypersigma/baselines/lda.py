"""Linear discriminant analysis on spectra, with shrinkage: strong where labels are few and ground is new."""

from __future__ import annotations

from dataclasses import dataclass

from hypersigma.baselines._classifier import PixelClassifier
from hypersigma.baselines._estimators import Estimator, discriminant_analysis

TASK = "classification"


@dataclass(frozen=True, kw_only=True)
class DiscriminantAnalysis(PixelClassifier):
    """Shrinkage linear discriminant analysis on standardised spectra."""

    def estimator(self, num_features: int, seed: int) -> Estimator:
        return discriminant_analysis()


METHOD = DiscriminantAnalysis()
