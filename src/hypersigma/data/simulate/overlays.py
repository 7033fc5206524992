"""What is laid over a ground, in place: houses and streets, winding roads, waters, and scattered trees."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.simulate.plots import Plots
from hypersigma.data.simulate.random_fields import Field, drawn, random_fields
from hypersigma.data.simulate.settings import StructureConfig

Mask = NDArray[np.bool_]

_HOUSE_SHADE = 1.0  # pixels that a house's shade reaches along rows and columns
_BEND = 30.0  # pixels; least width of what roads and rivers wind around
_NUM_ROOFS = 3  # a town has few kinds of roof


def build(generator: np.random.Generator, abundances: Field, plots: Plots, pixel: float) -> Field:
    """Put streets between strips and houses on most lots; returns the shade of the houses (rows, cols)."""
    count = int(plots.ids.max()) + 1
    margin = (pixel * generator.uniform(0.6, 1.6, size=count)).astype(np.float32)
    margin[generator.random(count) < drawn(generator, (0.05, 0.6))] = np.inf
    houses = plots.inset > margin[plots.ids]
    roofs = generator.choice(generator.permutation(len(abundances))[:_NUM_ROOFS], size=count)
    for roof in np.unique(roofs):
        _put(abundances, int(roof), houses & (roofs == roof)[plots.ids])
    cover(generator, abundances, plots.strip < drawn(generator, (0.3, 0.6)) * pixel)
    down, right = generator.choice([-1, 1], size=2) * round(_HOUSE_SHADE * pixel)
    shaded = np.roll(houses, (int(down), int(right)), axis=(0, 1)) & ~houses
    return shaded.astype(np.float32)


def cross(
    generator: np.random.Generator, config: StructureConfig, abundances: Field, size: float, pixel: float
) -> None:
    """Lay waters, winding roads and trees over a ground, each by its chance."""
    shape = abundances.shape[1], abundances.shape[2]
    bend = max(4.0 * size, _BEND * pixel)
    if generator.random() < config.water:
        (field,) = random_fields(generator, 1, shape, 5.0, bend)
        lake = generator.random() < 0.4
        mask = field > drawn(generator, (0.8, 1.8)) if lake else _line(field, drawn(generator, (1.0, 5.0)) * pixel)
        cover(generator, abundances, mask)
    if generator.random() < config.roads:
        (field,) = random_fields(generator, 1, shape, 5.0, bend)
        cover(generator, abundances, _line(field, drawn(generator, (0.5, 1.2)) * pixel))
    if generator.random() < config.trees:
        (field,) = random_fields(generator, 1, shape, 6.0, drawn(generator, (1.0, 2.5)) * pixel)
        cover(generator, abundances, field > drawn(generator, (1.5, 2.5)))


def _line(field: Field, half_width: float) -> Mask:
    """A winding line: pixels within so many rows of where a smooth field is zero."""
    slope = np.hypot(*np.gradient(field))
    # value over slope is the distance to the zero, as far as the field is straight
    near: Mask = np.abs(field) < half_width * np.maximum(slope, 1e-3)
    return near


def cover(generator: np.random.Generator, abundances: Field, mask: Mask) -> None:
    """Put one material on all pixels of a mask."""
    _put(abundances, int(generator.integers(len(abundances))), mask)


def _put(abundances: Field, material: int, mask: Mask) -> None:
    abundances[:, mask] = 0.0
    abundances[material, mask] = 1.0
