"""Ranks of scores among those of a scene: what makes scores of different detectors alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.baselines._detector import Array, Detector, Learned, View, below

_TABLE = 1 << 16  # scores that ranks are looked up in
_LAST_DIGITS = np.float32(4 * np.finfo(np.float32).eps)


def score_table(scores: NDArray[Any]) -> Array:
    """Scores in ascending order, thinned evenly where they are many; NaN left out."""
    known = np.sort(scores[np.isfinite(scores)])
    if len(known) > _TABLE:
        known = known[np.round(np.linspace(0, len(known) - 1, _TABLE)).astype(np.intp)]
    return known.astype(np.float32)


def ranked(table: Array, scores: NDArray[Any]) -> NDArray[Any]:
    """Share of a table that is lower than each score, equal ones counted half; NaN stays.

    Scores that differ in their last digits alone are equal: these hang on the processor and on how a scene is cut.
    """
    single = np.where(np.isfinite(scores), scores, np.nan).astype(np.float32)
    digits = _LAST_DIGITS * np.abs(single)
    lower = np.searchsorted(table, single - digits, side="left") + np.searchsorted(table, single + digits, side="right")
    return np.where(np.isfinite(single), lower / (2 * max(len(table), 1)), np.nan)


def learn_ranks(parts: Sequence[Detector], view: View, seed: int) -> tuple[Learned, list[str], list[NDArray[Any]]]:
    """What detectors learn of a scene, by their number in front, without those that it has too few bands for.

    Returns:
        arrays by name, what a person should know, and the ranks (parts, h, w) of the windows of `view.sampled()`.
    """
    learned: Learned = {}
    notes: list[str] = []
    windows, ranks = view.sampled(), []
    for index, part in enumerate(parts):
        if part.least_bands > len(view.bands.indices):
            continue
        found, told = part.learn(view, seed)
        scores = [part.score(found, view.padded(window, part.margin)) for window in windows]
        table = score_table(np.concatenate([array.ravel() for array in scores]))
        learned |= {f"{index}.{name}": array for name, array in found.items()} | {f"{index}.table": table}
        ranks.append([ranked(table, array) for array in scores])
        notes += [note for note in told if note not in notes]
    return learned, notes, [np.stack(of_window) for of_window in zip(*ranks, strict=True)]


def ranks_in(parts: Sequence[Detector], learned: Learned, padded: Array, margin: int) -> NDArray[Any]:
    """The ranks (parts, h, w) of a window with a margin (bands, h + 2 margin, w + 2 margin) in what was learned."""
    ranks = []
    for index, part in enumerate(parts):
        found = below(str(index), learned)
        if found:
            ranks.append(ranked(found["table"], part.score(found, without_rim(padded, margin - part.margin))))
    return np.stack(ranks)


def without_rim(padded: Array, rim: int) -> Array:
    """An array (..., h + 2 rim, w + 2 rim) without its rim."""
    inner = slice(rim, -rim or None)
    return padded[..., inner, inner]
