"""What a target detection takes beside a scene: what to look for, and perhaps a truth to be scored by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypersigma.cube import Cube
from hypersigma.data.detection import DetectionScene
from hypersigma.data.target_files import read_target
from hypersigma.data.truth import read_truth


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Flags of a target detection.

    Attributes:
        target: What to look for: a spectral library or table (file), pixels of the scene (a raster, MATLAB file or
            polygons, or ROW,COL;ROW,COL).
        spectrum: Name of the spectrum, where a library has several.
        target_variable: Which array of a MATLAB file is the target.
        truth: File of the true targets, for scoring alone: a raster or MATLAB file, above 0 where there is one; or
            polygons.
        truth_variable: Which array of a MATLAB file is the truth.
    """

    target: str
    spectrum: str | None = None
    target_variable: str | None = None
    truth: Path | None = None
    truth_variable: str | None = None


def load_inputs(
    cubes: Sequence[Cube],
    target: Any,
    spectrum: str | None = None,
    target_variable: str | None = None,
    truth: Any = None,
    truth_variable: str | None = None,
) -> list[DetectionScene]:
    """The scenes with the target as each sees it.

    Args:
        cubes: the scenes.
        target: as in `Inputs`; or an array (bands,) or (n, bands), or a mask (rows, cols).
        spectrum: as in `Inputs`.
        target_variable: as in `Inputs`.
        truth: a file, or an array (rows, cols) that is above 0 (or True) at targets.
        truth_variable: as in `Inputs`.

    Raises:
        InputError: target or truth cannot be read, or do not fit the scene.
    """
    return [
        DetectionScene(
            cube=cube,
            target=read_target(cube, target, spectrum=spectrum, variable=target_variable),
            truth=read_truth(cube, truth, truth_variable),
        )
        for cube in cubes
    ]
