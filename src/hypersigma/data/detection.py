"""Scenes in which something is looked for: anomalies, or a target of known spectrum."""

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
    """A scene, and what is known of the things to find in it.

    Attributes:
        cube: the scene.
        truth: (rows, cols) True where there is something to find, or None where that is not known.
        target: the spectra to look for, or None where anything unusual is.
        ignored: (rows, cols) True where pixels are not scored, such as those that the target was taken from, or None.
    """

    cube: Cube
    truth: NDArray[np.bool_] | None = None
    target: Target | None = None
    ignored: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        bands, rows, cols = self.cube.shape
        pixels = None if self.target is None else self.target.pixels
        for label, mask in (("truth", self.truth), ("ignored pixels", self.ignored), ("target pixels", pixels)):
            if mask is None:
                continue
            if mask.shape != (rows, cols) or mask.dtype != np.bool_:
                raise InputError(
                    f"{label}: an array of shape {mask.shape} and type {mask.dtype}; the scene {self.cube.name} needs "
                    f"booleans of {rows} rows x {cols} columns"
                )
        if self.target is not None and self.target.spectra.shape[1] != bands:
            raise InputError(
                f"the target has {self.target.spectra.shape[1]} bands, the scene {self.cube.name} {bands}; "
                "read it for this scene"
            )


def only_scene(scenes: Sequence[DetectionScene]) -> DetectionScene:
    """The one scene that a detector learns from.

    Raises:
        InputError: there are several, or none.
    """
    if len(scenes) != 1:
        raise InputError(f"{len(scenes)} scenes; a detector learns the background of one: run it on each by itself")
    return scenes[0]
