"""The maps of an unmixing: how much of each material is in a pixel, and what that leaves of its spectrum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.georef import Georef
from hypersigma.products import Layer

ABUNDANCES, RESIDUAL, ANGLE = "abundances", "residual", "angle"
SHADE = "shade"  # what the band is called that has no spectrum


def unmixing_arrays(quantities: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
    """The arrays of an unmixing from abundances, residual and angle (K + 2, h, w), NaN = no data."""
    return {ABUNDANCES: quantities[:-2], RESIDUAL: quantities[-2], ANGLE: quantities[-1]}


def left_over(residual: NDArray[Any], angle: NDArray[Any]) -> dict[str, float]:
    """What a reconstruction leaves of all pixels, by short name; without a pixel that has data none.

    - residual: root mean squared error over pixels and bands.
    - sam, sam_degrees: mean angle over the pixels that have one.
    """
    figures = {}
    left, turned = (values[np.isfinite(values)].astype(np.float64) for values in (residual, angle))
    if left.size:
        figures["residual"] = float(np.sqrt(np.square(left).mean()))
    if turned.size:
        figures |= {"sam": float(turned.mean()), "sam_degrees": float(np.rad2deg(turned.mean()))}
    return figures


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
        Layer(
            name=ANGLE,
            array=arrays[ANGLE],
            kind="score",
            georef=georef,
            units="radians",
            description="Angle between a pixel's spectrum and what the materials make of it.",
        ),
    )
