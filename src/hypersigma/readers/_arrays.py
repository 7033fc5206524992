"""Files that hold several arrays: choosing the one that is a scene, or asking which."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path

from hypersigma.errors import InputError

Shape = tuple[int, ...]


def is_cube(shape: Shape) -> bool:
    """Whether an array can be a scene as it is: three axes, none of length one."""
    # an axis of length one is a map with a needless axis, not a scene
    return len(shape) == 3 and min(shape) > 1


def listing(arrays: Mapping[str, Shape]) -> str:
    """Names and shapes as text: "data 100 x 100 x 205, map 100 x 100"."""
    return ", ".join(f"{name} {' x '.join(map(str, shape))}" for name, shape in arrays.items()) or "nothing"


def named(path: Path, arrays: Mapping[str, Shape], variable: str) -> str:
    """The name of an array a person asked for; a path inside the file may go without its leading slash.

    Raises:
        InputError: there is none of that name.
    """
    variable = variable.strip("/")
    if variable in arrays:
        return variable
    near = difflib.get_close_matches(variable, list(arrays), n=1)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    raise InputError(f"{path}: there is no variable '{variable}'{hint}; the file holds {listing(arrays)}")


def choose(path: Path, arrays: Mapping[str, Shape], candidates: list[str]) -> str:
    """The one candidate for a scene.

    Raises:
        InputError: there is none, or several, which are listed.
    """
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        shapes = {name: arrays[name] for name in candidates}
        raise InputError(
            f"{path}: {len(candidates)} variables can be the scene: {listing(shapes)}; name one with --variable"
        )
    raise InputError(
        f"{path}: no variable with three axes (rows x columns x bands); the file holds {listing(arrays)}; "
        "a label map is given with --labels"
    )
