"""The channels of a scene strip by strip from top to bottom, no pixel computed twice.

`FrontEnd.read` computes a margin around each window anew. Here what spreading and shapes need of the rows above is
kept from strip to strip, and a strip comes out once what they need of the rows below has been read. A scene may be
entered at any strip: reading begins as far above as channels look. Numbers are the same to the bit wherever that is.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.diffusion import STEPS, Bonds, Spreading
from hypersigma.data.filters import Profile
from hypersigma.data.front_end import GROWTH, FrontEnd, at_once
from hypersigma.data.recent import Recent
from hypersigma.tiling import blocks

Array = NDArray[np.float32]

STRIP = 64  # rows that are computed at once
_BLOCK = 256  # pixels; side of the blocks in which bands become components


class Strips:
    """Channels (channels, STRIP, cols) of the strips of a scene from one on, NaN beneath the scene."""

    def __init__(self, front_end: FrontEnd, cube: Cube, first: int) -> None:
        """Nothing is read yet.

        Args:
            front_end: that computes them.
            cube: the scene.
            first: number of the first strip that is asked for, whose first row is STRIP times as far down.
        """
        self._front_end, self._cube = front_end, cube
        self.number = first
        self._behind = -(-front_end.halo // STRIP)
        self._read = max(0, first - self._behind)
        self._guide = Recent(1, above=np.nan)
        self._copies = [_Copy(own, STRIP * self._behind) for own in front_end.config.spreading]
        shaped = front_end.principal if front_end.config.shapes else ()
        self._shapes = [_Shapes(front_end.config.shapes, STRIP * self._behind) for _ in shaped]

    def next(self) -> Array:
        """The channels of strip `number`, which goes up by one.

        Raises:
            InputError: the cube lacks bands that the front end was fitted on, or wavelengths to find them by.
        """
        while self._read < self.number + self._behind:
            self._pass()
        channels = self._pass()
        channels /= self._front_end.deviation[:, None, None]
        self.number += 1
        return channels

    def _pass(self) -> Array:
        """Read one strip; the channels of the strip as many above it as they look down, not yet standardised."""
        front_end = self._front_end
        reduced = self._reduced(self._read)
        self._read += 1
        guide = self._guide.joined(front_end.guide(reduced))
        bonds = Bonds.of(guide, front_end.guide_scale, front_end.config.contrast)
        calls: list[Callable[[], Array]] = [
            partial(copy.of, reduced[: front_end.num_copied(copy.own)], bonds) for copy in self._copies
        ]
        if self._shapes:
            shaped = np.tensordot(front_end.principal, reduced, axes=1)
            calls += [partial(shapes.of, band) for shapes, band in zip(self._shapes, shaped, strict=True)]
        return np.concatenate(at_once(calls))

    def _reduced(self, number: int) -> Array:
        """Components (components, STRIP, cols) of a strip; of always the same blocks, whose products round alike."""
        _, rows, cols = self._cube.shape
        top = number * STRIP
        shape = (len(self._front_end.components.matrix), STRIP, cols)
        reduced = np.full(shape, np.nan, dtype=np.float32)
        for block in blocks(max(0, min(STRIP, rows - top)), cols, _BLOCK):
            reduced[:, *block.slices] = self._front_end.reduced(self._cube, block._replace(row=top + block.row))
            self._cube.forget()
        return reduced


class _Copy:
    """A copy of the components, spread with some weight of a pixel's own value, some rows behind."""

    def __init__(self, own: float, behind: int) -> None:
        self.own = own
        self._spreading = Spreading(own) if own else None
        self._later = Recent(behind - STEPS if own else behind, above=np.nan)

    def of(self, reduced: Array, bonds: Bonds) -> Array:
        spread = self._spreading.spread(reduced, bonds) if self._spreading else reduced
        return self._later.delayed(spread)


class _Shapes:
    """Openings and closings of one band, some rows behind."""

    def __init__(self, radii: tuple[int, ...], behind: int) -> None:
        self._profile = Profile(radii, GROWTH)
        self._later = Recent(behind - self._profile.behind, above=np.nan)

    def of(self, band: Array) -> Array:
        return self._later.delayed(self._profile.of(band))
