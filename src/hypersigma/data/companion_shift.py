"""Where a sharper companion really lies: the shift with which it tells most of a scene."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from hypersigma.cube import Cube
from hypersigma.data.placement import Placement
from hypersigma.data.sharpening import complete, filled, placed
from hypersigma.data.wald import WaldConfig
from hypersigma.georef import Georef

Floats = NDArray[np.float64]

_REACH = 4.0  # pixels of the scene; shifts that are looked for
_MARGIN = 6  # parts of the scene's shorter side, one of which is the most that is looked for
_STEPS = (0.5, 0.25, 0.1)
_LEAST = 0.2  # pixels of the scene; smaller shifts stay
_GAIN, _TOLD = 0.02, 0.4  # more of the variance that a shift must explain, and how much at least
_FEWEST, _MOST = 64, 20_000  # pixels that are looked at
_COMPANION_BANDS, _SCENE_BANDS = 4, 16


def registered(cube: Cube, companion: Cube) -> tuple[Cube, str]:
    """A companion moved to where it tells most of a scene, and a note; as it is, and "", where nothing better is found.

    Shifts of up to 4 of the scene's pixels are tried: whole ones, and parts of pixels around the best. What counts is
    the share of the scene's variance that a regression on the companion explains, over the same pixels for all.

    Args:
        cube: the scene.
        companion: a sharper image.

    Raises:
        InputError: one has no georeference or is in sensor geometry.
    """
    own, other = placed(cube), placed(companion)
    placement = Placement.of(own, cube.shape[1:], other, companion.shape[1:])
    window = placement.overlap()
    if window is None:
        return companion, ""
    across = np.array(placement.pixels_across(window))
    sharp = companion.read(bands=_spread(companion.used, _COMPANION_BANDS))
    image = cube.read(window, _spread(cube.used, _SCENE_BANDS))
    reach = min(_REACH, min(window.height, window.width) // _MARGIN)
    points = placement.centres(window)
    size = np.array(sharp.shape[1:])[:, None, None]
    margin = reach * across[:, None, None]
    inside = ((points >= margin) & (points <= size - margin)).all(axis=0) & complete(image)
    chosen = np.flatnonzero(inside)
    if reach < 1 or len(chosen) < _FEWEST or not complete(sharp).any():
        return companion, ""
    chosen = chosen[:: -(-len(chosen) // _MOST)]
    seen = _point_spread(filled(sharp)[0], across)
    search = _Search(seen, image.reshape(len(image), -1)[:, chosen].T, points.reshape(2, -1)[:, chosen], across)
    start, best = search.explained(np.zeros(2)), search.best(reach)
    told = search.explained(best)
    if np.hypot(*best) < _LEAST or np.abs(best).max() > reach or told < max(_TOLD, start + _GAIN):
        return companion, ""
    x, y = other.xy(*(-best * across))
    a, b, _, d, e, _ = other.transform
    note = (
        f"{companion.name} was moved by {best[0]:.1f} rows and {best[1]:.1f} columns of {cube.name}, where it explains "
        f"{told:.0%} of it instead of {start:.0%}; --register=false leaves it"
    )
    return replace(companion, georef=Georef((a, b, x, d, e, y), other.crs)), note


class _Search:
    """What shifts of a companion explain of a scene.

    Args:
        seen: (companion bands, h, w) the companion as the scene's sensor sees it, at every place.
        numbers: (n, bands) of pixels of the scene.
        points: (2, n) where they lie on the companion.
        across: pixels of the companion in one of the scene, down and across.
    """

    def __init__(self, seen: Floats, numbers: NDArray[np.float32], points: Floats, across: Floats) -> None:
        self.seen, self.points, self.across = seen, points, across
        self.numbers = numbers.astype(np.float64) - numbers.mean(axis=0, dtype=np.float64)
        self.variances = np.maximum(self.numbers.var(axis=0), np.finfo(np.float64).tiny)

    def explained(self, shift: Floats) -> float:
        """Mean share of the variance of the scene's bands, with a shift in the scene's pixels."""
        places = self.points + (shift * self.across)[:, None] - 0.5
        told = np.stack([ndimage.map_coordinates(band, places, order=1, mode="nearest") for band in self.seen], axis=1)
        told -= told.mean(axis=0)
        left = self.numbers - told @ np.linalg.lstsq(told, self.numbers, rcond=None)[0]
        return float(np.mean(1 - left.var(axis=0) / self.variances))

    def best(self, reach: float) -> Floats:
        """The shift that explains most: of whole pixels, then of parts around the best."""
        centre = np.zeros(2)
        for step, count in ((1.0, int(reach)), *((step, 2) for step in _STEPS)):
            offsets = step * np.arange(-count, count + 1)
            shifts = [centre + np.array([down, right]) for down in offsets for right in offsets]
            centre = max(shifts, key=self.explained)
        return centre


def _point_spread(image: NDArray[np.float32], across: Floats) -> Floats:
    """What a pixel with a Gaussian point spread would see at every place of an image (bands, rows, cols).

    Args:
        image: without gaps.
        across: its pixels in such a pixel, down and across.
    """
    deviations = WaldConfig(scale=1).gaussian_deviation * across
    return np.stack([ndimage.gaussian_filter(band.astype(np.float64), deviations) for band in image])


def _spread(bands: NDArray[np.intp], most: int) -> NDArray[np.intp]:
    """Some bands, spread evenly."""
    return bands[np.unique(np.linspace(0, len(bands) - 1, most).round().astype(np.intp))]
