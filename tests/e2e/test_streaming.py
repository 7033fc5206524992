"""Predictions that are killed go on to the same result, in one process and on a cluster."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import rasterio

from hypersigma import cli
from tests.e2e.conftest import write_scene

ROOT = Path(__file__).parents[2]
# the command line itself, in strips and tiles small enough for a scene of thirty rows; every strip takes a while
COMMAND = """
import sys, time
from hypersigma.cli import main
from hypersigma.engine import journal, predict
from hypersigma.tasks.denoising import task
predict._FINISH_BLOCK = 8
task._TILE, task._OVERLAP = 16, 4
put = journal.Journal.put
def slowly(*arguments):
    put(*arguments)
    time.sleep(0.5)
journal.Journal.put = slowly
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def model(scene: Path, labels: Path, tmp_path: Path) -> Path:
    """The folder of a run whose model maps scenes in tiles."""
    out = tmp_path / "run"
    line = ["run", "classification", scene, "--labels", labels, "--method", "lda", "-o", out, "--quiet"]
    assert cli.main([str(token) for token in line]) == 0
    return out


def bytes_of(folder: Path, *layers: str) -> dict[str, bytes]:
    names = [f"{layer}.tif" for layer in layers] if layers else ["map.tif", "confidence.tif", "map.png"]
    return {name: (folder / name).read_bytes() for name in names}


@pytest.fixture
def denoiser(scene: Path, tmp_path: Path) -> Path:
    """The folder of a run whose model denoises scenes."""
    out = tmp_path / "denoised"
    quick = ("rounds=1", "patches.reach=4", "patches.members=[12]", "patches.sides=[4]")
    line = ["run", "denoising", scene, "-o", out, "--quiet"]
    line += [word for setting in quick for word in ("--set", f"subspace.{setting}")]
    assert cli.main([str(token) for token in line]) == 0
    return out


def test_a_prediction_that_is_killed_goes_on_to_the_same_result(model: Path, tmp_path: Path) -> None:
    killed = killed_and_whole(model, tmp_path, "map", "confidence")
    with rasterio.open(killed / "map.tif") as file:
        assert file.crs.to_epsg() == 32633


def test_a_denoising_that_is_killed_goes_on_to_the_same_result(denoiser: Path, tmp_path: Path) -> None:
    killed = killed_and_whole(denoiser, tmp_path, "denoised", "residual", "angle")
    with rasterio.open(killed / "denoised.tif") as file:
        assert file.dtypes[0] == "int16"


def killed_and_whole(model: Path, tmp_path: Path, *layers: str) -> Path:
    """A prediction that was killed and went on, after its layers were found to be those of one that was not."""
    scene, whole, killed = write_scene(tmp_path / "other", seed=1), tmp_path / "whole", tmp_path / "killed"

    def start(out: Path) -> subprocess.Popen[bytes]:
        line = [sys.executable, "-c", COMMAND, "predict", "--model", str(model), str(scene), "-o", str(out)]
        return subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    first, undisturbed = start(killed), start(whole)
    journal = tmp_path / ".killed.work" / "layers" / "scene" / "journal.json"
    while first.poll() is None and not journal.exists():
        time.sleep(0.01)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert first.returncode == -signal.SIGKILL, "it was over before it could be killed"
    assert 0 < json.loads(journal.read_text())["rows"] < 30
    assert not killed.exists()
    assert b"resuming after row" in start(killed).communicate()[1]
    assert undisturbed.wait() == 0
    assert bytes_of(killed, *layers) == bytes_of(whole, *layers)
    assert not (tmp_path / ".killed.work").exists()
    return killed


def test_a_worker_that_is_killed_costs_nothing(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers on this machine, one killed on its way; one entry of the list is no scene."""
    scenes = [write_scene(tmp_path / f"s{seed}", seed=seed) for seed in range(5)]
    for seed, scene in enumerate(scenes):
        scene.rename(scene.with_name(f"scene{seed}.hdr"))
        scene.with_suffix(".img").rename(scene.with_name(f"scene{seed}.img"))
    listed = tmp_path / "scenes.txt"
    listed.write_text("# of five days\n" + "".join(f"s{seed}/scene{seed}.hdr\n" for seed in range(5)) + "gone.hdr\n")
    out, alone = tmp_path / "out", tmp_path / "alone"
    # the first that maps scene 2 is killed by itself, half-way
    mark = tmp_path / "killed-once"
    monkeypatch.setenv("HYPERSIGMA_TEST_MARK", str(mark))
    monkeypatch.setattr("hypersigma.engine.prediction.carried_out", dying)
    line = ["predict", "--model", str(model), str(listed), "--json"]
    assert cli.main([*line, "-o", str(out), "--jobs", "2"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert mark.exists()
    assert sorted(Path(item["output"]).name for item in told["scenes"]) == [f"scene{seed}" for seed in range(5)]
    assert [Path(item["scene"]).name for item in told["failed"]] == ["gone.hdr"]
    assert "no such file" in told["failed"][0]["reason"]
    monkeypatch.undo()
    assert cli.main([*line, "-o", str(alone), "--jobs", "1"]) == 1
    for seed in range(5):
        assert bytes_of(out / f"scene{seed}") == bytes_of(alone / f"scene{seed}")
    assert sorted(path.name for path in out.iterdir()) == [f"scene{seed}" for seed in range(5)]
    # what is finished is left alone
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    capsys.readouterr()
    assert cli.main([*line, "-o", str(out), "--jobs", "1"]) == 1
    assert "finished before" in capsys.readouterr().err
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before


def dying(job):
    """What a worker does, which kills the first worker that maps scene 2 after a strip."""
    from hypersigma.engine import journal, predict
    from hypersigma.engine.prediction import carried_out

    predict._FINISH_BLOCK = 8
    put = journal.Journal.put
    mark = Path(os.environ["HYPERSIGMA_TEST_MARK"])

    def put_and_die(self, *arguments):
        put(self, *arguments)
        if "scene2" in job.scene[0].name and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    journal.Journal.put = put_and_die
    try:
        return carried_out(job)
    finally:
        journal.Journal.put = put
