"""Matched filter: how much of the target lies in a pixel, by the filter that background disturbs least."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from hypersigma.baselines._background import filtered, learn_whitening
from hypersigma.baselines._detector import Array, Learned, PixelDetector, View

TASK = "target_detection"


@dataclass(frozen=True, kw_only=True)
class MatchedFilter(PixelDetector):
    """(t - m)^T C^-1 (x - m) / (t - m)^T C^-1 (t - m): 1 for the target itself, 0 for the mean.

    Attributes:
        loading: share of the mean variance put on the diagonal of the covariance.
        cleaned: share of the pixels, those most like the target, that background statistics leave out.
    """

    loading: float = 1e-3
    cleaned: float = 0.0

    def learn(self, view: View, seed: int) -> tuple[Learned, list[str]]:
        return learn_whitening(view, loading=self.loading, cleaned=self.cleaned)

    def pixel_scores(self, learned: Learned, spectra: Array) -> NDArray[Any]:
        return filtered(learned, spectra)


METHOD = MatchedFilter()
