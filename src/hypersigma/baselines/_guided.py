"""Classifiers on minimum-noise-fraction components whose probabilities follow the edges of the scene.

The transforms use whole training scenes without their labels; on another scene they are applied as they were fitted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hypersigma.baselines._classifier import Array, PixelClassifier, Transforms
from hypersigma.data.components import Components, fit_mnf
from hypersigma.data.filters import guided_filter


@dataclass(frozen=True, kw_only=True)
class GuidedClassifier(PixelClassifier):
    """A classifier whose probabilities pass a guided filter.

    Attributes:
        num_components: components of the minimum noise fraction.
        num_guides: leading components that guide the filter.
        radius: of the filter's windows in pixels.
        eps: variance of a guide (of unit variance over the training scenes) below which a window counts as flat.
    """

    num_components: int = 20
    num_guides: int = 2
    radius: int = 3
    eps: float = 0.3

    @property
    def contextual(self) -> bool:
        return True

    def transforms(self, arrays: Sequence[Array]) -> Transforms:
        return {"mnf": fit_mnf(arrays, self.num_components)}

    def refined(self, probabilities: Array, array: Array, transforms: Transforms) -> Array:
        guide = unit_components(array, transforms["mnf"], self.num_guides)
        # A linear function of the guide may fall a little below zero near an edge.
        smooth = np.maximum(guided_filter(probabilities, guide, self.radius, self.eps), 0.0)
        normal: Array = smooth / smooth.sum(axis=0)
        return normal


def unit_components(array: Array, components: Components, num: int) -> Array:
    """The leading components (num, rows, cols) of a scene, of unit variance over the scenes fitted on."""
    leading: Array = components.apply(array)[:num]
    deviation = np.sqrt(np.maximum(components.values[: len(leading)], 1e-12)).astype(np.float32)
    return leading / deviation[:, None, None]
