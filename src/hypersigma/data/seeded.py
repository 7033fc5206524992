"""Scenes with the endmembers that a network for unmixing begins with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.labels import LabelledScene


@dataclass(frozen=True, eq=False)
class SeededScene(LabelledScene):
    """A scene without labels, whose legend names endmembers.

    Attributes:
        endmembers: (K, bands) on the bands of the cube, NaN in those that are not used.
        by_shape: whether brightness does not count when spectra are compared with them.
    """

    endmembers: NDArray[np.float64]
    by_shape: bool = False

    @property
    def used(self) -> NDArray[np.intp]:
        """Indices of the valid bands."""
        return self.cube.used
