"""What an area opening and an area closing take away: bright and dark shapes smaller than some area."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

_NEIGHBOURS = np.ones((3, 3), dtype=np.int64)  # all eight
_TOP = 255


def area_profile(image: NDArray[Any], area: int) -> NDArray[np.float64]:
    """|opening - image| + |closing - image| of an image (rows, cols) of whole numbers 0 to 255: (rows, cols).

    The area opening lowers bright 8-connected shapes of fewer than `area` pixels to their surroundings, the closing
    raises dark ones (Vincent, 1993). No data, NaN, counts as no scene: it is below everything for the opening and above
    everything for the closing, so that it joins no shapes and is none; an island of fewer than `area` pixels is lowered
    to its own minimum and raised to its own maximum, as a scene of that size would be. No data scores NaN.

    A score depends on nothing further away than `area` - 1 pixels along rows and columns: a shape that reaches further
    has that many pixels on its way. Inside a margin of `area` pixels a block gives what the whole scene gives.
    """
    valid = np.isfinite(image)
    levels = np.where(valid, image, 0).astype(np.uint8)
    islands, num = ndimage.label(valid, structure=_NEIGHBOURS)
    bright = _lowered(levels, islands, num, area)
    dark = _lowered(np.where(valid, _TOP - levels, 0).astype(np.uint8), islands, num, area)
    profile: NDArray[np.float64] = np.where(valid, bright + dark, np.nan)
    return profile


def _lowered(levels: NDArray[np.uint8], islands: NDArray[Any], num: int, area: int) -> NDArray[np.float64]:
    """How far the area opening of levels (rows, cols) lies below them; no data are islands 0, of level 0."""
    from skimage.morphology import area_opening

    opened = area_opening(levels, area, connectivity=2)  # type: ignore[no-untyped-call]
    # Next to no data, which is lowest, an island too small to hold would sink all the way.
    bottoms = np.zeros(num + 1)
    bottoms[1:] = ndimage.minimum(levels, islands, np.arange(1, num + 1))
    lowered: NDArray[np.float64] = levels - np.maximum(opened, bottoms[islands])
    return lowered
