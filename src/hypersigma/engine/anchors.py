"""Labelled pixels that a model was fitted on, found again in their own scenes by what these hold."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.labels import LabelledScene
from hypersigma.tiling import Window

Labels = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Anchors:
    """Labels of fitted scenes.

    Attributes:
        scenes: a fingerprint a scene.
        places: (n, 2) rows and columns of each scene's labels; values: (n,) their classes 1..K.
    """

    scenes: tuple[str, ...] = ()
    places: tuple[NDArray[np.int64], ...] = ()
    values: tuple[Labels, ...] = ()

    @classmethod
    def of(cls, inputs: Sequence[LabelledScene]) -> Anchors:
        """The labels of labelled scenes."""
        return cls(
            tuple(fingerprint(scene.cube) for scene in inputs),
            tuple(np.argwhere(scene.labels > 0) for scene in inputs),
            tuple(scene.labels[scene.labels > 0].astype(np.int32) for scene in inputs),
        )

    def labels(self, scene: str, window: Window) -> Labels:
        """Labels (h, w) of a window of the scene with a fingerprint, 0 where there are none."""
        found = np.zeros((window.height, window.width), dtype=np.int32)
        for known, places, values in zip(self.scenes, self.places, self.values, strict=True):
            if known == scene:
                rows, cols = places[:, 0] - window.row, places[:, 1] - window.col
                inside = (rows >= 0) & (rows < window.height) & (cols >= 0) & (cols < window.width)
                found[rows[inside], cols[inside]] = values[inside]
        return found

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The numbers that make it up, by name, to be saved."""
        numbered = enumerate(zip(self.places, self.values, strict=True))
        return {
            f"{index}.{key}": value
            for index, (places, values) in numbered
            for key, value in (("places", places), ("values", values))
        }

    @classmethod
    def of_arrays(cls, scenes: Sequence[str], arrays: Mapping[str, Any]) -> Anchors:
        """Anchors from their fingerprints and saved numbers.

        Raises:
            KeyError: a number is missing.
        """
        numbers = range(len(scenes))
        return cls(
            tuple(scenes),
            tuple(np.asarray(arrays[f"{index}.places"]) for index in numbers),
            tuple(np.asarray(arrays[f"{index}.values"]) for index in numbers),
        )


NOWHERE = Anchors()


def fingerprint(cube: Cube) -> str:
    """What tells a scene from any other, whatever its file is called: its size and the numbers of three rows."""
    bands, rows, cols = cube.shape
    digest = hashlib.sha256(repr(cube.shape).encode())
    # One row alone may lie on a stretch without data.
    for row in (rows // 4, rows // 2, 3 * rows // 4):
        digest.update(np.ascontiguousarray(cube.read(Window(row, 0, 1, cols), np.arange(bands))).tobytes())
    return digest.hexdigest()[:32]
