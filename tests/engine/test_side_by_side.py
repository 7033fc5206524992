"""Calls side by side: in order, each with its share of the threads, and nothing changed afterwards."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import torch

from hypersigma.engine.side_by_side import side_by_side


@pytest.fixture
def four_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("four_threads")
@pytest.mark.parametrize(("count", "share"), [(1, 4), (2, 2), (3, 1), (9, 1)])
def test_each_has_its_share(count: int, share: int) -> None:
    def call(number: int) -> tuple[int, int]:
        return number, torch.get_num_threads()

    found = side_by_side([lambda number=number: call(number) for number in range(count)])
    assert found == [(number, share) for number in range(count)]
    assert torch.get_num_threads() == 4


@pytest.mark.usefixtures("four_threads")
def test_two_run_at_once() -> None:
    met = threading.Barrier(2, timeout=30)
    assert sorted(side_by_side([met.wait, met.wait])) == [0, 1]


@pytest.mark.usefixtures("four_threads")
def test_what_fails_is_told_and_threads_are_given_back() -> None:
    def fail() -> int:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        side_by_side([fail, lambda: 1])
    assert torch.get_num_threads() == 4


def test_nothing_to_do() -> None:
    assert side_by_side([]) == []
