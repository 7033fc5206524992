"""Work spread over workers that may fail or die: every item is told once, the rest goes on."""

from __future__ import annotations

import os
import signal

import distributed
import pytest

from hypersigma.engine.cluster import attempted
from hypersigma.errors import HypersigmaError, InputError

TRIES: list[int] = []


def work(item: int) -> int:
    """Doubles; 3 is a mistake of a person, 4 fails for no such reason."""
    TRIES.append(item)
    if item == 3:
        raise InputError("3 is no scene")
    if item == 4:
        raise OSError("the disk is away")
    return 2 * item


def deadly(item: int) -> int:
    """Doubles; 2 kills whatever process tries it."""
    if item == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * item


@pytest.mark.parametrize("here", [True, False])
def test_what_fails_is_told_and_the_rest_goes_on(here: bool) -> None:
    TRIES.clear()
    items = list(range(7))
    if here:
        found = dict(attempted(work, items, 1))
    else:
        with distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None
        ) as cluster:
            told = list(attempted(work, items, 1, cluster.scheduler_address))
        assert sorted(item for item, _ in told) == items
        found = dict(told)
        assert TRIES.count(4) == 3, "tried again, as the next time it may go well"
    assert TRIES.count(3) == 1, "a mistake stays one"
    assert [found.pop(3).args, found.pop(4).args] == [("3 is no scene",), ("the disk is away",)]
    assert found == {item: 2 * item for item in (0, 1, 2, 5, 6)}


def test_what_kills_every_worker_is_given_up_alone() -> None:
    told = list(attempted(deadly, range(5), 2))
    assert sorted(item for item, _ in told) == list(range(5))
    found = dict(told)
    assert isinstance(error := found.pop(2), HypersigmaError)
    assert "all 3 workers that tried it died" in str(error)
    assert found == {item: 2 * item for item in (0, 1, 3, 4)}
