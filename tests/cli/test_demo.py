"""`hypersigma demo` with a network of one step and two methods."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from hypersigma import cli
from hypersigma.cli import demo as module
from tests.fakes.networks import toy_size

pytest.importorskip("tensorly")

QUICK = ("size=toy", "training.steps=1", "num_members=2", "pixels_per_batch=256", "tile=16", "overlap=4", "detail=0")


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("hypersigma.cli.demo.METHODS", (module.OURS, "svm"))
    monkeypatch.setattr("hypersigma.cli.demo.NUM_SEEDS", 1)
    with toy_size():
        yield


@pytest.mark.usefixtures("brief")
def test_the_demo(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "demo"
    settings = [token for item in QUICK for token in ("--set", item)]
    assert cli.main(["demo", "-o", str(out), "--device", "cpu", *settings]) == 0
    said = capsys.readouterr().out
    assert "hypersigma-tiny" in said
    assert "svm" in said
    assert "training.steps" not in said
    for name in ("map.tif", "confidence.tif", "report.html", "model/model.yaml", module.PICTURE):
        assert (out / name).exists(), name
    assert "10 labels a class" in (out / "report.html").read_text()
    report = json.loads((out / "report.json").read_text())
    assert report["settings"]["config"]["training"]["steps"] == 1
    assert 0 <= report["metrics"]["oa_test"] <= 1
    assert cli.main(["demo", "-o", str(out)]) == 2, "an earlier result is not replaced unasked"


def test_trials_are_ours_and_the_classical_ones_on_the_same_splits() -> None:
    found = module.trials(0, module.recipe())
    assert (found[0].method, found[0].seed) == (module.OURS, 0)
    assert {(trial.method, trial.seed) for trial in found} == {
        (method, seed) for method in module.METHODS for seed in range(module.NUM_SEEDS)
    }
    assert len({str(trial.split) for trial in found}) == 1
    assert found[0].settings
