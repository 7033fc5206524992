"""The maps of an unmixing: how much of each material is in a pixel, and what that leaves of its spectrum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.georef import Georef
from hypersigma.products import Layer

ABUNDANCES, RESIDUAL = "abundances", "residual"
SHADE = "shade"  # what the band is called that has no spectrum


def unmixing_arrays(quantities: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
    """The arrays of an unmixing from abundances and residual (K + 1, h, w), NaN = no data."""
    return {ABUNDANCES: quantities[:-1], RESIDUAL: quantities[-1]}


def unmixing_layers(
    arrays: Mapping[str, NDArray[Any]], georef: Georef | None, names: Sequence[str], *, how: str, units: str = ""
) -> tuple[Layer, ...]:
    """The arrays of an unmixing as layers.

    Args:
        arrays: of a whole scene.
        georef: where it lies.
        names: of the materials.
        how: what holds for the abundances, to end a sentence with.
        units: of the residual.
    """
    return (
        Layer(
            name=ABUNDANCES,
            array=arrays[ABUNDANCES],
            kind="abundances",
            georef=georef,
            units="share",
            band_names=tuple(names),
            description=f"Share of each material, {how}.",
        ),
        Layer(
            name=RESIDUAL,
            array=arrays[RESIDUAL],
            kind="score",
            georef=georef,
            units=units,
            description="What the materials leave of a pixel's spectrum: root mean squared error over the bands.",
        ),
    )
