"""A threshold between two kinds of scores that nobody has labelled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_LEVELS = 512


def otsu(scores: NDArray[Any]) -> float:
    """The threshold that parts scores into two groups of the greatest variance between them (Otsu, 1979).

    Of scores that are all equal it is their value.

    Args:
        scores: of any shape; numbers that are not finite are left out.
    """
    known = scores[np.isfinite(scores)]
    if not len(known):
        return float("inf")
    counts, edges = np.histogram(known, _LEVELS)
    centres = (edges[1:] + edges[:-1]) / 2
    share = np.cumsum(counts) / len(known)
    below = np.cumsum(counts * centres) / len(known)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (below[-1] * share - below) ** 2 / (share * (1 - share))
    best = int(np.nanargmax(np.where(np.isfinite(between), between, -1.0)))
    return float(edges[best + 1])
