"""What an anomaly detection takes beside a scene: nothing, or a truth to be scored by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypersigma.cube import Cube
from hypersigma.data.detection import DetectionScene
from hypersigma.data.truth import read_truth


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Flags of an anomaly detection.

    Attributes:
        truth: File of the true anomalies, for scoring alone: a raster or MATLAB file, above 0 where there is one; or
            polygons.
        truth_variable: Which array of a MATLAB file is the truth.
    """

    truth: Path | None = None
    truth_variable: str | None = None


def load_inputs(cubes: Sequence[Cube], truth: Any = None, truth_variable: str | None = None) -> list[DetectionScene]:
    """The scenes, the first with a truth where one is given.

    Args:
        cubes: the scenes.
        truth: a file, or an array (rows, cols) that is above 0 (or True) at anomalies.
        truth_variable: as in `Inputs`.

    Raises:
        InputError: the truth cannot be read, or is of another size.
    """
    return [DetectionScene(cube=cube, truth=read_truth(cube, truth, truth_variable)) for cube in cubes]
