"""The log of a run, without TensorBoard and on a disk that refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from hypersigma.engine import tracking
from hypersigma.engine.tracking import Tracker
from hypersigma.errors import OutputError

CPU = torch.device("cpu")


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation without TensorBoard."""
    monkeypatch.setattr(tracking, "find_spec", lambda name: None)


@pytest.mark.usefixtures("plain")
def test_lines_do_without_tensorboard(tmp_path: Path) -> None:
    with Tracker(tmp_path, 0, CPU) as tracker:
        tracker.count(8)
        tracker.count(8)
        line = tracker.write(1, {"spatial": 0.5})
        assert tracker.write(2, {})["samples_per_second"] == 0
    assert line["samples_per_second"] >= 16 / line["seconds"] > 0
    assert [json.loads(text)["step"] for text in (tmp_path / "log.jsonl").read_text().splitlines()] == [1, 2]
    assert not (tmp_path / "tensorboard").exists()


@pytest.mark.usefixtures("plain")
def test_a_disk_that_refuses_is_told(tmp_path: Path) -> None:
    tracker = Tracker(tmp_path, 0, CPU)
    (tmp_path / "log.jsonl").unlink()
    (tmp_path / "log.jsonl").mkdir()
    with pytest.raises(OutputError, match=r"log\.jsonl: cannot be written"):
        tracker.write(0, {})


def test_tensorboard_gets_the_same_figures(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with Tracker(tmp_path, 0, CPU) as tracker:
        tracker.write(3, {"spatial": 0.25})
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert [(event.step, event.value) for event in events.Scalars("spatial")] == [(3, 0.25)]
