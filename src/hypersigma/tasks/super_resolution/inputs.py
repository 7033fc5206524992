"""What a person gives a super-resolution beside the scene: a scale, or a sharper companion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypersigma.cube import Cube
from hypersigma.data.companion_shift import registered
from hypersigma.data.restoration import RestorationScene
from hypersigma.errors import InputError
from hypersigma.readers import open_cube
from hypersigma.screening import screen

_LEAST = 2


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Flags of a super-resolution.

    Attributes:
        scale: How many pixels stand along each side of one of the scene: 2, 3, 4 ...
        companion: File of a sharper image of the same ground, such as RGB or multispectral; it tells the scale.
        register: Whether to move the companion to where it tells most of the scene.
    """

    scale: float | None = None
    companion: Path | None = None
    register: bool = True


def load_inputs(
    cubes: Sequence[Cube], scale: float | None = None, companion: Any = None, register: bool = True
) -> list[RestorationScene]:
    """Scenes with a scale, or one with its companion.

    Args:
        cubes: the scenes.
        scale: as in `Inputs`.
        companion: a file or a cube.
        register: as in `Inputs`.

    Raises:
        InputError: there is neither scale nor companion, or both; the scale is no whole number above 1; or there are
            several scenes and one companion.
    """
    if companion is not None:
        if scale is not None:
            raise InputError("a scale and a companion, whose pixels tell the scale; give one of them")
        if len(cubes) > 1:
            raise InputError(f"{len(cubes)} scenes and one companion; give the scene that it belongs to alone")
        sharp = screen(companion if isinstance(companion, Cube) else open_cube(Path(companion)))
        sharp, note = registered(cubes[0], sharp) if register else (sharp, "")
        return [RestorationScene(cube=cubes[0].noted(*filter(None, [note])), companion=sharp)]
    if scale is None:
        raise InputError("neither scale nor companion; give --scale 4, say, or --companion with a sharper image")
    if not float(scale).is_integer() or scale < _LEAST:
        raise InputError(
            f"the scale is {scale:g}; without a companion a whole number from {_LEAST} on is needed, such as 4"
        )
    return [RestorationScene(cube=cube, scale=round(scale)) for cube in cubes]
