"""Matched filter: how much of the target lies in a pixel, by the filter that background disturbs least."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from hypersigma.baselines._background import filtered
from hypersigma.baselines._detector import Array, Learned
from hypersigma.baselines._target_filter import TargetFilter

TASK = "target_detection"


@dataclass(frozen=True, kw_only=True)
class MatchedFilter(TargetFilter):
    """(t - m)^T C^-1 (x - m) / (t - m)^T C^-1 (t - m): 1 for the target itself, 0 for the mean."""

    def pixel_scores(self, learned: Learned, spectra: Array) -> NDArray[Any]:
        return filtered(learned, spectra)


METHOD = MatchedFilter()
