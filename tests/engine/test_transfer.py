"""Tiles on their way to a card and back: nothing is overwritten before it was read, and the order is kept."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hypersigma.engine.transfer import Answer, DirectLane, PinnedLane, lane_to
from tests.fakes.cards import LateCard


def numbers(index: int, side: int = 3) -> np.ndarray:
    return np.full((2, side), index, dtype=np.float32)


def begun(card: LateCard, lane: PinnedLane, sides: list[int], log: list[str]) -> Iterator[Answer]:
    """Answers to arrays that are overwritten as soon as they are sent."""
    for index, side in enumerate(sides):
        log.append(f"begin {index}")
        array = numbers(index, side)
        sent = lane.send(array)
        array[:] = -1.0
        yield lane.fetch(card.compute(lambda tensor: 10 * tensor, sent))


@given(st.lists(st.integers(1, 3), max_size=9))
@settings(max_examples=50, deadline=None)
def test_answers_come_in_their_order_however_late_the_card_is(sides: list[int]) -> None:
    card = LateCard()
    lane = PinnedLane(card)
    found = list(lane.in_turn(begun(card, lane, sides, [])))
    assert len(found) == len(sides)
    for index, (array, side) in enumerate(zip(found, sides, strict=True)):
        np.testing.assert_array_equal(array, 10 * numbers(index, side))


@given(st.permutations(range(7)))
@settings(max_examples=50, deadline=None)
def test_answers_may_be_read_at_any_time_and_again(order: list[int]) -> None:
    card = LateCard()
    lane = PinnedLane(card)
    answers = list(begun(card, lane, [3] * 7, []))
    for index in (*order, *order):
        np.testing.assert_array_equal(answers[index](), 10 * numbers(index))


def test_two_buffers_each_way_serve_tiles_of_one_shape() -> None:
    card = LateCard()
    lane = PinnedLane(card)
    assert len(list(lane.in_turn(begun(card, lane, [3] * 9, [])))) == 9
    assert len(card.pinned_memory) == 4


def test_the_next_tile_is_begun_before_the_last_answer_is_waited_for() -> None:
    card, log = LateCard(), []
    lane = PinnedLane(card)
    for index, _ in enumerate(lane.in_turn(begun(card, lane, [3] * 3, log))):
        log.append(f"read {index}")
    assert log == ["begin 0", "begin 1", "read 0", "begin 2", "read 1", "read 2"]


def test_on_a_processor_nothing_is_copied_and_nothing_begun_early() -> None:
    lane = lane_to(torch.device("cpu"))
    assert isinstance(lane, DirectLane)
    array, log = numbers(5), []
    tensor = lane.send(array)
    assert np.shares_memory(tensor.numpy(), array)
    assert np.shares_memory(lane.fetch(tensor)(), array)

    def each() -> Iterator[Answer]:
        for index in range(2):
            log.append(f"begin {index}")
            yield lane.fetch(tensor)

    for index, _ in enumerate(lane.in_turn(each())):
        log.append(f"read {index}")
    assert log == ["begin 0", "read 0", "begin 1", "read 1"]


def test_a_card_takes_pinned_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "Stream", lambda device: object())
    assert isinstance(lane_to(torch.device("cuda")), PinnedLane)
