"""Adaptive coherence estimator: the angle between a pixel and the target after whitening, whatever their strength."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.baselines._background import cosine, whitened
from hypersigma.baselines._detector import Array, Learned
from hypersigma.baselines._target_filter import TargetFilter

TASK = "target_detection"


@dataclass(frozen=True, kw_only=True)
class AdaptiveCoherence(TargetFilter):
    """Squared cosine of pixel and target in whitened space, with the sign of the cosine (Kraut and Scharf, 1999)."""

    def pixel_scores(self, learned: Learned, spectra: Array) -> NDArray[Any]:
        cosines = cosine(whitened(learned, spectra), learned["target"])
        coherence: NDArray[Any] = np.sign(cosines) * cosines**2
        return coherence


METHOD = AdaptiveCoherence()
