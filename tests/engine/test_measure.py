"""Wall time and memory of a piece of work."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from hypersigma.engine import measure


def test_time_and_memory_are_those_of_the_work() -> None:
    with measure.measured() as cost:
        held = np.ones(100_000_000, dtype=np.uint8)
        time.sleep(0.1)
        del held
    assert 0.1 <= cost.seconds < 5
    assert 90 <= cost.peak_memory_mb < 200


def test_the_cost_of_work_that_fails_is_known() -> None:
    seen = []
    with pytest.raises(RuntimeError), measure.measured() as cost:
        seen.append(cost)
        raise RuntimeError("over")
    assert seen[0].seconds > 0


def test_a_system_without_proc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(measure, "_STATM", tmp_path / "statm")
    assert measure.resident_bytes() > 1e6
