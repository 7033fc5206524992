"""Scenes to be unmixed: what is known of the materials that they are made of, and of how much of each there is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.unmixing_cells import Cells
from hypersigma.data.unmixing_targets import KnownTarget
from hypersigma.errors import InputError
from hypersigma.products import SpectralLibrary

Count = int | Literal["auto"]


@dataclass(frozen=True, eq=False)
class UnmixingScene:
    """A scene, what it is unmixed into, and the truth where that is known.

    Attributes:
        cube: the scene.
        count: endmembers to be found in it, "auto" for as many as it holds; None where the library's spectra are the
            endmembers.
        library: named spectra on the bands of the cube, in its numbers, NaN where a spectrum lacks a band: the
            endmembers, or beside a count what those found are compared with.
        truth_abundances: (K, rows, cols) true shares, NaN where they are not known, or None.
        truth_spectra: (K, bands) true endmembers on the bands of the cube, or None.
        truth_names: names of the K true materials, or none.
        truth_targets: pieces of ground of known area, beside true abundances.
        truth_cells: where true abundances (K, rows, cols of cells) are known by larger cells; None for those of pixels.
    """

    cube: Cube
    count: Count | None = "auto"
    library: SpectralLibrary | None = None
    truth_abundances: NDArray[np.float64] | None = None
    truth_spectra: NDArray[np.float64] | None = None
    truth_names: tuple[str, ...] = ()
    truth_targets: tuple[KnownTarget, ...] = ()
    truth_cells: Cells | None = None

    def __post_init__(self) -> None:
        bands = self.cube.shape[0]
        rows, cols = self.cube.shape[1:] if self.truth_cells is None else self.truth_cells.shape
        if self.count is None and self.library is None:
            raise InputError(
                f"{self.cube.name}: nothing says what it is unmixed into; give a number of endmembers, 'auto', or a "
                "library"
            )
        if isinstance(self.count, int) and self.count < 1:
            raise InputError(f"{self.count} endmembers; at least 1 is needed, or 'auto'")
        if self.library is not None and self.library.spectra.shape[1] != bands:
            raise InputError(
                f"{self.library.name} has {self.library.spectra.shape[1]} bands, {self.cube.name} {bands}; resample it"
            )
        if self.truth_abundances is not None and self.truth_abundances.shape[1:] != (rows, cols):
            raise InputError(
                f"true abundances of shape {self.truth_abundances.shape}; {self.cube.name} needs (materials, {rows}, "
                f"{cols})"
            )
        if self.truth_spectra is not None and self.truth_spectra.shape[1:] != (bands,):
            raise InputError(
                f"true endmembers of shape {self.truth_spectra.shape}; {self.cube.name} needs (materials, {bands})"
            )
        if len({len(known) for known in (self.truth_abundances, self.truth_spectra) if known is not None}) > 1:
            raise InputError("true abundances and true endmembers are of different numbers of materials")
        if self.truth_targets and self.truth_abundances is None:
            raise InputError(f"{self.cube.name}: targets of known area need true abundances, where these are known")

    @property
    def without_truth(self) -> UnmixingScene:
        """The scene as a method that is to be scored is given it."""
        return replace(
            self, truth_abundances=None, truth_spectra=None, truth_names=(), truth_targets=(), truth_cells=None
        )

    @property
    def has_truth(self) -> bool:
        """Whether anything is known to compare with."""
        return self.truth_abundances is not None or self.truth_spectra is not None

    @property
    def materials(self) -> tuple[str, ...]:
        """Names of the true materials, numbered where nobody named them; none without a truth."""
        known = self.truth_spectra if self.truth_abundances is None else self.truth_abundances
        if known is None:
            return ()
        return self.truth_names or tuple(f"material {index + 1}" for index in range(len(known)))
