"""What a regression on a sharp companion leaves of a scene, told anew on small pixels: kriging from areas to points.

What is left is taken for a random field over place and companion: slopes that vary from place to place, and a term
that is alike where the companion is alike and the place is near. The scene's pixels are means of it. Given these, its
expectation on the companion's pixels agrees with them. (E. Kyriakidis, A geostatistical framework for area-to-point
spatial interpolation, Geographical Analysis 36, 2004; Q. Wang and others, Downscaling by area-to-point regression
kriging, 2015, who have place alone.) Lengths and weights below were chosen on Samson, Jasper Ridge, MUUFL, the part of
Pavia and airborne scenes of the ABU set with simulated companions; one setting for all.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from hypersigma.tiling import Window, tiles

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]

_SLOPES = 16.0  # scene pixels over which slopes change
_NEAR = 8.0  # scene pixels over which likeness of the companion counts
_ALIKE = 1.5  # deviations of the companion's colours
_CONSTANT, _LIKENESS = 0.1, 3.0  # weights beside one of the slopes
_NOISE = 0.003  # variance of what the scene's pixels do not share
_TILE, _OVERLAP = 28, 12  # scene pixels that are solved together, and that neighbours share
_BLEND = 6.0  # scene pixels over which one gives way to the next
_RAISED = 0.75  # 1 brings all colours to one variance, 0 none
_FLAT = 1e-9  # of the largest variance, below which there is none
_LEAST = 16  # known pixels in a tile
_CHUNK = 1024


class Colours(NamedTuple):
    """A companion in colours without correlation.

    Attributes:
        parts: (P, colours, rows, cols) as parts of the scene's pixels see it; each is the mean of its parts.
        offsets: (P, 2) of the parts' centres in scene pixels, down and across.
        fine: (colours, h, w) on its own pixels.
        places: (2, h, w) of these on the scene, counted from its outer corner.
    """

    parts: Image
    offsets: NDArray[np.float64]
    fine: Image
    places: NDArray[np.float64]


def evened(parts: Image, fine: Image, known: Mask) -> tuple[Image, Image]:
    """A companion seen by parts (P, bands, rows, cols) and on its own (bands, h, w), in colours of like variance.

    Its principal components, over known pixels (rows, cols) of the scene: the faint ones raised, though not to the
    level of the others, since they hold more noise; together with a mean variance of one. Those without variance are
    left out.
    """
    numbers = parts.mean(axis=0)[:, known].astype(np.float64)
    values, vectors = np.linalg.eigh(np.atleast_2d(np.cov(numbers)))
    varying = values > _FLAT * values.max()
    gains = values[varying] ** (-_RAISED / 2)
    gains /= np.sqrt(np.mean(values[varying] * gains**2))
    into = (vectors[:, varying] * gains).T.astype(np.float32)
    centre = numbers.mean(axis=1).astype(np.float32)[:, None, None]
    even = [np.tensordot(into, image - centre, axes=1) for image in (*parts, fine)]
    return np.stack(even[:-1]), even[-1]


def kriged(residual: Image, known: Mask, colours: Colours) -> Image:
    """What a regression left (bands, rows, cols), on the companion's pixels (bands, h, w).

    Tiles of the scene are solved by themselves and blended. Where none has enough known pixels it is zero.

    Args:
        residual: the scene less what the regression tells of it.
        known: pixels (rows, cols) where it is known.
        colours: the companion.
    """
    _, rows, cols = residual.shape
    total = np.zeros((len(residual), *colours.fine.shape[1:]), dtype=np.float32)
    weight = np.zeros(colours.fine.shape[1:], dtype=np.float32)
    for tile in tiles(rows, cols, _TILE, _OVERLAP):
        chosen = np.argwhere(known[tile.slices]) + tile[:2]
        if len(chosen) < _LEAST:
            continue
        share = _shares(tile, colours.places, (rows, cols))
        at = np.nonzero(share)
        total[:, at[0], at[1]] += share[at] * _tile(residual, chosen, colours, at)
        weight[at] += share[at]
    total /= np.where(weight > 0, weight, 1)
    return total


def _shares(tile: Window, places: NDArray[np.float64], size: tuple[int, int]) -> Image:
    """How much of a tile goes into each fine pixel (h, w): all inside, less and less towards its inner borders."""
    result = np.ones(places.shape[1:])
    for place, start, length, whole in zip(places, tile[:2], tile[2:], size, strict=True):
        if start > 0:
            result *= np.clip((place - start) / _BLEND, 0.0, 1.0)
        if start + length < whole:
            result *= np.clip((start + length - place) / _BLEND, 0.0, 1.0)
    return result.astype(np.float32)


def _tile(residual: Image, chosen: NDArray[np.intp], colours: Colours, at: tuple[NDArray[np.intp], ...]) -> Image:
    """The expectation (bands, m) at fine pixels, given those of the scene at chosen (n, 2)."""
    rows, cols = chosen.T
    num = len(chosen)
    seen = np.moveaxis(colours.parts[:, :, rows, cols], 2, 0).reshape(-1, colours.parts.shape[1])
    where = (chosen[:, None] + 0.5 + colours.offsets).reshape(-1, 2).astype(np.float32)
    covariance = np.empty((num, num))
    for first in range(0, num, _CHUNK // 4):
        part = slice(first * len(colours.offsets), (first + _CHUNK // 4) * len(colours.offsets))
        own = _covariance(seen[part], where[part], seen, where)
        covariance[first : first + _CHUNK // 4] = own.reshape(-1, len(colours.offsets), num, len(colours.offsets)).mean(
            axis=(1, 3)
        )
    covariance[np.diag_indices(num)] += _NOISE
    numbers = residual[:, rows, cols].T.astype(np.float64)
    solved = linalg.cho_solve(linalg.cho_factor(covariance, lower=True), numbers).astype(np.float32)
    fine, places = colours.fine[:, at[0], at[1]].T, colours.places[:, at[0], at[1]].T.astype(np.float32)
    result = np.empty((len(residual), len(fine)), dtype=np.float32)
    for first in range(0, len(fine), _CHUNK):
        part = slice(first, first + _CHUNK)
        own = _covariance(fine[part], places[part], seen, where).reshape(-1, num, len(colours.offsets)).mean(axis=2)
        result[:, part] = (own @ solved).T
    return result


def _covariance(one: Image, place: Image, other: Image, elsewhere: Image) -> Image:
    """Covariances (m, n) of the field between points: colours (m, c) and (n, c) at places (m, 2) and (n, 2)."""
    apart = np.sqrt(_squares(place, elsewhere))
    likeness = _squares(one, other)
    likeness *= np.float32(-0.5 / _ALIKE**2)
    np.exp(likeness, out=likeness)
    likeness *= np.float32(_LIKENESS) * np.exp(apart * np.float32(-1 / _NEAR))
    slopes = one @ other.T
    slopes += np.float32(_CONSTANT)
    slopes *= np.exp(apart * np.float32(-1 / _SLOPES))
    slopes += likeness
    return slopes


def _squares(one: Image, other: Image) -> Image:
    """Squared distances (m, n) between points (m, d) and (n, d)."""
    result: Image = (-2 * one) @ other.T
    result += np.square(one).sum(axis=1)[:, None]
    result += np.square(other).sum(axis=1)
    return np.maximum(result, np.float32(0), out=result)
