"""Global RX: how far a pixel lies from the mean of its scene, in the metric of the scene's covariance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from hypersigma.baselines._background import learn_whitening, squared_lengths, whitened
from hypersigma.baselines._detector import Array, Learned, PixelDetector, View

TASK = "anomaly_detection"


@dataclass(frozen=True, kw_only=True)
class GlobalRX(PixelDetector):
    """(x - m)^T C^-1 (x - m), with mean and covariance of the whole scene (Reed and Yu, 1990)."""

    def learn(self, view: View, seed: int) -> tuple[Learned, list[str]]:
        return learn_whitening(view)

    def pixel_scores(self, learned: Learned, spectra: Array) -> NDArray[Any]:
        white = whitened(learned, spectra)
        return squared_lengths(white)


METHOD = GlobalRX()
