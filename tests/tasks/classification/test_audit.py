"""Where held-out labels lie, and what figures on them are worth."""

from __future__ import annotations

import numpy as np
import pytest

from hypersigma.data.labels import LabelledScene
from hypersigma.tasks._contract import Share
from hypersigma.tasks.classification.audit import RADIUS, audit
from hypersigma.tasks.classification.shares import shares
from tests.fakes.fields import LEGEND, crops, field_cube, field_scene

CUBE = field_cube(crops(40, 48))


def scene(labels: np.ndarray) -> LabelledScene:
    return LabelledScene(CUBE, labels.astype(np.int32), LEGEND)


def split(labels: np.ndarray, held: np.ndarray) -> Share:
    return Share([scene(np.where(held, 0, labels))], [scene(np.where(held, labels, 0))])


def field(*places: tuple[int, int], side: int = 3) -> np.ndarray:
    labels = np.zeros((40, 48), dtype=int)
    for row, col in places:
        labels[row : row + side, col : col + side] = 1
    return labels


def test_whole_fields() -> None:
    labels = field((0, 0), (20, 30))
    counted = audit([split(labels, field((20, 30)) > 0)])
    assert (counted.num_labels, counted.num_held, counted.num_fields) == (18, 9, 9)
    assert counted.num_near == counted.num_cut == counted.num_points == counted.num_scenes == 0
    assert "Whole fields" in counted.meaning()


def test_a_field_that_is_cut() -> None:
    labels = field((0, 0))
    held = labels > 0
    held[1:] = False
    counted = audit([split(labels, held)])
    assert (counted.num_cut, counted.num_near, counted.num_fields) == (3, 3, 0)
    assert "flatter" in counted.meaning()


def test_points() -> None:
    labels = field((0, 0), (0, RADIUS), (0, 30), side=1)
    held = labels > 0
    held[0, RADIUS:] = False
    counted = audit([split(labels, held)])
    assert (counted.num_points, counted.num_near) == (1, 1)
    assert "flatter" in counted.meaning()


def test_whole_scenes() -> None:
    empty, full = field(), field((0, 0))
    share = Share([scene(empty), scene(full)], [scene(full), scene(empty)])
    counted = audit([share])
    assert (counted.num_scenes, counted.num_held, counted.num_labels) == (9, 9, 18)
    assert "Whole scenes" in counted.meaning()


@pytest.mark.parametrize("num_members", [2, 5])
def test_counts_of_drawn_shares_add_up(num_members: int) -> None:
    inputs = [field_scene()]
    counted = audit(shares(inputs, num_members, 0))
    assert counted.num_labels == np.count_nonzero(inputs[0].labels)
    assert counted.num_scenes + counted.num_fields + counted.num_points + counted.num_cut == counted.num_held
    assert counted.num_held <= counted.num_labels
    assert counted.table().rows[0][:2] == ("labelled pixels", counted.num_labels)
