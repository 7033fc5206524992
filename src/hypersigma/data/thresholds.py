"""A threshold between two kinds of scores that nobody has labelled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_LEVELS = 512
_FEWEST, _MOST = 0.3, 0.9995  # shares of the scores between which the lower kind may end
_LEAST_VARIANCE = 1e-9


def otsu(scores: NDArray[Any]) -> float:
    """The threshold that parts scores into two groups of the greatest variance between them (Otsu, 1979).

    Of scores that are all equal it is their value, of none infinity.

    Args:
        scores: of any shape; numbers that are not finite are left out.
    """
    counted = _counted(scores)
    if counted is None:
        return _constant(scores)
    share, (below, _), (above, _), edges = counted
    between = share * (1 - share) * (above - below) ** 2
    return float(edges[int(np.argmax(between))])


def least_error(scores: NDArray[Any]) -> float:
    """The threshold of the least error between two groups taken for Gaussian (Kittler, Illingworth, 1986).

    Minimised is w1 log(s1 / w1) + w2 log(s2 / w2) of shares w and deviations s. The groups may differ much in size and
    spread, where `otsu` cuts the larger one in two. Of scores that are all equal it is their value, of none infinity.

    Args:
        scores: of any shape; numbers that are not finite are left out.
    """
    counted = _counted(scores)
    if counted is None:
        return _constant(scores)
    share, (_, low), (_, high), edges = counted
    with np.errstate(divide="ignore", invalid="ignore"):
        error = share * np.log(np.sqrt(low) / share) + (1 - share) * np.log(np.sqrt(high) / (1 - share))
    error[(share < _FEWEST) | (share > _MOST) | ~np.isfinite(error)] = np.inf
    return float(edges[int(np.argmin(error))]) if np.isfinite(error).any() else otsu(scores)


Floats = NDArray[np.float64]


def _counted(
    scores: NDArray[Any],
) -> tuple[Floats, tuple[Floats, Floats], tuple[Floats, Floats], Floats] | None:
    """Share, (mean, variance) below and above, and upper edge of each level that scores may be cut at."""
    known = scores[np.isfinite(scores)].astype(np.float64)
    if not len(known) or known.min() == known.max():
        return None
    counts, edges = np.histogram(known, _LEVELS)
    centres = (edges[1:] + edges[:-1]) / 2
    sums = np.stack([np.cumsum(counts * centres**power) for power in (0, 1, 2)])
    rest = sums[:, -1:] - sums
    sides = [_mean_and_variance(part) for part in (sums, rest)]
    cut = slice(0, _LEVELS - 1)
    below, above = ((mean[cut], variance[cut]) for mean, variance in sides)
    return sums[0, cut] / len(known), below, above, edges[1:-1]


def _constant(scores: NDArray[Any]) -> float:
    known = scores[np.isfinite(scores)]
    return float(known[0]) if len(known) else float("inf")


def _mean_and_variance(sums: Floats) -> tuple[Floats, Floats]:
    """Means and variances of groups by their counts, sums and sums of squares, (3, groups); NaN of empty ones."""
    with np.errstate(divide="ignore", invalid="ignore"):
        mean, square = sums[1] / sums[0], sums[2] / sums[0]
    return mean, np.maximum(square - mean**2, _LEAST_VARIANCE)
