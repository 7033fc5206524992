"""What any report says, whatever the task: what was found in the scenes, how much of a map each class covers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from hypersigma.cube import Cube
from hypersigma.products import Layer, Table


def scene_notes(cubes: Sequence[Cube]) -> Iterator[str]:
    """What a person should know of the scenes: bands that were left out and why, what the readers found."""
    for cube in cubes:
        of = f"{cube.name}: " if len(cubes) > 1 else ""
        # in the order of the bands, as `info` tells them
        for reason, count in Counter(filter(None, cube.reasons)).items():
            yield f"{of}{count} of {len(cube.valid)} bands left out: {reason}"
        if cube.wavelengths is None:
            yield f"{of}no wavelengths, so the bands are taken as they are (native): the model fits the same bands alone"
        yield from (of + note for note in cube.notes)


def masked_notes(layers: Iterable[Layer]) -> Iterator[str]:
    """How many pixels have no class because they have no data."""
    for layer in _class_layers(layers):
        count = int(np.count_nonzero(layer.missing(layer.array)))
        if count:
            share = count / layer.array.size
            yield f"{layer.name}: {count} pixels ({share:.1%}) lack data in some band and are left without a class"


def class_shares(layers: Iterable[Layer]) -> Iterator[Table]:
    """How much of each map each class covers."""
    for layer in _class_layers(layers):
        if layer.legend is None:
            continue
        counts = np.bincount(layer.array.ravel(), minlength=len(layer.legend.names) + 1)[1:]
        shares = (f"{share:.1%}" for share in counts / max(counts.sum(), 1))
        rows = zip(layer.legend.names, counts.tolist(), shares, strict=True)
        yield Table(f"Classes of {layer.name}", ("class", "pixels", "share"), tuple(rows))


def _class_layers(layers: Iterable[Layer]) -> Iterator[Layer]:
    return (layer for layer in layers if layer.kind == "classes")
