"""What a person gives a denoising beside the scene: the scene without noise, or a target, perhaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypersigma.cube import Cube
from hypersigma.data.restoration import RestorationScene
from hypersigma.data.target_files import read_target
from hypersigma.errors import InputError
from hypersigma.readers import open_cube


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Flags of a denoising.

    Attributes:
        truth: File of the same scene without noise, where it is known; the report then says how close the result is.
        target: What must not be lost, as for target detection: a library or table, FILE#NAME of several spectra, or
            ROW,COL of the scene; what a matched filter answers stays as it was.
    """

    truth: Path | None = None
    target: str | None = None


def load_inputs(cubes: Sequence[Cube], truth: Any = None, target: Any = None) -> list[RestorationScene]:
    """Scenes, the truth of a single one, and the target that is to be kept.

    Args:
        cubes: the scenes.
        truth: a file or a cube with the bands and pixels of the scene, or None.
        target: as for `read_target`, or None.

    Raises:
        InputError: the truth has other bands or pixels than the scene, there are several scenes, or the target cannot
            be read in the bands of a scene.
    """
    spectra = [None if target is None else read_target(cube, target).spectra.mean(axis=0) for cube in cubes]
    if truth is None:
        return [RestorationScene(cube=cube, target=own) for cube, own in zip(cubes, spectra, strict=True)]
    if len(cubes) > 1:
        raise InputError(f"{len(cubes)} scenes and one truth; give the scene that it belongs to alone")
    known = truth if isinstance(truth, Cube) else open_cube(Path(truth))
    if known.shape != cubes[0].shape:
        bands, rows, cols = known.shape
        raise InputError(
            f"the truth, {known.name}, has {bands} bands of {rows} x {cols} pixels; those of {cubes[0].name} are "
            f"needed: {cubes[0].shape[0]} bands of {cubes[0].shape[1]} x {cubes[0].shape[2]}"
        )
    return [RestorationScene(cube=cubes[0], truth=known, target=spectra[0])]
