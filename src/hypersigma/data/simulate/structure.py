"""How materials lie on the ground of a scene: abundances, parcels, and what throws shade."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hypersigma.data.simulate.borrowed import borrowed_memberships
from hypersigma.data.simulate.overlays import build, cover, cross
from hypersigma.data.simulate.plots import Ids, Plots, mosaic, strips
from hypersigma.data.simulate.random_fields import Field, drawn, drawn_size, random_fields
from hypersigma.data.simulate.settings import StructureConfig

_LOT = (3.0, 8.0)  # pixels; least and greatest width of a lot in a town


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


class Ground(NamedTuple):
    """What every part of a ground is drawn with.

    Attributes:
        generator: of the scene.
        config: kinds, sizes, roads and waters.
        num_materials: on the ground; few scenes show all of them alike.
        shape: rows and columns drawn.
        pixel: how many of the rows drawn make one pixel of the scene, in which sizes are counted.
        images: (channels, rows, cols) each, from which the kind "borrowed" takes its shapes.
    """

    generator: np.random.Generator
    config: StructureConfig
    num_materials: int
    shape: tuple[int, int]
    pixel: float
    images: Sequence[Field]


def lay_out(ground: Ground) -> Layout:
    """A ground of one kind or of two side by side, crossed by roads and waters."""
    generator, config, pixel = ground.generator, ground.config, ground.pixel
    size = pixel * drawn_size(generator, config.size)
    layout = _kind(ground, size)
    if generator.random() < config.beside:
        (field,) = random_fields(generator, 1, ground.shape, 3.5, max(ground.shape))
        layout = _beside(layout, _kind(ground, pixel * drawn_size(generator, config.size)), field > 0)
    cross(generator, config, layout.abundances, size, pixel)
    return layout


def _kind(ground: Ground, size: float) -> Layout:
    """A ground of one of the kinds, its patches about `size` rows wide."""
    generator, config, pixel = ground.generator, ground.config, ground.pixel
    kind = config.kinds[int(generator.integers(len(config.kinds)))]
    texture, other = random_fields(generator, 2, ground.shape, 2.0, 2.0 * size)
    shade = np.zeros(ground.shape, dtype=np.float32)
    if kind == "random_fields":
        abundances, segments = _soft(ground, 2.0 * size)
    elif kind == "borrowed":
        image = ground.images[int(generator.integers(len(ground.images)))]
        abundances, texture = borrowed_memberships(generator, image, ground.num_materials, ground.shape)
        segments = abundances.argmax(axis=0)
    elif kind == "mosaic":
        segments = mosaic(generator, ground.shape, size)
        abundances = _planted(ground, segments, other)
    else:
        lot = float(np.clip(size / 3, *np.multiply(_LOT, pixel)))
        plots = strips(generator, ground.shape, lot if kind == "town" else size)
        segments = plots.ids
        abundances = _planted(ground, segments, other + _furrows(generator, plots, pixel))
        if kind == "town":
            shade = build(generator, abundances, plots, pixel)
        else:
            cover(generator, abundances, plots.strip < drawn(generator, (0.0, 0.8)) * pixel)
    return Layout(abundances, segments, texture, shade)


def _beside(one: Layout, other: Layout, mask: np.ndarray) -> Layout:
    """One ground, and another where the mask is true."""
    segments = np.where(mask, one.segments.max() + 1 + other.segments, one.segments)
    # segments are counted anew, since many lie on neither side
    ids = np.unique(segments, return_inverse=True)[1].reshape(segments.shape)
    fields = (np.where(mask, b, a) for a, b in ((one[0], other[0]), (one[2], other[2]), (one[3], other[3])))
    abundances, texture, shade = fields
    return Layout(abundances, ids, texture, shade)


def _soft(ground: Ground, size: float) -> tuple[Field, Ids]:
    """Abundances as shares of competing random fields: the sharper the contest, the purer the pixels."""
    generator, count = ground.generator, ground.num_materials
    fields = random_fields(generator, count, ground.shape, drawn(generator, ground.config.exponent), size)
    scores = drawn_size(generator, (1.0, 8.0)) * fields + generator.standard_normal((count, 1, 1), np.float32)
    return _shares(scores), scores.argmax(axis=0)


def _shares(scores: Field) -> Field:
    powers = np.exp(scores - scores.max(axis=0))
    shares: Field = powers / powers.sum(axis=0)
    return shares


def _planted(ground: Ground, segments: Ids, gaps: Field) -> Field:
    """Abundances of segments that have a main material each, and another that shows in its gaps."""
    generator, num_materials = ground.generator, ground.num_materials
    count = int(segments.max()) + 1
    # some materials are common and others rare, as crops of a region are
    weights = generator.dirichlet(np.full(num_materials, 0.8)) * 0.9 + 0.1 / num_materials
    main = generator.choice(num_materials, size=count, p=weights)
    under = (main + generator.integers(1, num_materials, size=count)) % num_materials
    purity = generator.uniform(*ground.config.purity, size=count).astype(np.float32)
    depth = generator.uniform(0.0, 0.15, size=count).astype(np.float32)
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
