"""Which labels each member of the ensemble is fitted on, and which are held out from it.

Labels that lie together are held out together: whole scenes where there are several, else whole connected fields,
so that what a member says of them is said of ground it has not seen. Only a class of a single field is cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from hypersigma.data.labels import LabelledScene
from hypersigma.tasks._contract import Share

_EIGHT_NEIGHBOURS = np.ones((3, 3))
_APART = 0x5EED  # keeps these draws apart from those of the split and of training


def shares(inputs: Sequence[LabelledScene], num_members: int, seed: int) -> list[Share]:
    """One share a member; a single member is fitted on everything and nothing is held out."""
    if num_members == 1:
        return [Share(list(inputs), [_only(scene, np.zeros(scene.labels.shape, bool)) for scene in inputs])]
    generator = np.random.default_rng([seed, _APART])
    labelled = [index for index, scene in enumerate(inputs) if scene.labels.any()]
    if len(labelled) >= 2 * num_members:
        turns = _by_scene(inputs, labelled, num_members, generator)
    else:
        turns = _by_field(inputs, num_members, generator)
    return [
        Share(
            [_only(scene, turn != member) for scene, turn in zip(inputs, turns, strict=True)],
            [_only(scene, turn == member) for scene, turn in zip(inputs, turns, strict=True)],
        )
        for member in range(num_members)
    ]


def _only(scene: LabelledScene, kept: NDArray[np.bool_]) -> LabelledScene:
    return replace(scene, labels=np.where(kept, scene.labels, 0).astype(np.int32))


def _by_scene(
    inputs: Sequence[LabelledScene], labelled: Sequence[int], num_members: int, generator: np.random.Generator
) -> list[NDArray[np.intp]]:
    """For each scene an array (rows, cols) of the member it is held out from; a class's only scene from none."""
    turns = [np.full(scene.labels.shape, -1) for scene in inputs]
    for place, index in enumerate(generator.permutation(labelled)):
        turns[index][:] = place % num_members
    num_classes = len(inputs[0].legend.names)
    for value in range(1, num_classes + 1):
        owners = {int(turns[index][0, 0]) for index in labelled if (inputs[index].labels == value).any()}
        if len(owners) == 1:
            for index in labelled:
                turns[index][inputs[index].labels == value] = -1
    return turns


def _by_field(
    inputs: Sequence[LabelledScene], num_members: int, generator: np.random.Generator
) -> list[NDArray[np.intp]]:
    """For each scene an array (rows, cols) of the member that a field is held out from; -1 for none."""
    turns = [np.full(scene.labels.shape, -1) for scene in inputs]
    for value in range(1, len(inputs[0].legend.names) + 1):
        units = [(index, pixels) for index, scene in enumerate(inputs) for pixels in _fields(scene.labels == value)]
        if len(units) == 1:
            index, pixels = units[0]
            parts = np.array_split(generator.permutation(pixels), min(num_members, len(pixels)))
            units = [(index, part) for part in parts if len(pixels) > 1]
        sizes = np.zeros(num_members)
        first = generator.permutation(num_members)
        for unit in sorted(generator.permutation(len(units)), key=lambda unit: -len(units[unit][1])):
            index, pixels = units[unit]
            member = first[int(np.argmin(sizes[first]))]
            sizes[member] += len(pixels)
            turns[index].flat[pixels] = member
    return turns


def _fields(mask: NDArray[np.bool_]) -> list[NDArray[np.intp]]:
    """Flat indices of the pixels of each 8-connected field."""
    parts, count = ndimage.label(mask, structure=_EIGHT_NEIGHBOURS)
    flat = parts.ravel()
    order = np.argsort(flat, kind="stable")
    bounds = np.searchsorted(flat[order], np.arange(1, count + 2))
    return [order[start:stop] for start, stop in zip(bounds[:-1], bounds[1:], strict=True)]
