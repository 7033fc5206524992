"""What a person sees, and what a program reads."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

import numpy as np
import pytest

from hypersigma.cli._common import Common
from hypersigma.cli._console import Console
from hypersigma.products import Table

TABLE = Table("Scores", ("method", "oa"), (("svm", 0.77361), ("ours", 0.9)), note="five seeds")


def show_everything(console: Console) -> None:
    console.note("a note")
    console.text("a text")
    console.table(TABLE)
    console.result({"oa": np.float64(0.5), "map": Path("map.tif"), "counts": np.arange(2)})


def test_a_person_reads_text_and_tables(capsys: pytest.CaptureFixture[str]) -> None:
    show_everything(Console(Common()))
    captured = capsys.readouterr()
    assert captured.err == "a note\n"
    assert "a text" in captured.out
    assert "0.7736" in captured.out
    assert "five seeds" in captured.out
    assert "map.tif" not in captured.out


def test_json_is_all_there_is_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    show_everything(Console(Common(json=True, quiet=True)))
    captured = capsys.readouterr()
    assert json.loads(captured.out) == {"oa": 0.5, "map": "map.tif", "counts": [0, 1]}
    assert captured.err == ""


def test_progress_is_plain_lines_away_from_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with Console(Common()).progress() as progress:
        for step in range(1, 101):
            progress("training", step, 100)
        progress("nothing", 0, 0)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "training: 1 of 100"
    assert "training: 100 of 100" in lines
    assert len(lines) == 12


def test_plain_lines_tell_what_is_left(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 10.0, 600.0, 601.0])
    monkeypatch.setattr("hypersigma.cli._console.time.monotonic", lambda: next(clock))
    with Console(Common()).progress() as progress:
        for done in (400, 600, 700, 1000):
            progress("mapping", done, 1000)
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "mapping: 400 of 1000",
        "mapping: 600 of 1000, about 20 s left",
        "mapping: 700 of 1000, about 10 minutes left",
        "mapping: 1000 of 1000",
    ]


def test_progress_is_silent_when_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    with Console(Common(quiet=True)).progress() as progress:
        progress("training", 1, 2)
    assert capsys.readouterr().err == ""


def test_progress_is_a_bar_on_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with Console(Common()).progress() as progress:
        progress("training", 1, 2)
        progress("training", 2, 2)
    assert "1 of" not in capsys.readouterr().err


def test_the_log_goes_to_the_error_stream_once(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        Console(Common())
    logging.getLogger("hypersigma.engine").info("epoch 1")
    assert capsys.readouterr().err == "epoch 1\n"
    Console(Common(quiet=True))
    logging.getLogger("hypersigma.engine").info("epoch 2")
    assert capsys.readouterr().err == ""


def test_failures_are_told_however_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    Console(Common(quiet=True)).failure("failed: one.tif: there is no such file")
    assert capsys.readouterr().err == "failed: one.tif: there is no such file\n"
