"""Rank fusion: the mean rank of a pixel in the scores of detectors that err apart."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma import registry
from hypersigma.baselines._detector import Array, Detector, Learned, View, below
from hypersigma.baselines._ranks import ranked, score_table

TASK = "anomaly_detection"

# names of detectors, and what differs from their usual settings
_PARTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("area_filter", {"num_components": 3}),
    ("area_filter", {"num_components": 5}),
    ("local_rx", {"inner": 11, "outer": 21}),
    ("local_rx", {"inner": 17, "outer": 31, "smoothing": 0.7}),
    ("component_residual", {"num_components": 10}),
)


@dataclass(frozen=True, kw_only=True)
class RankFusion(Detector):
    """Mean over detectors of the share of the scene that scores lower.

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
        learned: Learned = {}
        notes: list[str] = []
        windows, ranks = view.sampled(), []
        for index, part in self._fitting(view):
            found, told = part.learn(view, seed)
            scores = [part.score(found, view.padded(window, part.margin)) for window in windows]
            table = score_table(np.concatenate([array.ravel() for array in scores]))
            learned |= {f"{index}.{name}": array for name, array in found.items()} | {f"{index}.table": table}
            ranks.append([ranked(table, array) for array in scores])
            notes += [note for note in told if note not in notes]
        return learned, notes, [np.mean(parts_of_window, axis=0) for parts_of_window in zip(*ranks, strict=True)]

    def score(self, learned: Learned, padded: Array) -> NDArray[Any]:
        ranks = []
        for index, part in enumerate(parts()):
            found = below(str(index), learned)
            if found:
                rim = self.margin - part.margin
                inner = slice(rim, -rim or None)
                ranks.append(ranked(found["table"], part.score(found, padded[:, inner, inner])))
        result: NDArray[Any] = np.mean(ranks, axis=0)
        return result

    def _fitting(self, view: View) -> list[tuple[int, Detector]]:
        """The parts that a scene has enough bands for."""
        num_bands = len(view.bands.indices)
        return [(index, part) for index, part in enumerate(parts()) if part.least_bands <= num_bands]


@cache
def parts() -> tuple[Detector, ...]:
    """The detectors whose ranks are averaged."""
    return tuple(replace(registry.load("hypersigma.baselines", name).METHOD, **given) for name, given in _PARTS)


METHOD = RankFusion()
