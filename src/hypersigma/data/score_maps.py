"""The maps of a detection: a score for every pixel, and where it passes a threshold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.georef import Georef
from hypersigma.products import Layer, Legend

MASK = "mask"
_SCORES = {"anomaly_detection": "anomaly", "target_detection": "target"}  # name of the score layer of a task
_BACKGROUND, _FOUND = (200, 200, 200), (220, 40, 40)


def score_name(task: str) -> str:
    """What the score layer of a task is called, and what a detection of it is."""
    return _SCORES[task]


def score_arrays(quantities: NDArray[np.float32], threshold: float, task: str) -> dict[str, NDArray[Any]]:
    """The arrays of a detection from scores (1, h, w), NaN = no data.

    Returns:
        the score (h, w) by the task's name for it, and "mask" (h, w) uint8: 1 background, 2 detection, 0 no data.
    """
    score = quantities[0]
    mask = np.where(score > threshold, 2, 1).astype(np.uint8)
    mask[~np.isfinite(score)] = 0
    return {score_name(task): score, MASK: mask}


def score_layers(
    arrays: Mapping[str, NDArray[Any]], georef: Georef | None, task: str, false_alarm_rate: float
) -> tuple[Layer, ...]:
    """The arrays of a detection as layers."""
    name = score_name(task)
    legend = Legend(("background", name), (_BACKGROUND, _FOUND))
    return (
        Layer(
            name=name,
            array=arrays[name],
            kind="score",
            georef=georef,
            units="score",
            description=f"How much a pixel looks like {'an' if name[0] in 'aeiou' else 'a'} {name}; higher is more so.",
        ),
        Layer(
            name=MASK,
            array=arrays[MASK],
            kind="classes",
            georef=georef,
            legend=legend,
            description=(
                f"Pixels whose score passes the threshold for {false_alarm_rate:g} false alarms a background pixel, "
                "estimated from the scores without any truth."
            ),
        ),
    )
