"""Rank fusion: the mean rank of a pixel in the scores of detectors that err apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from hypersigma.baselines._detector import Array, Detector, Learned, View, below
from hypersigma.baselines.area_filter import AreaFilter
from hypersigma.baselines.component_residual import ComponentResidual
from hypersigma.baselines.local_rx import LocalRX

TASK = "anomaly_detection"

_TABLE = 1 << 16  # scores that ranks are looked up in


@dataclass(frozen=True, kw_only=True)
class RankFusion(Detector):
    """Mean over detectors of the share of the scene that scores lower.

    Two area filters see shapes, two local RX see pixels that differ from their ring, and the residual sees spectra
    that the scene is not made of. The choice was made on the development half of the benchmark scenes.
    """

    PARTS: ClassVar[tuple[Detector, ...]] = (
        AreaFilter(num_components=3),
        AreaFilter(num_components=5),
        LocalRX(inner=11, outer=21),
        LocalRX(inner=17, outer=31, smoothing=0.7),
        ComponentResidual(num_components=10),
    )

    @property
    def margin(self) -> int:
        return max(part.margin for part in self.PARTS)

    def learn(self, view: View, seed: int) -> tuple[Learned, list[str]]:
        learned: Learned = {}
        notes: list[str] = []
        for index, part in enumerate(self._fitting(view)):
            found, told = part.learn(view, seed)
            scores = [part.score(found, view.padded(window, part.margin)).ravel() for window in view.sampled()]
            learned |= {f"{index}.{name}": array for name, array in found.items()}
            learned[f"{index}.table"] = score_table(np.concatenate(scores))
            notes += [note for note in told if note not in notes]
        return learned, notes

    def score(self, learned: Learned, padded: Array) -> NDArray[Any]:
        ranks = []
        for index, part in enumerate(self.PARTS):
            found = below(str(index), learned)
            if found:
                rim = self.margin - part.margin
                inner = slice(rim, -rim or None)
                ranks.append(ranked(found["table"], part.score(found, padded[:, inner, inner])))
        result: NDArray[Any] = np.mean(ranks, axis=0)
        return result

    def _fitting(self, view: View) -> list[Detector]:
        """The parts that a scene has enough bands for."""
        num_bands = len(view.bands.indices)
        return [
            part for part in self.PARTS if not isinstance(part, ComponentResidual) or part.num_components < num_bands
        ]


def score_table(scores: NDArray[Any]) -> Array:
    """Scores in ascending order, thinned evenly where they are many; NaN left out."""
    known = np.sort(scores[np.isfinite(scores)])
    if len(known) > _TABLE:
        known = known[np.round(np.linspace(0, len(known) - 1, _TABLE)).astype(np.intp)]
    return known.astype(np.float32)


def ranked(table: Array, scores: NDArray[Any]) -> NDArray[Any]:
    """Share of a table that is lower than each score, equal ones counted half; NaN stays."""
    single = np.asarray(scores, dtype=np.float32)
    below = np.searchsorted(table, single, side="left") + np.searchsorted(table, single, side="right")
    return np.where(np.isfinite(single), below / (2 * max(len(table), 1)), np.nan)


METHOD = RankFusion()
