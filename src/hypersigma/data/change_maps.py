"""The maps of a change detection: how likely a pixel is to have changed, and where it did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.pair import CHANGED, LEGEND, UNCHANGED
from hypersigma.georef import Georef
from hypersigma.products import Layer

CHANGE, MAP = "change", "map"


def change_arrays(quantities: NDArray[np.float32], threshold: float) -> dict[str, NDArray[Any]]:
    """The arrays of a change detection from scores or probabilities (1, h, w), NaN = no data.

    Returns:
        "change" (h, w), the score; and "map" (h, w) uint8: 1 unchanged, 2 changed, 0 no data.
    """
    score = quantities[0]
    mapped = np.where(score > threshold, CHANGED, UNCHANGED).astype(np.uint8)
    mapped[~np.isfinite(score)] = 0
    return {CHANGE: score, MAP: mapped}


def change_layers(arrays: Mapping[str, NDArray[Any]], georef: Georef | None, *, probability: bool) -> tuple[Layer, ...]:
    """The arrays of a change detection as layers; `probability` says what the score is."""
    how = "labelled pixels taught" if probability else "the scores part in two groups"
    return (
        Layer(
            name=CHANGE,
            array=arrays[CHANGE],
            kind="score",
            georef=georef,
            units="probability" if probability else "score",
            description=(
                "Probability that a pixel changed." if probability else "How much a pixel differs; higher is more so."
            ),
        ),
        Layer(
            name=MAP,
            array=arrays[MAP],
            kind="classes",
            georef=georef,
            legend=LEGEND,
            description=f"Where the two dates differ, as {how}.",
        ),
    )
