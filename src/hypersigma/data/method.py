"""The outer door: what `run` and `benchmark` ask of any method, a network or a classical one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.georef import Georef
from hypersigma.products import Layer, Objects, Section
from hypersigma.tiling import Window


@dataclass(frozen=True)
class Tiling:
    """How a fitted method sees a scene; part of the model, because it changes what is predicted.

    Attributes:
        tile: side of the square windows given to `predict`, or None for the whole scene at once.
        overlap: pixels that neighbouring tiles share at least; blended.
        halo: pixels around a window that `finish` needs to see.
    """

    tile: int | None = None
    overlap: int = 0
    halo: int = 0


class Findings(NamedTuple):
    """A task's part of a result: figures by short name, tables and pictures, what should be read first, and objects."""

    metrics: dict[str, float]
    sections: list[Section]
    notes: list[str]
    objects: Sequence[Objects] = ()


class Fitted(Protocol):
    """A method after fitting: predicts any scene, window by window."""

    @property
    def tiling(self) -> Tiling:
        """Tile, overlap and halo."""

    def predict(self, cube: Cube, window: Window) -> NDArray[np.float32]:
        """Quantities that may be blended between tiles (class probabilities, scores): (Q, h, w), NaN = no data."""

    def finish(self, quantities: NDArray[np.float32], cube: Cube, window: Window) -> Mapping[str, NDArray[Any]]:
        """Arrays of a window by layer name from its blended quantities (Q, h, w): argmax, thresholds, smoothing.

        `window` may be the requested window grown by the halo; the caller crops.
        """

    def layers(self, arrays: Mapping[str, NDArray[Any]], georef: Georef | None) -> tuple[Layer, ...]:
        """Whole-scene arrays of `finish` with their names, colours and units."""

    def save(self, folder: Path) -> None:
        """Write all that predicting needs into a folder."""


@runtime_checkable
class WorksAhead(Protocol):
    """A fitted method that is quicker where it knows which window comes next."""

    def tiles(self, cube: Cube, windows: Iterable[Window]) -> Iterator[NDArray[np.float32]]:
        """What `predict` gives of windows, in their order."""


class Method(Protocol):
    """A way to do a task: a classical baseline implements it directly, any network through the engine."""

    def fit(self, inputs: Any, seed: int) -> Fitted:
        """Fit on a task's inputs (classification: a sequence of LabelledScene); `seed` rules every draw."""
