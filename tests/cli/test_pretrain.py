"""`hypersigma pretrain` and `hypersigma plan` as a person types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import hypersigma
from hypersigma import cli

RECIPE = Path(hypersigma.__file__).parent / "recipes" / "pretraining" / "tiny.yaml"
QUICK = (
    "encoders=spatial",
    "optimisation.steps=2",
    "optimisation.batch_size=2",
    "optimisation.average=0",
    "masking.tile=16",
    "masking.grids=[2]",
    "masking.decoder.dim=32",
    "masking.decoder.depth=1",
    "masking.decoder.heads=2",
    "data={source: noise}",
    "records.picture_every=0",
)
SETTINGS = [word for setting in QUICK for word in ("--set", setting)]


def test_pretrain_writes_weights_and_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["pretrain", "--config", str(RECIPE), "-o", str(tmp_path), *SETTINGS]
    assert cli.main([*command, "--json"]) == 0
    said = capsys.readouterr()
    out = json.loads(said.out)
    assert "million parameters\n100% of the steps: images of noise\n2 steps of 2 images on cpu\nlog: " in said.err
    assert "\nstep 1: spatial " in said.err
    assert out == {"weights": str(tmp_path / "network.safetensors"), "steps": 2}
    assert Path(out["weights"]).exists()
    assert cli.main(command) == 2
    assert "go on with --resume" in capsys.readouterr().err
    assert cli.main([*command, "--resume"]) == 0
    assert "network.safetensors" in capsys.readouterr().out


def test_of_many_processes_one_speaks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANK", "1")
    assert cli.main(["pretrain", "--config", str(RECIPE), "-o", str(tmp_path), *SETTINGS]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("optimisation.stepz=2", "there is no key 'stepz': did you mean 'steps'?"),
        ("data={source: nois}", "data: source: found 'nois'"),
        ("size=tinny", "did you mean 'tiny'?"),
        ("data=3", "data: expected keys and values"),
    ],
)
def test_a_wrong_recipe_is_told(setting: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["pretrain", "--config", str(RECIPE), "-o", str(tmp_path), "--set", setting]) == 2
    assert message in capsys.readouterr().err


def test_plan_prints_parameters_memory_and_time(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["plan", "--size", "huge", "--devices", "8"]) == 0
    out = capsys.readouterr().out
    assert "1,286,566,912" in out
    assert all(word in out for word in ("gradients", "moments", "with checkpointing", "TFLOP", "time", "8 x 100"))
    assert cli.main(["plan", "--config", str(RECIPE), "--json"]) == 0
    planned = json.loads(capsys.readouterr().out)
    assert planned["size"] == "tiny"
    assert planned["seconds"] == pytest.approx(500 * planned["step_flops"] / 1e14)


@pytest.mark.parametrize(("seconds", "text"), [(1.0, "1.0 seconds"), (180, "3.0 minutes"), (200_000, "2.3 days")])
def test_time_is_told_in_a_unit_that_suits_it(seconds: float, text: str) -> None:
    from hypersigma.cli.plan import _duration

    assert _duration(seconds) == text
