"""A threshold between two kinds of scores that nobody has labelled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_LEVELS = 512
_CENTRAL, _BINS, _RUN = (0.001, 0.995), 200, 9  # shares of the scores that the mode is looked for in, and how


def otsu(scores: NDArray[Any]) -> float:
    """The threshold that parts scores into two groups of the greatest variance between them (Otsu, 1979).

    Of scores that are all equal it is their value, of none infinity.

    Args:
        scores: of any shape; numbers that are not finite are left out.
    """
    known = scores[np.isfinite(scores)].astype(np.float64)
    if not len(known) or known.min() == known.max():
        return _constant(scores)
    counts, edges = np.histogram(known, _LEVELS)
    share = np.cumsum(counts)[:-1] / len(known)
    below = np.cumsum(counts * (edges[1:] + edges[:-1]) / 2)
    lower, upper = below[:-1] / (share * len(known)), (below[-1] - below[:-1]) / ((1 - share) * len(known))
    return float(edges[1:-1][int(np.argmax(share * (1 - share) * (upper - lower) ** 2))])


def above_mode(scores: NDArray[Any], deviations: float) -> float:
    """The mode of the scores plus so many times the deviation on its left, where nothing but the lower kind lies.

    The lower kind may be nearly all or little more than half of the scores; no higher kind of whatever shape moves the
    threshold, as it would that of `otsu`. Of scores that are all equal it is their value, of none infinity.

    Args:
        scores: of any shape; numbers that are not finite are left out.
        deviations: root mean squares of the distances of lower scores from the mode.
    """
    known = scores[np.isfinite(scores)].astype(np.float64)
    if not len(known) or known.min() == known.max():
        return _constant(scores)
    low, high = (float(bound) for bound in np.quantile(known, _CENTRAL))
    if low == high:
        # nearly all of one number: what is not, is of the higher kind
        return low
    counts, edges = np.histogram(known, _BINS, range=(low, high))
    # a running mean: single levels are noise
    smooth = np.convolve(counts, np.ones(_RUN) / _RUN, "same")
    best = int(np.argmax(smooth))
    mode = float(edges[best] + edges[best + 1]) / 2
    left = known[known < mode]
    spread = float(np.sqrt(np.mean((left - mode) ** 2))) if len(left) else 0.0
    return mode + deviations * spread


def _constant(scores: NDArray[Any]) -> float:
    known = scores[np.isfinite(scores)]
    return float(known[0]) if len(known) else float("inf")
