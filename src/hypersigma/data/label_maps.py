"""Class values of a file, whatever its format, as a map of classes with names and colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.errors import InputError
from hypersigma.palette import palette
from hypersigma.products import Color, Legend

_LARGEST_CLASS = 255  # larger values are codes (such as 311, "broad-leaved forest"), not counts of classes


@dataclass(frozen=True, eq=False)
class LabelMap:
    """Labels on a scene's grid.

    Attributes:
        labels: (rows, cols) int32; 0 = unlabelled, 1..K = class of the legend.
        legend: names and colours of the classes.
        notes: what was decided that a person should know.
    """

    labels: NDArray[np.int32]
    legend: Legend
    notes: tuple[str, ...] = ()


def label_map(
    values: NDArray[Any],
    where: str,
    *,
    names: Sequence[str] = (),
    colors: Mapping[int, Color] | None = None,
    nodata: float | None = None,
) -> LabelMap:
    """A map of classes whose value is the number in the file; NaN, no data, zero and less are unlabelled.

    Args:
        values: (rows, cols) numbers of the file.
        where: the file, for messages.
        names: name of value 0, 1, 2 ...; "class 3" where there is none.
        colors: colours by value; the palette's where there are none.
        nodata: the number that means "no data".

    Raises:
        InputError: the numbers are not whole.
    """
    unlabelled = ~np.isfinite(values) if values.dtype.kind == "f" else np.zeros(values.shape, dtype=bool)
    unlabelled |= values <= 0
    if nodata is not None:
        unlabelled |= values == nodata
    labels = np.where(unlabelled, 0, values)
    if (labels != np.round(labels)).any():
        first = labels[labels != np.round(labels)][0]
        raise InputError(f"{where}: a label is {first:g}; labels are whole numbers, 0 for unlabelled pixels")
    whole: NDArray[np.int64] = labels.astype(np.int64)
    largest = int(whole.max(initial=0))
    if largest > max(_LARGEST_CLASS, len(names) - 1):
        return _of_codes(whole, where)
    # Values keep their meaning even where a class between them has no pixel: a map is compared with its truth by them.
    size = max(largest, len(names) - 1)
    listed = [*names, *("" for _ in range(size + 1 - len(names)))][1:]
    titles = tuple(name or f"class {value}" for value, name in enumerate(listed, start=1))
    return LabelMap(whole.astype(np.int32), Legend(titles, _colors(size, colors or {})))


def _of_codes(values: NDArray[np.int64], where: str) -> LabelMap:
    """Large numbers stand for classes in ascending order."""
    codes, places = np.unique(values, return_inverse=True)
    labels = places.reshape(values.shape) + (0 if codes[0] == 0 else 1)
    found = codes[codes > 0]
    note = f"{where}: codes {found[0]} to {found[-1]} stand for classes 1 to {len(found)}"
    legend = Legend(tuple(f"class {code}" for code in found), palette(len(found)))
    return LabelMap(labels.astype(np.int32), legend, (note,))


def _colors(num_classes: int, given: Mapping[int, Color]) -> tuple[Color, ...]:
    """The given colours where they tell classes apart, else the palette's."""
    colors = [given.get(value) for value in range(1, num_classes + 1)]
    known = tuple(color for color in colors if color is not None)
    return known if len(known) == len(set(known)) == num_classes else palette(num_classes)
