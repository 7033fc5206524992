"""Shares of an ensemble: labels that lie together are held out together, and every class stays in training."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from hypersigma.cube import Cube
from hypersigma.data.labels import LabelledScene
from hypersigma.palette import default_legend
from hypersigma.tasks.classification.shares import shares

LEGEND = default_legend(("corn", "grass", "woods", "water"))
SEEDS = st.integers(0, 2**32 - 1)


def scene(labels) -> LabelledScene:
    labels = np.asarray(labels, dtype=np.int32)
    return LabelledScene(Cube.from_array(np.zeros((1, *labels.shape), np.float32)), labels, LEGEND)


def scattered(seed: int, count: int, rows: int = 12, cols: int = 14) -> list[LabelledScene]:
    """Scenes with squares of labels, some of which touch."""
    generator = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        labels = np.zeros((rows, cols), dtype=np.int32)
        for _ in range(generator.integers(1, 9)):
            row, col, side = generator.integers(rows), generator.integers(cols), generator.integers(1, 4)
            labels[row : row + side, col : col + side] = generator.integers(1, len(LEGEND.names) + 1)
        found.append(scene(labels))
    return found


def classes(scenes) -> set[int]:
    return set(np.concatenate([item.labels.ravel() for item in scenes]).tolist()) - {0}


@given(SEEDS, st.integers(1, 12), st.integers(2, 5))
@settings(max_examples=80, deadline=None)
def test_labels_are_parted(seed, num_scenes, num_members):
    inputs = scattered(seed, num_scenes)
    times_held = [np.zeros(item.labels.shape, dtype=int) for item in inputs]
    found = shares(inputs, num_members, seed)
    assert len(found) == num_members
    for share in found:
        for place, (item, fitted, held) in enumerate(zip(inputs, share.fitted, share.held_out, strict=True)):
            # Each label is learned from or held out, never both.
            np.testing.assert_array_equal(fitted.labels + held.labels, item.labels)
            assert not ((fitted.labels > 0) & (held.labels > 0)).any()
            assert fitted.labels.dtype == np.int32
            times_held[place] += held.labels > 0
        assert classes(share.fitted) == classes(inputs)
    assert all((times <= 1).all() for times in times_held)


@given(SEEDS, st.integers(2, 5))
@settings(max_examples=50, deadline=None)
def test_fields_stay_whole_but_for_a_class_of_one(seed, num_members):
    inputs = scattered(seed, 1)
    labels = inputs[0].labels
    found = shares(inputs, num_members, seed)
    for value in classes(inputs):
        parts, count = ndimage.label(labels == value, structure=np.ones((3, 3)))
        for share in found:
            held = share.held_out[0].labels == value
            for part in range(1, count + 1):
                inside = held[parts == part]
                assert count == 1 or inside.all() or not inside.any()
        if count == 1 and (labels == value).sum() >= 2 * num_members:
            # Of a class that had to be cut, every member holds something out.
            assert all((share.held_out[0].labels == value).any() for share in found)


def test_scenes_stay_whole_where_there_are_enough():
    inputs = scattered(3, 9)
    for share in shares(inputs, 4, 0):
        for item, held in zip(inputs, share.held_out, strict=True):
            kept = set(item.labels[(held.labels == 0) & (item.labels > 0)].tolist())
            # What is not held out of a scene that is, are classes that would be missing.
            if held.labels.any():
                others = [other for other, part in zip(inputs, share.held_out, strict=True) if not part.labels.any()]
                assert not kept & classes(others)


def test_a_class_of_one_member_stays_wherever_it_lies():
    """The pixel in the corner belongs to a class that is kept; the scene's other classes are judged all the same."""
    first = np.array([[1, 2], [2, 3]])
    inputs = [scene(first), *[scene(np.array([[0, 3], [3, 0]])) for _ in range(3)]]
    for seed in range(20):
        for share in shares(inputs, 2, seed):
            assert classes(share.fitted) == {1, 2, 3}


def test_each_member_holds_out_an_even_share_and_all_of_them_half():
    labels = np.zeros((40, 40), dtype=np.int32)
    labels[::4, ::4] = 1
    held = [int((share.held_out[0].labels > 0).sum()) for share in shares([scene(labels)], 5, 0)]
    assert held == [10] * 5


def test_a_single_member_learns_from_everything():
    inputs = scattered(0, 2)
    (share,) = shares(inputs, 1, 0)
    assert all(fitted is item for fitted, item in zip(share.fitted, inputs, strict=True))
    assert not any(held.labels.any() for held in share.held_out)


@pytest.mark.parametrize("num_scenes", [1, 8])
def test_the_seed_alone_decides(num_scenes):
    inputs = scattered(1, num_scenes)

    def held(seed):
        return [part.labels for share in shares(inputs, 3, seed) for part in share.held_out]

    again, other = held(5), held(6)
    assert all((one == two).all() for one, two in zip(held(5), again, strict=True))
    assert any((one != two).any() for one, two in zip(again, other, strict=True))
