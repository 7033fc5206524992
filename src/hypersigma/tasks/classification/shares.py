"""Which labels each member of the ensemble is fitted on, and which are held out from it.

Labels that lie together are held out together: whole scenes where there are several, else whole connected fields,
so that what a member says of them is said of ground it has not seen. Only a class of a single field is cut.
Labels take twice as many turns as there are members, so a member is fitted on most of them, and half of all labels
are held out from some member.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from hypersigma.data.labels import LabelledScene
from hypersigma.tasks._contract import Share

Turns = NDArray[np.int16]  # (rows, cols) of a scene: the turn in which a label is held out, -1 = none

_EIGHT_NEIGHBOURS = np.ones((3, 3))
_APART = 0x5EED  # keeps these draws apart from those of the split and of training


def shares(inputs: Sequence[LabelledScene], num_members: int, seed: int) -> list[Share]:
    """One share a member; a single member is fitted on everything and nothing is held out."""
    if num_members == 1:
        return [Share(list(inputs), [_only(scene, np.zeros(scene.labels.shape, bool)) for scene in inputs])]
    generator = np.random.default_rng([seed, _APART])
    num_turns = 2 * num_members
    labelled = [index for index, scene in enumerate(inputs) if scene.labels.any()]
    if len(labelled) >= num_turns:
        turns = _by_scene(inputs, labelled, num_turns, generator)
    else:
        turns = _by_field(inputs, num_turns, generator)
    return [
        Share(
            [_only(scene, turn != member) for scene, turn in zip(inputs, turns, strict=True)],
            [_only(scene, turn == member) for scene, turn in zip(inputs, turns, strict=True)],
        )
        for member in range(num_members)
    ]


def _only(scene: LabelledScene, kept: NDArray[np.bool_]) -> LabelledScene:
    """The scene with the labels where `kept` (rows, cols) alone."""
    return replace(scene, labels=np.where(kept, scene.labels, 0).astype(np.int32))


def _by_scene(
    inputs: Sequence[LabelledScene], labelled: Sequence[int], num_turns: int, generator: np.random.Generator
) -> list[Turns]:
    """For each scene the turn in which it is held out; a class that one member alone would hold out, from none."""
    turn_of = {int(index): place % num_turns for place, index in enumerate(generator.permutation(labelled))}
    turns = [np.full(scene.labels.shape, turn_of.get(index, -1), np.int16) for index, scene in enumerate(inputs)]
    for value in range(1, len(inputs[0].legend.names) + 1):
        pixels = {index: inputs[index].labels == value for index in turn_of}
        members = {turn_of[index] for index, mask in pixels.items() if mask.any()}
        if len(members) == 1:
            for index, mask in pixels.items():
                turns[index][mask] = -1
    return turns


def _by_field(inputs: Sequence[LabelledScene], num_turns: int, generator: np.random.Generator) -> list[Turns]:
    """For each field the turn in which it is held out; the fields of a class are dealt out in equal shares."""
    turns = [np.full(scene.labels.shape, -1, np.int16) for scene in inputs]
    for value in range(1, len(inputs[0].legend.names) + 1):
        units = [(index, pixels) for index, scene in enumerate(inputs) for pixels in _fields(scene.labels == value)]
        if len(units) == 1:
            index, pixels = units[0]
            parts = np.array_split(generator.permutation(pixels), min(num_turns, len(pixels)))
            units = [(index, part) for part in parts if len(pixels) > 1]
        sizes = np.zeros(num_turns)
        first = generator.permutation(num_turns)
        # Large fields first, each to whoever holds out least: the second never goes where the first went, so that
        # every member is left with something of every class.
        for unit in sorted(generator.permutation(len(units)), key=lambda unit: -len(units[unit][1])):
            index, pixels = units[unit]
            member = first[int(np.argmin(sizes[first]))]
            sizes[member] += len(pixels)
            turns[index].flat[pixels] = member
    return turns


def _fields(mask: NDArray[np.bool_]) -> list[NDArray[np.intp]]:
    """Flat indices of the pixels of each 8-connected field."""
    parts, count = ndimage.label(mask, structure=_EIGHT_NEIGHBOURS)
    places = np.flatnonzero(parts)
    owners = parts.ravel()[places]
    order = np.argsort(owners, kind="stable")
    bounds = np.searchsorted(owners[order], np.arange(1, count + 2))
    return [places[order[start:stop]] for start, stop in itertools.pairwise(bounds)]
