"""What a detector is given: a scene, what it looks for, and apart from that a truth to be scored by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.targets import Target
from hypersigma.errors import InputError


@dataclass(frozen=True, eq=False)
class DetectionScene:
    """A scene to detect in.

    Attributes:
        cube: the scene.
        truth: (rows, cols) where there is something to find, or None; no detector looks at it.
        target: what is looked for, or None where anything unusual is.
        ignored: (rows, cols) pixels that do not count in scores, such as those that the target was taken from.
    """

    cube: Cube
    truth: NDArray[np.bool_] | None = None
    target: Target | None = None
    ignored: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        bands, rows, cols = self.cube.shape
        for label, mask in (("truth", self.truth), ("ignored pixels", self.ignored)):
            if mask is not None and mask.shape != (rows, cols):
                raise InputError(
                    f"{label} of shape {mask.shape} for {self.cube.name} of {rows} rows x {cols} columns; "
                    "give one of the scene's size"
                )
        if self.target is not None and self.target.spectra.shape[1] != bands:
            raise InputError(
                f"a target of {self.target.spectra.shape[1]} bands for {self.cube.name} of {bands}; resample it"
            )


def only_scene(scenes: Sequence[DetectionScene]) -> DetectionScene:
    """The one scene that a detector is fitted on.

    Raises:
        InputError: there is none, or there are several.
    """
    if len(scenes) != 1:
        raise InputError(
            f"{len(scenes)} scenes given; a detector learns the background of one. Run it on one scene and use  "
            "hypersigma predict  for the others, or run it on each"
        )
    return scenes[0]
