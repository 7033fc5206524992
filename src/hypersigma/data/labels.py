"""Labelled pixels of a scene, as every method for classification takes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.errors import InputError
from hypersigma.products import Legend


@dataclass(frozen=True, eq=False)
class LabelledScene:
    """A scene and its labels on the same grid.

    Attributes:
        cube: the scene.
        labels: (rows, cols) int; 0 = unlabelled, 1..K = class of the legend.
        legend: names and colours of the classes 1..K, the same for all scenes of one fit.
    """

    cube: Cube
    labels: NDArray[np.int32]
    legend: Legend

    def __post_init__(self) -> None:
        _, rows, cols = self.cube.shape
        if self.labels.shape != (rows, cols):
            raise InputError(
                f"labels have {self.labels.shape[0]} x {self.labels.shape[1]} pixels, the scene "
                f"{self.cube.name} has {rows} x {cols}; labels must lie on the scene's grid"
            )
