"""Constrained energy minimisation: the filter of least output over the scene that passes the target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from hypersigma.baselines._background import filtered, learn_whitening
from hypersigma.baselines._detector import Array, Learned, PixelDetector, View

TASK = "target_detection"


@dataclass(frozen=True, kw_only=True)
class ConstrainedEnergy(PixelDetector):
    """t^T R^-1 x / t^T R^-1 t with the correlation R of the scene (Farrand and Harsanyi, 1997)."""

    def learn(self, view: View, seed: int) -> tuple[Learned, list[str]]:
        return learn_whitening(view, about_mean=False)

    def pixel_scores(self, learned: Learned, spectra: Array) -> NDArray[Any]:
        return filtered(learned, spectra)


METHOD = ConstrainedEnergy()
