"""Which bands of a sensor a model uses, and whether another scene has them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.errors import InputError
from hypersigma.tiling import Window

_SAME_NM = 1.0  # band centres closer than this are the same band


@dataclass(frozen=True)
class Bands:
    """The bands of a sensor that a model uses.

    Attributes:
        indices: of the used bands among the cube's.
        total: bands of the cube.
        wavelengths: nm of all bands of the cube, or None where unknown.
        fwhm: widths of all bands of the cube in nm, or None where unknown.
    """

    indices: tuple[int, ...]
    total: int
    wavelengths: tuple[float, ...] | None
    fwhm: tuple[float, ...] | None = None

    @classmethod
    def of(cls, cube: Cube) -> Bands:
        """The valid bands of a cube."""
        wavelengths = None if cube.wavelengths is None else tuple(float(centre) for centre in cube.wavelengths)
        fwhm = None if cube.fwhm is None else tuple(float(width) for width in cube.fwhm)
        return cls(tuple(int(band) for band in cube.used), cube.shape[0], wavelengths, fwhm)

    @property
    def mask(self) -> NDArray[np.bool_]:
        """(total,) whether a band is used."""
        used = np.zeros(self.total, dtype=bool)
        used[list(self.indices)] = True
        return used

    def fault(self, cube: Cube) -> str:
        """What tells the bands of a cube from these, in words; "" where they are the same."""
        found = cube.shape[0]
        if found != self.total:
            return f"{cube.name} has {found} bands, the model was fitted on {self.total}"
        if self.wavelengths is None or cube.wavelengths is None:
            return ""
        distances = np.abs(np.asarray(self.wavelengths) - cube.wavelengths)
        worst = int(np.argmax(distances))
        if distances[worst] <= _SAME_NM:
            return ""
        return (
            f"band {worst + 1} of {cube.name} lies at {cube.wavelengths[worst]:.1f} nm, the model was fitted on one at "
            f"{self.wavelengths[worst]:.1f} nm"
        )

    def check(self, cube: Cube) -> None:
        """Raise InputError unless a cube has the same bands."""
        fault = self.fault(cube)
        if fault:
            raise InputError(f"{fault}; use scenes of one sensor with the same bands")

    def restricted(self, cube: Cube) -> Bands:
        """These bands without those that are not valid in a further cube."""
        self.check(cube)
        return replace(self, indices=tuple(band for band in self.indices if cube.valid[band]))

    def read(self, cube: Cube, window: Window) -> NDArray[np.float32]:
        """The used bands of a window: (bands, height, width), NaN where there is no data.

        Raises:
            InputError: the cube has other bands, or a used band is marked as not valid and empty in it.
        """
        self.check(cube)
        array = cube.read(window, self.indices)
        doubtful = ~cube.valid[list(self.indices)]
        if not doubtful.any():
            return array
        empty = ~np.isfinite(array).any(axis=(1, 2)) & doubtful
        if empty.any() and not empty.all():
            band = self.indices[int(np.argmax(empty))]
            raise InputError(
                f"{cube.name} has no data in band {band + 1} ({cube.reasons[band]}), which the model was fitted on; "
                "fit it with a scene in which that band is marked as not valid too"
            )
        return array
