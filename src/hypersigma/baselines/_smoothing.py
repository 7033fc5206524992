"""Scores smoothed by a Gaussian that ends, so that windows cut with its radius around them give the same."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from hypersigma.data.filters import gaussian

_TRUNCATED = 4.0  # deviations at which the Gaussian ends


def smoothing_radius(deviation: float) -> int:
    """Pixels around one that its smoothed score depends on."""
    return int(_TRUNCATED * deviation + 0.5)


def smoothed(scores: NDArray[Any], deviation: float) -> NDArray[Any]:
    """Smoothed scores (h, w) of scores (h + 2 radius, w + 2 radius), over known ones alone; NaN stays."""
    radius = smoothing_radius(deviation)
    if not radius:
        return scores
    smooth: NDArray[Any] = gaussian(scores[None], deviation)[0][radius:-radius, radius:-radius]
    return smooth
