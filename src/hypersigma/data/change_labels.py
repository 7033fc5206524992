"""Labels of a change detection in whatever values a file has them, as 1 unchanged and 2 changed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.label_maps import LabelMap
from hypersigma.data.pair import CHANGED, LEGEND, UNCHANGED, Pair
from hypersigma.errors import InputError

Labels = NDArray[np.int32]


def on_pair(labels: Labels, before: Cube, pair: Pair) -> Labels:
    """Labels on the grid of a first date, cut to the pixels of a pair that was made of it."""
    if labels.shape == pair.shape[1:]:
        return labels
    assert before.georef is not None
    assert pair.georef is not None
    row, col = (round(place) for place in before.georef.row_col(*pair.georef.xy(0, 0)))
    _, rows, cols = pair.shape
    return labels[row : row + rows, col : col + cols]


def change_labels(
    labels: Labels, found: LabelMap, changed: int | None, unchanged: int | None
) -> tuple[Labels, tuple[str, ...]]:
    """Labels as 1 unchanged and 2 changed, 0 elsewhere, and what was taken for what.

    Args:
        labels: values on the pair's grid.
        found: the file's map, whose names may say what is what.
        changed: value of changed pixels; None for what names say, else 2.
        unchanged: value of unchanged pixels, which may be 0; None for what names say, else 1.

    Raises:
        InputError: the values are others, or one kind is missing; those that there are are listed.
    """
    named = {name.casefold().strip(): value for value, name in enumerate(found.legend.names, start=1)}
    values, counts = np.unique(labels, return_counts=True)
    listed = ", ".join(f"{value} ({count} pixels)" for value, count in zip(values, counts, strict=True))
    one = changed if changed is not None else _of_names(named, ("changed", "change"), CHANGED)
    other = (
        unchanged
        if unchanged is not None
        else _of_names(named, ("unchanged", "no change", "no_change", "nochange"), UNCHANGED)
    )
    surplus = set(values.tolist()) - {0, one, other}
    if one == other or surplus or not {one, other} <= set(values.tolist()):
        raise InputError(
            f"labels hold the values {listed}; expected {one} for changed, {other} for unchanged and 0 for unknown "
            "pixels: say which is which with  --changed N --unchanged M"
        )
    marks = np.zeros(labels.shape, dtype=np.int32)
    marks[labels == other] = UNCHANGED
    marks[labels == one] = CHANGED
    told = f"labels: {one} was taken for {LEGEND.names[1]}, {other} for {LEGEND.names[0]}"
    return marks, (*found.notes, *([] if changed is not None and unchanged is not None else [told]))


def _of_names(named: dict[str, int], names: tuple[str, ...], usual: int) -> int:
    return next((named[name] for name in names if name in named), usual)
