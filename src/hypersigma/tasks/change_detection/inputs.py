"""What a person gives a change detection beside the two dates: labels, perhaps, and what the classes were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hypersigma.cube import Cube
from hypersigma.data.change_labels import change_labels, on_pair
from hypersigma.data.changes import FromTo, turned
from hypersigma.data.dates import paired
from hypersigma.data.label_files import read_marks
from hypersigma.data.label_maps import LabelMap
from hypersigma.data.labels import LabelledScene
from hypersigma.data.pair import LEGEND, Pair
from hypersigma.errors import InputError
from hypersigma.products import Legend


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Flags of a change detection.

    Attributes:
        labels: File of labelled pixels on the grid of the first date (raster, MATLAB, polygons), one a pair; without
            it, the scores of the pair decide alone.
        label_variable: Which array of a MATLAB file holds the labels.
        attribute: Which attribute of polygons names the class.
        changed: Value of changed pixels in the labels; 2 by default.
        unchanged: Value of unchanged pixels in the labels; 1 by default.
        register: Whether to remove the shift that is left between the dates, where it can be measured, and to blur the
            sharper date as the other is.
        normalise: Whether to bring the second date to the light of the first.
        classes_before: File of a class map of the first date, to tell what changed from what.
        classes_after: File of a class map of the second date, in the same classes.
    """

    labels: tuple[Path, ...] = ()
    label_variable: str | None = None
    attribute: str | None = None
    changed: int | None = None
    unchanged: int | None = None
    register: bool = True
    normalise: bool = False
    classes_before: Path | None = None
    classes_after: Path | None = None


@dataclass(frozen=True, eq=False)
class ChangeScene(LabelledScene):
    """A pair with its labels, and what each pixel turned from and into where classes were given."""

    from_to: FromTo | None = None


def load_inputs(  # noqa: PLR0913, PLR0917 (one a flag)
    cubes: Sequence[Cube],
    labels: Any = None,
    label_variable: str | None = None,
    attribute: str | None = None,
    changed: int | None = None,
    unchanged: int | None = None,
    register: bool = True,
    normalise: bool = False,
    classes_before: Any = None,
    classes_after: Any = None,
) -> list[LabelledScene]:
    """Pairs of dates with their labels.

    Args:
        cubes: before and after, and perhaps further pairs.
        labels: a file or an array (rows, cols) on the grid of the first date, or one a pair; None for none.
        label_variable: as in `Inputs`.
        attribute: as in `Inputs`.
        changed: as in `Inputs`.
        unchanged: as in `Inputs`.
        register: as in `Inputs`.
        normalise: as in `Inputs`.
        classes_before: a file or an array (rows, cols) on the grid of the first date.
        classes_after: the same of the second date, on the grid of the first.

    Raises:
        InputError: an odd number of scenes, dates that cannot be compared, or labels that do not fit.
    """
    if len(cubes) < 2 or len(cubes) % 2:
        raise InputError(
            f"{len(cubes)} scenes; change detection takes pairs of dates: BEFORE AFTER, and perhaps further pairs"
        )
    given = [] if labels is None else list(labels) if isinstance(labels, list | tuple) else [labels]
    if given and len(given) != len(cubes) // 2:
        raise InputError(f"{len(given)} files of labels for {len(cubes) // 2} pairs of dates; one a pair is needed")
    if not given and (changed is not None or unchanged is not None):
        raise InputError("changed and unchanged say what labels mean, and there are none: give --labels FILE")
    scenes = []
    for number, (before, after) in enumerate(zip(cubes[::2], cubes[1::2], strict=True)):
        pair = paired(before, after, register=register, normalise=normalise)
        marks = np.zeros(pair.shape[1:], dtype=np.int32)
        if given:
            found = _marks(given[number], before, label_variable, attribute)
            marks, notes = change_labels(on_pair(found.labels, before, pair), found, changed, unchanged)
            pair = _noted(pair, notes)
        scenes.append(
            ChangeScene(pair, marks, LEGEND, _from_to(classes_before, classes_after, before, pair, len(cubes)))
        )
    return list(scenes)


def _noted(pair: Pair, notes: Sequence[str]) -> Pair:
    return Pair.of(pair.before, pair.after, (*pair.notes, *notes))


def _marks(given: Any, cube: Cube, variable: str | None, attribute: str | None) -> LabelMap:
    """Class values of a file or an array on the grid of the first date."""
    if isinstance(given, str | Path):
        return read_marks(Path(given), cube, variable=variable, attribute=attribute)
    array = np.asarray(given)
    if array.shape != cube.shape[1:] or array.dtype.kind not in "iub":
        raise InputError(
            f"labels: an array of shape {array.shape} and type {array.dtype}; whole numbers of {cube.shape[1]} rows x "
            f"{cube.shape[2]} columns are needed, those of {cube.name}"
        )
    return LabelMap(array.astype(np.int32), Legend((), ()))


def _from_to(before: Any, after: Any, cube: Cube, pair: Pair, num_cubes: int) -> FromTo | None:
    """What each pixel turned from and into, where classes of both dates were given.

    Raises:
        InputError: only one date's classes were given, or there are several pairs.
    """
    if before is None and after is None:
        return None
    if before is None or after is None or num_cubes > 2:
        raise InputError("classes_before and classes_after belong together, and to a single pair of dates")
    maps = [_marks(given, cube, None, None) for given in (before, after)]
    first, second = (on_pair(found.labels, cube, pair) for found in maps)
    return turned(first, second, *(_names(found) for found in maps))


def _names(found: LabelMap) -> dict[int, str]:
    """Names of a map's classes by their values; those of an array have none but their numbers."""
    numbered = {int(value): f"class {value}" for value in np.unique(found.labels) if value > 0}
    return numbered | dict(enumerate(found.legend.names, start=1))
