"""Two dates of the same ground as one cube: the bands of the first, then those of the second."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.errors import InputError
from hypersigma.products import Legend
from hypersigma.tiling import Window

UNCHANGED, CHANGED = 1, 2
LEGEND = Legend(("unchanged", "changed"), ((200, 200, 200), (220, 40, 40)))


class _Dates:
    """The numbers of two cubes after scaling, band after band."""

    dtype = np.dtype(np.float32)

    def __init__(self, before: Cube, after: Cube) -> None:
        self._dates = before, after
        (self._split, rows, cols), (more, *_) = before.shape, after.shape
        self.shape = (self._split + more, rows, cols)

    def read(self, bands: NDArray[np.intp], window: Window) -> NDArray[np.float32]:
        before, after = self._dates
        first = bands < self._split
        block = np.empty((len(bands), window.height, window.width), dtype=np.float32)
        for cube, mine, start in ((before, first, 0), (after, ~first, self._split)):
            if mine.any():
                block[mine] = cube.read(window, bands[mine] - start)
        return block

    def forget(self) -> None:
        """Give back the memory of what was read of either."""
        for cube in self._dates:
            cube.forget()


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Pair(Cube):
    """A cube of two dates, made by `Pair.of`; what takes a cube takes it, as one of unknown wavelengths.

    Attributes:
        before, after: the dates, of the same rows and columns; their sensors may differ.
    """

    before: Cube
    after: Cube

    @classmethod
    def of(cls, before: Cube, after: Cube, notes: tuple[str, ...] = ()) -> Pair:
        """Two dates that lie on one grid.

        Args:
            before: the first date; its georeference is the pair's.
            after: the second one.
            notes: what was done to bring them there.

        Raises:
            InputError: their sizes differ.
        """
        (num_before, *size), (num_after, *other) = before.shape, after.shape
        if size != other:
            raise InputError(
                f"{before.name} has {size[0]} x {size[1]} pixels, {after.name} {other[0]} x {other[1]}; "
                "two dates are compared on one grid"
            )
        return cls(
            source=_Dates(before, after),
            order=np.arange(num_before + num_after),
            valid=np.concatenate([before.valid, after.valid]),
            reasons=before.reasons + after.reasons,
            georef=before.georef,
            quantity=before.quantity if before.quantity == after.quantity else "unknown",
            name=f"{before.name}_{after.name}",
            path=before.path,
            notes=tuple(dict.fromkeys([*before.notes, *after.notes, *notes])),
            before=before,
            after=after,
        )
