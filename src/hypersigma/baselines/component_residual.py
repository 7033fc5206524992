"""Component residual: what the leading principal components of a scene leave of a pixel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.baselines._background import principal_components, squared_lengths
from hypersigma.baselines._detector import Array, Learned, PixelDetector, View
from hypersigma.data.moments import moments
from hypersigma.errors import InputError

TASK = "anomaly_detection"


@dataclass(frozen=True, kw_only=True)
class ComponentResidual(PixelDetector):
    """Squared length of a centred spectrum outside the subspace of the leading principal components.

    Attributes:
        num_components: that span the background; must be fewer than the bands.
    """

    num_components: int = 10

    @property
    def least_bands(self) -> int:
        return self.num_components + 1

    def learn(self, view: View, seed: int) -> tuple[Learned, list[str]]:
        num_bands = len(view.bands.indices)
        if num_bands < self.least_bands:
            raise InputError(
                f"{self.num_components} components of {num_bands} bands leave no residual; set num_components below"
            )
        found = moments(view.blocks)
        return {"mean": found.mean, "vectors": principal_components(found, self.num_components)[0]}, []

    def pixel_scores(self, learned: Learned, spectra: Array) -> NDArray[Any]:
        # in double precision: what is left is small, and ranks tell it apart
        centred = spectra - learned["mean"].astype(np.float64)[:, None]
        vectors = learned["vectors"].astype(np.float64)
        rest = centred - vectors.T @ (vectors @ centred)
        return squared_lengths(rest)


METHOD = ComponentResidual()
