"""A map from class probabilities: the likeliest class of each pixel, and how sure a method is of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.georef import Georef
from hypersigma.products import Layer, Legend


def class_arrays(probabilities: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
    """The arrays of a map from class probabilities (K, h, w), NaN = no data.

    Returns:
        "map" (h, w), 1..K, the first of equally likely classes, 0 = no data, uint8 as a rule; and "confidence"
        (h, w), the probability of that class, NaN = no data.
    """
    known = np.isfinite(probabilities).all(axis=0)
    likeliest = np.where(known, np.argmax(probabilities, axis=0) + 1, 0)
    confidence = np.where(known, probabilities.max(axis=0), np.float32(np.nan))
    return {"map": likeliest.astype(np.min_scalar_type(len(probabilities))), "confidence": confidence}


def class_layers(
    arrays: Mapping[str, NDArray[Any]], georef: Georef | None, legend: Legend, confidence: str
) -> tuple[Layer, ...]:
    """The arrays of a map as layers; `confidence` says in a sentence what probability the method gives."""
    return (
        Layer(
            name="map",
            array=arrays["map"],
            kind="classes",
            georef=georef,
            legend=legend,
            description="The likeliest class of each pixel.",
        ),
        Layer(
            name="confidence",
            array=arrays["confidence"],
            kind="score",
            georef=georef,
            units="probability",
            description=confidence,
        ),
    )
