"""The channels of a scene through a front end, kept in memory where the scene is small."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.front_end import FrontEnd
from hypersigma.tiling import Window

_MOST_KEPT = 64 << 20  # bytes


class Channels:
    """The channels of one scene: windows are computed as they are asked for, or cut from all of them if few."""

    def __init__(self, front_end: FrontEnd, cube: Cube) -> None:
        self.front_end = front_end
        self.cube = cube
        _, rows, cols = cube.shape
        self._keep = 4 * front_end.num_channels * rows * cols <= _MOST_KEPT

    def read(self, window: Window) -> NDArray[np.float32]:
        """Channels (C, h, w) of a window, NaN = no data."""
        if not self._keep:
            return self.front_end.read(self.cube, window)
        rows, cols = window.slices
        return self._all[:, rows, cols]

    @cached_property
    def _all(self) -> NDArray[np.float32]:
        return self.front_end.read(self.cube, self.cube.window)
