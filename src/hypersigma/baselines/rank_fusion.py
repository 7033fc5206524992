"""Rank fusion: a power mean of the ranks of a pixel in the scores of detectors that err apart."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma import registry
from hypersigma.baselines._detector import Array, Detector, Learned, View
from hypersigma.baselines._ranks import learn_ranks, ranks_in

TASK = "anomaly_detection"

# names of detectors, and what differs from their usual settings
_PARTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("area_filter", {"num_components": 3}),
    ("area_filter", {"num_components": 5}),
    ("local_rx", {"inner": 11, "outer": 21}),
    ("local_rx", {"inner": 17, "outer": 31, "smoothing": 0.7}),
    ("component_residual", {"num_components": 10}),
)

_EXPONENT = 8  # of the mean; a pixel that is high in one detector is not pulled down by the others


@dataclass(frozen=True, kw_only=True)
class RankFusion(Detector):
    """Power mean over detectors, (mean of r^8)^(1/8), of the share r of the scene that scores lower.

    Two area filters see shapes, two local RX see pixels that differ from their ring, and the residual sees spectra
    that the scene is not made of. The choice was made on the development half of the benchmark scenes.
    """

    @property
    def margin(self) -> int:
        return max(part.margin for part in parts())

    def learn(self, view: View, seed: int) -> tuple[Learned, list[str]]:
        learned, notes, _ = self.learn_scored(view, seed)
        return learned, notes

    def learn_scored(self, view: View, seed: int) -> tuple[Learned, list[str], list[NDArray[Any]]]:
        """What `learn` gives, and the scores (h, w) of the windows that it looked at, those of `view.sampled()`."""
        learned, notes, ranks = learn_ranks(parts(), view, seed)
        return learned, notes, [_fused(of_window) for of_window in ranks]

    def score(self, learned: Learned, padded: Array) -> NDArray[Any]:
        return _fused(ranks_in(parts(), learned, padded, self.margin))


@cache
def parts() -> tuple[Detector, ...]:
    """The detectors whose ranks are fused."""
    return tuple(replace(registry.load("hypersigma.baselines", name).METHOD, **given) for name, given in _PARTS)


def _fused(ranks: NDArray[Any]) -> NDArray[Any]:
    """Power mean (h, w) of ranks (parts, h, w)."""
    fused: NDArray[Any] = np.mean(ranks**_EXPONENT, axis=0) ** (1 / _EXPONENT)
    return fused


METHOD = RankFusion()
