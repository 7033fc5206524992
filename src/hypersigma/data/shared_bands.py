"""Both dates of a pair on one list of bands, whatever their sensors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.bands import Bands
from hypersigma.data.pair import Pair
from hypersigma.errors import InputError
from hypersigma.spectra import resampling_matrix
from hypersigma.tiling import Window, reflected

Array = NDArray[np.float32]

_SAME_NM = 1.0  # band centres closer than this are the same band


@dataclass(frozen=True)
class BandList:
    """Bands that both dates of a pair have: how many, and their wavelengths in nm where known."""

    count: int
    wavelengths: tuple[float, ...] | None = None

    def check(self, other: BandList, name: str) -> None:
        """Raise InputError unless a further pair, of that name, has the same bands."""
        if self.count != other.count:
            raise InputError(
                f"{name}: both dates have {other.count} bands in common, the model was fitted on {self.count}; "
                "use pairs of the same bands"
            )
        if self.wavelengths is None or other.wavelengths is None:
            return
        distances = np.abs(np.subtract(self.wavelengths, other.wavelengths))
        worst = int(np.argmax(distances))
        if distances[worst] > _SAME_NM:
            raise InputError(
                f"{name}: band {worst + 1} that both dates have lies at {other.wavelengths[worst]:.1f} nm, the model "
                f"was fitted on one at {self.wavelengths[worst]:.1f} nm; use pairs of the same bands"
            )


@dataclass(frozen=True, eq=False)
class SharedBands:
    """How the dates of a pair come to the same bands.

    Attributes:
        before, after: the bands of each date that are read.
        matrices: (shared bands, read bands) of each date; None where its bands are taken as they are.
        wavelengths: (shared bands,) nm, or None where unknown.
    """

    before: Bands
    after: Bands
    matrices: tuple[Array | None, Array | None]
    wavelengths: NDArray[np.float64] | None

    @classmethod
    def of(cls, pair: Pair) -> SharedBands:
        """The bands that both dates have: those of the coarser sensor, which the finer one is resampled to.

        Dates of unknown wavelengths must have the same number of bands, which are taken to be the same.

        Raises:
            InputError: the dates have no bands in common.
        """
        before, after = pair.before, pair.after
        if before.wavelengths is None or after.wavelengths is None:
            return cls._alike(before, after)
        if before.shape[0] == after.shape[0] and bool(
            np.all(np.abs(before.wavelengths - after.wavelengths) <= _SAME_NM)
        ):
            return cls._alike(before, after)
        finer = int(len(before.used) < len(after.used))
        coarse, fine = (before, after)[1 - finer], (before, after)[finer]
        assert coarse.wavelengths is not None
        assert fine.wavelengths is not None
        centres = coarse.wavelengths[coarse.used]
        widths = None if coarse.fwhm is None else coarse.fwhm[coarse.used]
        matrix, covered = resampling_matrix(
            fine.wavelengths, fine.fwhm, fine.valid, targets=centres, target_fwhm=widths
        )
        if not covered.any():
            raise InputError(
                f"{before.name} ({_extent(before)}) and {after.name} ({_extent(after)}) see no wavelengths in common; "
                "two dates are compared in bands that both have"
            )
        kept = Bands.of(coarse)
        kept = Bands(tuple(np.asarray(kept.indices)[covered].tolist()), kept.total, kept.wavelengths)
        told = matrix[covered][:, fine.used].astype(np.float32)
        if finer:
            return cls(kept, Bands.of(fine), (None, told), centres[covered])
        return cls(Bands.of(fine), kept, (told, None), centres[covered])

    @classmethod
    def _alike(cls, before: Cube, after: Cube) -> SharedBands:
        """The bands of one sensor that are valid on both dates."""
        if before.shape[0] != after.shape[0]:
            raise InputError(
                f"{before.name} has {before.shape[0]} bands, {after.name} {after.shape[0]}, and without wavelengths "
                "nobody knows which belong together; give files that name their wavelengths"
            )
        used = np.flatnonzero(before.valid & after.valid)
        if not len(used):
            raise InputError(f"{before.name} and {after.name}: no band is valid on both dates")
        told = before.wavelengths if before.wavelengths is not None else after.wavelengths
        bands = Bands(tuple(used.tolist()), before.shape[0], None if told is None else tuple(told.tolist()))
        return cls(bands, bands, (None, None), None if told is None else told[used])

    @property
    def num_bands(self) -> int:
        """How many bands both dates have."""
        first, _ = self.matrices
        return len(self.before.indices) if first is None else len(first)

    @property
    def bands(self) -> BandList:
        """Which bands these are."""
        waves = self.wavelengths
        return BandList(self.num_bands, None if waves is None else tuple(round(float(wave), 3) for wave in waves))

    def read(self, pair: Pair, window: Window, margin: int = 0) -> tuple[Array, Array]:
        """Both dates (shared bands, h + 2 margin, w + 2 margin), NaN in all bands where either date lacks one.

        The scene is mirrored at its borders.
        """
        _, rows, cols = pair.shape
        seen = window.grown(margin, rows, cols)
        dates = []
        for cube, bands, matrix in zip(
            (pair.before, pair.after), (self.before, self.after), self.matrices, strict=True
        ):
            array = cube.read(seen, bands.indices)
            dates.append(array if matrix is None else np.tensordot(matrix, array, axes=1).astype(np.float32))
        missing = ~(np.isfinite(dates[0]).all(axis=0) & np.isfinite(dates[1]).all(axis=0))
        for array in dates:
            array[:, missing] = np.nan
        if (seen.height, seen.width) != (window.height + 2 * margin, window.width + 2 * margin):
            row_index = reflected(window.row - margin, window.row + window.height + margin, rows) - seen.row
            col_index = reflected(window.col - margin, window.col + window.width + margin, cols) - seen.col
            dates = [array[:, row_index[:, None], col_index] for array in dates]
        return dates[0], dates[1]


def _extent(cube: Cube) -> str:
    assert cube.wavelengths is not None
    waves = cube.wavelengths[cube.used]
    return f"{waves[0]:.0f}-{waves[-1]:.0f} nm" if len(waves) else "no valid band"
