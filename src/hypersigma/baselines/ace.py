"""Adaptive coherence estimator: the angle between a pixel and the target after whitening, whatever their strength."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.baselines._background import cosine, learn_whitening, whitened
from hypersigma.baselines._detector import Array, Learned, PixelDetector, View

TASK = "target_detection"


@dataclass(frozen=True, kw_only=True)
class AdaptiveCoherence(PixelDetector):
    """Squared cosine of pixel and target in whitened space, with the sign of the cosine (Kraut and Scharf, 1999).

    Attributes:
        loading: share of the mean variance put on the diagonal of the covariance.
        cleaned: share of the pixels, those most like the target, that background statistics leave out.
    """

    loading: float = 1e-3
    cleaned: float = 0.0

    def learn(self, view: View, seed: int) -> tuple[Learned, list[str]]:
        return learn_whitening(view, loading=self.loading, cleaned=self.cleaned)

    def pixel_scores(self, learned: Learned, spectra: Array) -> NDArray[Any]:
        cosines = cosine(whitened(learned, spectra), learned["target"])
        coherence: NDArray[Any] = np.sign(cosines) * cosines**2
        return coherence


METHOD = AdaptiveCoherence()
