"""Several weights compared: what pre-training wrote is probed and fine-tuned, and drawn over what it has seen."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from hypersigma import cli
from hypersigma.engine import scaling
from hypersigma.engine.masking import workload
from hypersigma.engine.pretrain import pretrain
from hypersigma.engine.results import read_rows
from hypersigma.nn.sizes import SIZES, Size
from hypersigma.viz.scaling import Measured
from tests.engine.test_masking import CONFIG
from tests.fakes.grounds import NAME, register

SHORT = (
    "training.steps=1",
    "training.warmup=0",
    "num_members=2",
    "tile=16",
    "overlap=4",
    "pixels_per_batch=512",
    "detail=16",
)


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch)
    monkeypatch.setitem(SIZES, "tiny", Size(24, 4, 2, 2, (0, 1, 2, 3)))


def trained(folder: Path, steps: int) -> str:
    """A folder that pre-training wrote."""
    config = replace(CONFIG, optimisation=replace(CONFIG.optimisation, steps=steps))
    pretrain(config, workload(config, 0), folder, device="cpu")
    return str(folder)


def test_weights_are_compared_and_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weights = [trained(tmp_path / f"run{steps}", steps) for steps in (1, 2)]
    file = tmp_path / "rows.jsonl"
    line = ["benchmark", NAME, "--scaling", *weights, "--json-file", str(file), "--device", "cpu"]
    assert cli.main([*line, "--seeds", "0", "1"]) == 0
    told = capsys.readouterr().out
    assert "toy, random, 10 labels a class" in told
    assert "toy, fields, 10 labels a class" in told
    rows = read_rows(file)
    assert {(row["weights"], row["protocol"], row["seed"], row["method"]) for row in rows} == {
        (folder, protocol, seed, "probe_linear_frozen")
        for folder in weights
        for protocol in ("random", "fields")
        for seed in (0, 1)
    }
    seen = {row["weights"]: row["pretraining"] for row in rows}
    assert [seen[folder]["images"] for folder in weights] == [4, 8]
    assert [seen[folder]["patches"] for folder in weights] == [4, 8]
    assert seen[weights[0]]["parameters"] == seen[weights[1]]["parameters"] > 20_000
    assert file.with_suffix(".png").read_bytes().startswith(b"\x89PNG")

    # The same probes are in the file; only what is fine-tuned is new.
    settings = [text for setting in SHORT for text in ("--set", setting)]
    assert cli.main([*line, "--seeds", "0", "--protocol", "random", "--fine-tune", *settings, "--json"]) == 0
    again = json.loads(capsys.readouterr().out)["rows"]
    assert sorted(row["method"] for row in again) == ["hypersigma-tiny"] * 2 + ["probe_linear_frozen"] * 2
    assert all(row["pretraining"] == seen[row["weights"]] for row in again)


def test_the_picture_has_a_line_for_each_ground_and_method(monkeypatch: pytest.MonkeyPatch) -> None:
    split = {"num_per_class": 10}
    rows = [
        {
            "scene": "toy",
            "protocol": "random",
            "split": split,
            "seed": seed,
            "method": method,
            "weights": f"run{size}",
            "pretraining": {"parameters": size, "images": None, "patches": None},
            "metrics": {"oa": 0.5 + seed / 10, "aa": 0.5},
        }
        for size, method in ((10, "hypersigma-tiny"), (20, "hypersigma-small"), (10, "probe_linear_frozen"))
        for seed in (0, 1)
    ]
    drawn = {}
    monkeypatch.setattr(scaling, "scaling_picture", lambda series: drawn.update(series) or b"")
    scaling.picture(rows)
    deviation = pytest.approx(0.0707, abs=1e-4)
    tuned = [Measured(size, None, None, pytest.approx(0.55), deviation) for size in (10, 20)]
    assert drawn == {
        "toy, random, 10 labels, linear probe": tuned[:1],
        "toy, random, 10 labels, fine-tuned": tuned,
    }
    (table,) = scaling.scaling_tables(rows)
    assert table.rows[0][:5] == ("run10", "10", "unknown", "unknown", "probe_linear_frozen")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (["--scaling", "a", "--weights", "b"], "leave out --methods and --weights"),
        (["--scaling", "a", "--probe"], "give one of them"),
        (["--scaling", "nowhere"], "neither a folder nor a size"),
    ],
)
def test_what_does_not_go_together_is_refused(
    line: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["benchmark", NAME, *line]) == 2
    assert message in capsys.readouterr().err
