"""The difference of two dates as a cube: the second in the light of the first, less the first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.normalisation import normalisation
from hypersigma.data.pair import Pair
from hypersigma.data.shared_bands import SharedBands
from hypersigma.errors import InputError
from hypersigma.tiling import Window


class _Difference:
    """After less before, in the bands that both dates have."""

    dtype = np.dtype(np.float32)

    def __init__(self, pair: Pair, shared: SharedBands) -> None:
        self._pair, self._shared = pair, shared
        self.shape = (shared.num_bands, *pair.shape[1:])

    def read(self, bands: NDArray[np.intp], window: Window) -> NDArray[np.float32]:
        before, after = self._shared.read(self._pair, window)
        return after[bands] - before[bands]


def difference_cube(pair: Pair) -> Cube:
    """What each band lost or gained, (bands that both dates have, rows, cols), read lazily.

    Dates of one sensor are brought to the same light first, where enough pixels look unchanged; a note says so.
    """
    note = "differences are of the numbers as they are"
    try:
        found = normalisation(pair)
        pair, note = replace(pair, after=found.applied(pair.after)), found.note
    except InputError:
        # sensors that differ, or dates that have nothing in common: what there is, is shown
        pass
    shared = SharedBands.of(pair)
    cube = Cube(
        source=_Difference(pair, shared),
        order=np.arange(shared.num_bands),
        valid=np.ones(shared.num_bands, dtype=bool),
        reasons=("",) * shared.num_bands,
        wavelengths=shared.wavelengths,
        quantity=pair.quantity,
        georef=pair.georef,
        name=f"difference of {pair.name}",
    )
    return cube.noted(note)
