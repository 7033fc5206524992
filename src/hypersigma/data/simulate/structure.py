"""How materials lie on the ground of a scene: abundances, parcels, and what throws shade."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hypersigma.data.simulate.borrowed import borrowed_memberships
from hypersigma.data.simulate.plots import Ids, Plots, mosaic, strips
from hypersigma.data.simulate.random_fields import Field, drawn, drawn_size, random_fields
from hypersigma.data.simulate.settings import StructureConfig

_HOUSE_SHADE = 1.0  # pixels that a house's shade reaches along rows and columns
_NUM_ROOFS = 3


class Layout(NamedTuple):
    """The ground of a scene.

    Attributes:
        abundances: (materials, rows, cols) at least 0, with sum 1 in each pixel.
        segments: (rows, cols) 0, 1, ..., pixels that belong together.
        texture: (rows, cols) of mean 0 and variance 1 about, brightness inside segments.
        shade: (rows, cols) 0 to 1, shade that houses throw.
    """

    abundances: Field
    segments: Ids
    texture: Field
    shade: Field


def lay_out(
    generator: np.random.Generator,
    config: StructureConfig,
    num_materials: int,
    shape: tuple[int, int],
    images: Sequence[Field],
    pixel: float,
) -> Layout:
    """A ground of one of the kinds.

    Args:
        generator: of the scene.
        config: kinds, sizes, roads and waters.
        num_materials: on the ground; few scenes show all of them alike.
        shape: rows and columns drawn.
        images: (channels, rows, cols) each, from which the kind "borrowed" takes its shapes.
        pixel: how many of the rows drawn make one pixel of the scene, in which sizes are counted.
    """
    kind = config.kinds[int(generator.integers(len(config.kinds)))]
    size = pixel * drawn_size(generator, config.size)
    texture, other = random_fields(generator, 2, shape, 2.0, 2.0 * size)
    shade = np.zeros(shape, dtype=np.float32)
    if kind == "random_fields":
        abundances, segments = _soft(generator, config, num_materials, shape, size)
    elif kind == "borrowed":
        image = images[int(generator.integers(len(images)))]
        abundances, texture = borrowed_memberships(generator, image, num_materials, shape)
        segments = abundances.argmax(axis=0)
    elif kind == "mosaic":
        segments = mosaic(generator, shape, size)
        abundances = _planted(generator, config, num_materials, segments, other)
    else:
        plots = strips(generator, shape, size if kind == "parcels" else max(size / 2, 3.0 * pixel))
        segments = plots.ids
        abundances = _planted(generator, config, num_materials, segments, other + _furrows(generator, plots, pixel))
        if kind == "town":
            shade = _built(generator, abundances, plots, pixel)
        else:
            _cover(generator, abundances, plots.strip < drawn(generator, (0.0, 0.8)) * pixel)
    _cross(generator, config, abundances, size, pixel)
    return Layout(abundances, segments, texture, shade)


def _soft(
    generator: np.random.Generator, config: StructureConfig, num_materials: int, shape: tuple[int, int], size: float
) -> tuple[Field, Ids]:
    """Abundances as shares of competing random fields: the sharper the contest, the purer the pixels."""
    fields = random_fields(generator, num_materials, shape, drawn(generator, config.exponent), size)
    scores = drawn_size(generator, (1.0, 8.0)) * fields + generator.standard_normal((num_materials, 1, 1), np.float32)
    return _shares(scores), scores.argmax(axis=0)


def _shares(scores: Field) -> Field:
    powers = np.exp(scores - scores.max(axis=0))
    shares: Field = powers / powers.sum(axis=0)
    return shares


def _planted(
    generator: np.random.Generator, config: StructureConfig, num_materials: int, segments: Ids, gaps: Field
) -> Field:
    """Abundances of segments that have a main material each, and another that shows in its gaps."""
    count = int(segments.max()) + 1
    # some materials are common and others rare, as crops of a region are
    weights = generator.dirichlet(np.full(num_materials, 0.8)) * 0.9 + 0.1 / num_materials
    main = generator.choice(num_materials, size=count, p=weights)
    under = (main + generator.integers(1, num_materials, size=count)) % num_materials
    purity = generator.uniform(*config.purity, size=count).astype(np.float32)
    depth = (generator.uniform(0.0, 0.15, size=count)).astype(np.float32)
    share = np.clip(purity[segments] - depth[segments] * np.maximum(gaps, 0.0), 0.0, 1.0)
    abundances = np.zeros((num_materials, *segments.shape), dtype=np.float32)
    np.put_along_axis(abundances, main[segments][None], share[None], axis=0)
    np.put_along_axis(abundances, under[segments][None], 1.0 - share[None], axis=0)
    return abundances


def _furrows(generator: np.random.Generator, plots: Plots, pixel: float) -> Field:
    """Rows of plants (rows, cols), of another width in each plot; many plots have none."""
    count = int(plots.ids.max()) + 1
    height = np.where(generator.random(count) < 0.5, generator.uniform(0.5, 2.0, size=count), 0.0).astype(np.float32)
    pitch = (2 * np.pi / (pixel * generator.uniform(2.0, 6.0, size=count))).astype(np.float32)
    furrows: Field = height[plots.ids] * np.sin(pitch[plots.ids] * plots.along)
    return furrows


def _built(generator: np.random.Generator, abundances: Field, plots: Plots, pixel: float) -> Field:
    """Put streets between strips and houses on most lots; returns the shade of the houses (rows, cols)."""
    num_materials = len(abundances)
    count = int(plots.ids.max()) + 1
    _cover(generator, abundances, plots.strip < drawn(generator, (0.3, 1.0)) * pixel)
    margin = (pixel * generator.uniform(0.8, 2.0, size=count)).astype(np.float32)
    margin[generator.random(count) < drawn(generator, (0.05, 0.6))] = np.inf
    houses = plots.inset > margin[plots.ids]
    # a town has few kinds of roof
    roofs = generator.choice(generator.permutation(num_materials)[:_NUM_ROOFS], size=count)
    for roof in np.unique(roofs):
        _put(abundances, int(roof), houses & (roofs == roof)[plots.ids])
    down, right = generator.choice([-1, 1], size=2) * round(_HOUSE_SHADE * pixel)
    shaded = np.roll(houses, (int(down), int(right)), axis=(0, 1)) & ~houses
    return shaded.astype(np.float32)


def _cross(
    generator: np.random.Generator, config: StructureConfig, abundances: Field, size: float, pixel: float
) -> None:
    """Let winding roads and waters cross a ground: the places where a random field is near a value."""
    shape = abundances.shape[1], abundances.shape[2]
    for chance, widths in ((config.water, (1.0, 5.0)), (config.roads, (0.5, 1.2))):
        if generator.random() >= chance:
            continue
        (field,) = random_fields(generator, 1, shape, 5.0, 4.0 * size)
        slope = np.hypot(*np.gradient(field))
        # value over slope is the distance in pixels to the line where the field is zero
        distance = np.abs(field) / np.maximum(slope, 1e-3)
        mask = distance < drawn(generator, widths) * pixel
        if widths[1] > 2.0 and generator.random() < 0.4:
            mask = field > drawn(generator, (0.8, 1.8))
        _cover(generator, abundances, mask)


def _cover(generator: np.random.Generator, abundances: Field, mask: np.ndarray) -> None:
    """Put one material on all pixels of a mask."""
    _put(abundances, int(generator.integers(len(abundances))), mask)


def _put(abundances: Field, material: int, mask: np.ndarray) -> None:
    abundances[:, mask] = 0.0
    abundances[material, mask] = 1.0
