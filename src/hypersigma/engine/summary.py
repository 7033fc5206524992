"""What any report says, whatever the task: what was found in the scenes, how much of a map each class covers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.pair import Pair
from hypersigma.mapped import release
from hypersigma.products import Layer, Table

_MOST_NAMED = 3  # scenes in one line
_ROWS_AT_ONCE = 512


def scene_files(cubes: Sequence[Cube]) -> list[str]:
    """The scenes' files, names where they come from none."""
    return [str(cube.path or cube.name) for cube in cubes]


def scenes_line(cubes: Sequence[Cube]) -> str:
    """The scenes in one line, the first few of many."""
    names = scene_files(cubes)
    if len(names) <= _MOST_NAMED:
        return ", ".join(names)
    return f"{', '.join(names[:_MOST_NAMED])} and {len(names) - _MOST_NAMED} more"


def scene_notes(cubes: Sequence[Cube]) -> Iterator[str]:
    """What a person should know of the scenes; what holds for several is said once."""
    holding: dict[str, list[str]] = {}
    for cube in cubes:
        for note in _notes(cube):
            holding.setdefault(note, []).append(cube.name)
    for note, names in holding.items():
        # scenes of one sensor share most of their notes
        yield note if len(names) == len(cubes) else f"{', '.join(names)}: {note}"


def _notes(cube: Cube) -> Iterator[str]:
    """Bands that were left out and why, and what the reader found."""
    for reason, count in Counter(filter(None, cube.reasons)).items():
        yield f"{count} of {len(cube.valid)} bands left out: {reason}"
    if cube.wavelengths is None and not isinstance(cube, Pair):
        yield "no wavelengths: bands are taken as they are (native), and the model fits scenes of the same bands alone"
    yield from cube.notes


def masked_notes(layers: Iterable[Layer]) -> Iterator[str]:
    """How many pixels have no class because they have no data."""
    for layer in _class_layers(layers):
        count = sum(int(np.count_nonzero(layer.missing(rows))) for rows in _rows(layer))
        if count:
            share = count / layer.array.size
            yield f"{layer.name}: {count} pixels ({share:.1%}) lack data in some band and are left without a class"


def class_shares(layers: Iterable[Layer]) -> Iterator[Table]:
    """How much of each map each class covers: a table for each set of classes."""
    groups: dict[tuple[str, ...], list[Layer]] = {}
    for layer in _class_layers(layers):
        if layer.legend is not None:
            groups.setdefault(layer.legend.names, []).append(layer)
    for names, maps in groups.items():
        if len(maps) > 1:
            rows = tuple((layer.name, *_percent(_counts(layer, len(names)))) for layer in maps)
            yield Table("Classes of the maps", ("map", *names), rows)
        else:
            counts = _counts(maps[0], len(names))
            lines = tuple(zip(names, counts.tolist(), _percent(counts), strict=True))
            yield Table(f"Classes of {maps[0].name}", ("class", "pixels", "share"), lines)


def _counts(layer: Layer, num_classes: int) -> NDArray[np.int64]:
    """Pixels (K,) of each class."""
    counts = np.zeros(num_classes + 1, dtype=np.int64)
    for rows in _rows(layer):
        counts += np.bincount(rows.ravel(), minlength=num_classes + 1)
    return counts[1:]


def _rows(layer: Layer) -> Iterator[NDArray[Any]]:
    """The rows of a map, some at a time: it may be larger than memory."""
    for row in range(0, layer.array.shape[0], _ROWS_AT_ONCE):
        yield layer.array[row : row + _ROWS_AT_ONCE]
    release(layer.array)


def _percent(counts: NDArray[np.int64]) -> list[str]:
    return [f"{share:.1%}" for share in counts / max(counts.sum(), 1)]


def _class_layers(layers: Iterable[Layer]) -> Iterator[Layer]:
    return (layer for layer in layers if layer.kind == "classes")
