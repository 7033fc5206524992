"""Features of principal components and their Gaussian-smoothed copies, the simplest use of a pixel's neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hypersigma.baselines._classifier import Array, PixelClassifier, Transforms
from hypersigma.data.components import fit_pca
from hypersigma.data.filters import gaussian_stack


@dataclass(frozen=True, kw_only=True)
class SmoothedClassifier(PixelClassifier):
    """A classifier on principal components of a scene and smoothed copies of them.

    The components are fitted on whole training scenes without their labels, as the field does.

    Attributes:
        num_components: principal components.
        sigmas: of the smoothed copies, in pixels.
    """

    num_components: int = 30
    sigmas: tuple[float, ...] = (2.0, 4.0)

    @property
    def contextual(self) -> bool:
        return True

    def transforms(self, arrays: Sequence[Array]) -> Transforms:
        return {"pca": fit_pca(arrays, self.num_components)}

    def features(self, array: Array, transforms: Transforms) -> Array:
        components = transforms["pca"].apply(array)
        return np.concatenate([components, gaussian_stack(components, self.sigmas)])
