"""Ranks of scores among those of a scene: what makes scores of different detectors alike."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.baselines._detector import Array

_TABLE = 1 << 16  # scores that ranks are looked up in


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
