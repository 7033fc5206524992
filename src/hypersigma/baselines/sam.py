"""Spectral angle mapper: the angle between a pixel and the target, the same in sun and shade."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.baselines._background import cosine
from hypersigma.baselines._detector import Array, Learned, PixelDetector, View

TASK = "target_detection"


@dataclass(frozen=True, kw_only=True)
class SpectralAngle(PixelDetector):
    """Minus the angle in radians, so that higher is more like the target (Kruse et al., 1993)."""

    def learn(self, view: View, seed: int) -> tuple[Learned, list[str]]:
        assert view.target is not None
        return {"target": view.target}, []

    def pixel_scores(self, learned: Learned, spectra: Array) -> NDArray[Any]:
        angles: NDArray[Any] = np.arccos(np.clip(cosine(spectra, learned["target"]), -1.0, 1.0))
        return -angles


METHOD = SpectralAngle()
