"""The channels of a scene through a front end, kept in memory where the scene is small, else read ahead in strips."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import ArraySource, Cube
from hypersigma.data.dates import dates_of
from hypersigma.data.diffusion import Bonds
from hypersigma.data.front_end import FrontEnd
from hypersigma.data.front_end_strips import STRIP, Strips
from hypersigma.engine.anchors import fingerprint
from hypersigma.mapped import empty
from hypersigma.tiling import Window, blocks

_MOST_KEPT = 64 << 20  # bytes
_BLOCK = 256  # pixels; side of the blocks in which all channels are computed


class Channels:
    """The channels of one scene: windows are computed as they are asked for, or cut from all of them if few."""

    def __init__(self, front_end: FrontEnd, cube: Cube) -> None:
        self.front_end = front_end
        self.cube = cube
        _, rows, cols = cube.shape
        self._dates = dates_of(cube)
        self._keep = 4 * len(self._dates) * front_end.num_channels * rows * cols <= _MOST_KEPT
        self._last_bonds: tuple[Window, Bonds] | None = None

    def read(self, window: Window) -> NDArray[np.float32]:
        """Channels (C, h, w) of a window, NaN = no data; of a pair those of both dates, (2 C, h, w).

        Raises:
            InputError: the cube lacks bands that the front end was fitted on.
        """
        if not self._keep:
            return self._read(window)
        rows, cols = window.slices
        return self._all[:, rows, cols]

    def has_data(self, window: Window) -> bool:
        """Whether any pixel of a window has all its channels."""
        return bool(np.isfinite(self.read(window)).all(axis=0).any())

    def bonds(self, window: Window) -> Bonds:
        """How strongly the pixels of a window hold together."""
        # Settling a decision asks for the same ones again and again.
        if self._last_bonds is None or self._last_bonds[0] != window:
            self._last_bonds = window, self.front_end.bonds(self.cube, window)
        return self._last_bonds[1]

    def alike(self, spectrum: NDArray[np.float64]) -> NDArray[np.float32]:
        """Channels (C,) of a spectrum (bands,) of the scene's bands, those of a scene that holds nothing else.

        Bands without a number are bridged by their neighbours.
        """
        known = np.flatnonzero(np.isfinite(spectrum))
        whole = np.interp(np.arange(len(spectrum)), known, spectrum[known]).astype(np.float32)
        source = ArraySource(whole[:, None, None])
        alone = replace(
            self.cube, source=source, order=np.arange(len(whole)), scale=1.0, offset=0.0, nodata=None, georef=None
        )
        return self.front_end.read(alone, alone.window)[:, 0, 0]

    @cached_property
    def fingerprint(self) -> str:
        """What tells the scene from any other."""
        return fingerprint(self.cube)

    @cached_property
    def _all(self) -> NDArray[np.float32]:
        """All channels (C, rows, cols)."""
        _, rows, cols = self.cube.shape
        channels = np.empty((len(self._dates) * self.front_end.num_channels, rows, cols), dtype=np.float32)
        # Block by block: a scene of few channels may have many bands.
        for block in blocks(rows, cols, _BLOCK):
            channels[:, *block.slices] = self._read(block)
        return channels

    def _read(self, window: Window) -> NDArray[np.float32]:
        parts = [self.front_end.read(date, window) for date in self._dates]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)


class StreamedChannels(Channels):
    """The channels of a scene whose windows are asked for from top to bottom, as a prediction does.

    Of a scene of many channels strips of whole rows are computed, each once, the next one by a thread of its own
    while the last ones are used.
    """

    def __init__(self, front_end: FrontEnd, cube: Cube) -> None:
        super().__init__(front_end, cube)
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reader")
        self._strips: dict[int, Future[NDArray[np.float32]]] = {}
        self._passes: list[Strips] = []

    def read(self, window: Window) -> NDArray[np.float32]:
        if self._keep:
            return super().read(window)
        first, last = window.row // STRIP, (window.row + window.height - 1) // STRIP
        # what lies above is not asked for again
        self._strips = {number: strip for number, strip in self._strips.items() if first <= number <= last + 1}
        parts = []
        for number in range(first, last + 1):
            strip = self._strip(number).result()
            top = number * STRIP
            rows = slice(max(window.row - top, 0), window.row + window.height - top)
            parts.append(strip[:, rows, window.slices[1]])
        if (last + 1) * STRIP < self.cube.shape[1]:
            self._strip(last + 1)
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    def _strip(self, number: int) -> Future[NDArray[np.float32]]:
        """Channels (C, STRIP, cols) of a strip, under way."""
        if number not in self._strips:
            self._strips[number] = self._reader.submit(self._computed, number)
        return self._strips[number]

    def _computed(self, number: int) -> NDArray[np.float32]:
        """What the thread does; strips out of order are a pass of their own."""
        if not self._passes or self._passes[0].number != number:
            self._passes = [Strips(self.front_end, date, number) for date in self._dates]
        channels = [strips.next() for strips in self._passes]
        strip = empty((sum(map(len, channels)), *channels[0].shape[1:]), np.dtype(np.float32))
        return np.concatenate(channels, out=strip)
