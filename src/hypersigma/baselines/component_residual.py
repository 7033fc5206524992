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

_PIXELS_AT_ONCE = 1 << 12  # whose spectra are held in double precision


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
        mean, vectors = learned["mean"][:, None], learned["vectors"]
        scores = np.empty(spectra.shape[1])
        for start in range(0, len(scores), _PIXELS_AT_ONCE):
            part = slice(start, start + _PIXELS_AT_ONCE)
            # a small difference of large numbers: in single precision it would hang on how a scene is cut
            centred = spectra[:, part] - mean
            scores[part] = squared_lengths(centred - vectors.T @ (vectors @ centred))
        return scores


METHOD = ComponentResidual()
