"""RX on principal components: the directions of little variance, which hold noise, do not count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.baselines._background import principal_components, squared_lengths
from hypersigma.baselines._detector import Array, Learned, PixelDetector, View
from hypersigma.data.moments import moments

TASK = "anomaly_detection"


@dataclass(frozen=True, kw_only=True)
class RXComponents(PixelDetector):
    """Sum of the squared leading principal components, each of unit variance.

    Attributes:
        num_components: that count, at most the number of bands.
    """

    num_components: int = 20

    def learn(self, view: View, seed: int) -> tuple[Learned, list[str]]:
        found = moments(view.blocks)
        vectors, values = principal_components(found, self.num_components)
        # a component without variance says nothing, and dividing by its root would make round-off loud
        scales = np.sqrt(np.where(values > 1e-12 * values[0], values, np.inf))
        return {"mean": found.mean, "vectors": vectors / scales[:, None]}, []

    def pixel_scores(self, learned: Learned, spectra: Array) -> NDArray[Any]:
        components = learned["vectors"].astype(np.float32) @ (spectra - learned["mean"].astype(np.float32)[:, None])
        return squared_lengths(components)


METHOD = RXComponents()
