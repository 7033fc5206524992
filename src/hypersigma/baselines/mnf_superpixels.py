"""The strong classical chain: smoothed low-noise components, superpixels of several sizes, guided filter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hypersigma.baselines._classifier import Array, Transforms
from hypersigma.baselines._estimators import Estimator, support_vector_machine
from hypersigma.baselines._guided import GuidedClassifier, unit_components
from hypersigma.data.filters import gaussian_stack, segment_means, superpixels

TASK = "classification"


@dataclass(frozen=True, kw_only=True)
class SuperpixelChain(GuidedClassifier):
    """Support vector machine on Gaussian stacks and superpixel means of low-noise components, guided.

    Attributes:
        sigmas: of the smoothed copies, in pixels.
        segment_sizes: mean pixels of a superpixel, one a scale.
        num_segmenting: leading components that superpixels are grown on, of unit variance each.
        compactness: of superpixels, in those units.
        cost: weight of training errors (C).
    """

    sigmas: tuple[float, ...] = (2.0, 4.0, 8.0)
    segment_sizes: tuple[int, ...] = (210, 105, 52, 26, 14)
    num_segmenting: int = 6
    compactness: float = 1.0
    cost: float = 1000.0

    def features(self, array: Array, transforms: Transforms) -> Array:
        components = transforms["mnf"].apply(array)
        ground = unit_components(array, transforms["mnf"], self.num_segmenting)
        # Segments are counted by pixels with data, so that a scene half empty is not cut finer.
        num_pixels = int(np.isfinite(ground).all(axis=0).sum())
        means = [
            segment_means(components, superpixels(ground, max(1, num_pixels // size), self.compactness))
            for size in self.segment_sizes
        ]
        return np.concatenate([gaussian_stack(components, self.sigmas), *means])

    def estimator(self, num_features: int, seed: int) -> Estimator:
        return support_vector_machine(self.cost, num_features)


METHOD = SuperpixelChain()
