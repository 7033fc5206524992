"""Plots of ground: strips of parcels with their borders, and irregular patches."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.simulate.random_fields import Field, random_fields

Ids = NDArray[np.intp]


class Plots(NamedTuple):
    """A partition of the ground.

    Attributes:
        ids: (rows, cols) 0, 1, ..., the plot of each pixel.
        inset: (rows, cols) distance in pixels to the nearest border of the pixel's plot.
        strip: (rows, cols) distance in pixels to the nearest long border, between two strips.
        along: (rows, cols) coordinate in pixels across the strips, along which furrows alternate.
    """

    ids: Ids
    inset: Field
    strip: Field
    along: Field


def strips(generator: np.random.Generator, shape: tuple[int, int], size: float) -> Plots:
    """Plots side by side in strips at a random angle, as fields and lots lie."""
    angle = generator.uniform(0.0, np.pi)
    row, col = np.indices(shape, dtype=np.float32)
    across = (np.cos(angle) * row + np.sin(angle) * col).astype(np.float32)
    along = (np.cos(angle) * col - np.sin(angle) * row).astype(np.float32)
    strip, to_strip = _cut(generator, across, size)
    ids = np.zeros(shape, dtype=np.intp)
    to_end = np.zeros(shape, dtype=np.float32)
    # plots of one strip begin anywhere beside those of the next, and may be longer
    num_plots = 0
    for number in np.unique(strip):
        inside = strip == number
        part, to_end[inside] = _cut(generator, along[inside], size * generator.uniform(1.0, 2.5))
        ids[inside] = num_plots + part
        num_plots += int(part.max()) + 1
    return Plots(ids, np.minimum(to_strip, to_end), to_strip, across)


def _cut(generator: np.random.Generator, places: Field, size: float) -> tuple[Ids, Field]:
    """Places on a line cut into pieces about `size` long: the piece of each, and the distance to its nearer end."""
    first, last = float(places.min()) - 1.0, float(places.max()) + 1.0
    # one more for the start before the first place, and one for rounding
    lengths = size * generator.uniform(0.6, 1.6, size=int((last - first) / (0.6 * size)) + 4)
    cuts = first - size * generator.uniform() + np.concatenate([[0.0], np.cumsum(lengths)])
    piece = np.searchsorted(cuts, places) - 1
    distance = np.minimum(places - cuts[piece], cuts[piece + 1] - places).astype(np.float32)
    return piece - piece.min(), distance


def mosaic(generator: np.random.Generator, shape: tuple[int, int], size: float) -> Ids:
    """Irregular patches: what lies nearest to scattered points, borders made crooked by a random field."""
    from scipy.spatial import cKDTree

    rows, cols = shape
    margin = 2.0 * size
    count = max(3, round((rows + 2 * margin) * (cols + 2 * margin) / size**2))
    points = generator.uniform(-margin, (rows + margin, cols + margin), size=(count, 2))
    bend = 0.25 * size * random_fields(generator, 2, shape, 3.0, size)
    places = np.indices(shape).reshape(2, -1) + bend.reshape(2, -1)
    # patches of one scene are drawn out in one direction, as wind and water draw them
    stretch = np.array([1.0, generator.uniform(1.0, 2.5)])
    _, nearest = cKDTree(points * stretch).query(places.T * stretch)
    ids: Ids = np.unique(nearest, return_inverse=True)[1].reshape(shape)
    return ids
