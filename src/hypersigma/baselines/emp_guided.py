"""Support vector machine on an extended morphological profile and low-noise components, with a guided filter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hypersigma.baselines._classifier import Array, Transforms
from hypersigma.baselines._estimators import Estimator, support_vector_machine
from hypersigma.baselines._guided import GuidedClassifier
from hypersigma.data.components import fit_pca
from hypersigma.data.filters import morphological_profile

TASK = "classification"


@dataclass(frozen=True, kw_only=True)
class GuidedProfile(GuidedClassifier):
    """Support vector machine on an extended morphological profile and low-noise components, guided.

    Attributes:
        num_profiled: principal components that are opened and closed.
        radii: of the discs, in pixels.
        cost: weight of training errors (C).
    """

    num_profiled: int = 5
    radii: tuple[int, ...] = (1, 2, 3, 4, 5, 6)
    cost: float = 1000.0

    def transforms(self, arrays: Sequence[Array]) -> Transforms:
        return {**super().transforms(arrays), "pca": fit_pca(arrays, self.num_profiled)}

    def features(self, array: Array, transforms: Transforms) -> Array:
        profile = morphological_profile(transforms["pca"].apply(array), self.radii)
        return np.concatenate([profile, transforms["mnf"].apply(array)])

    def estimator(self, num_features: int, seed: int) -> Estimator:
        return support_vector_machine(self.cost, num_features)


METHOD = GuidedProfile()
