"""Detections from the command line: what comes out, and what a mistake gets."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from hypersigma import cli
from tests.fakes.anomalies import BANDS, COLS, PLACES, ROWS, odd_cube, truth

TARGET = ";".join(f"{row},{col}" for row, col in PLACES[:2])


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    savemat(tmp_path / "scene.mat", {"data": odd_cube().read().transpose(1, 2, 0)})
    savemat(tmp_path / "truth.mat", {"truth": truth().astype(np.uint8)})
    return tmp_path / "scene.mat"


def run(*arguments: str | Path) -> int:
    return cli.main(["run", *map(str, arguments)])


def test_an_anomaly_detection(scene: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run("anomaly_detection", scene, "--truth", tmp_path / "truth.mat", "--method", "rx", "-o", out) == 0
    names = {"anomaly.tif", "mask.tif", "detections.geojson", "report.html", "report.json", "model"}
    assert names <= {path.name for path in out.iterdir()}
    assert json.loads((out / "report.json").read_text())["metrics"]["auc"] > 0.9
    assert cli.main(["evaluate", str(out), "--truth", str(tmp_path / "truth.mat")]) == 0
    assert cli.main(["predict", "--model", str(out), str(scene), "-o", str(tmp_path / "again")]) == 0
    assert (tmp_path / "again" / "anomaly.tif").is_file()


def test_a_target_detection(scene: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run("target_detection", scene, "--target", TARGET, "--truth", tmp_path / "truth.mat", "-o", out) == 0
    report = json.loads((out / "report.json").read_text())
    assert report["metrics"]["auc"] > 0.99
    features = json.loads((out / "detections.geojson").read_text())["features"]
    assert len(features) == report["metrics"]["detections"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("target_detection",), "--target"),
        (("target_detection", "--target", f"{ROWS},0"), "lies outside the scene"),
        (("target_detection", "--target", "missing.csv"), "missing.csv"),
        (("target_detection", "--target", TARGET, "--method", "rx"), "is a method for anomaly_detection"),
        (("anomaly_detection", "--set", "mod=trained"), "mode"),
        (("anomaly_detection", "--set", "false_alarm_rate=2"), "between 0 and 1"),
        (("anomaly_detection", "--truth", "small.mat"), "24 x 24"),
    ],
)
def test_a_mistake_is_one_line(
    arguments: tuple[str, ...], said: str, scene: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    savemat(tmp_path / "small.mat", {"truth": np.eye(5, dtype=np.uint8)})
    task, *rest = (str(tmp_path / part) if part == "small.mat" else part for part in arguments)
    assert run(task, scene, *rest, "-o", tmp_path / "out") == 2
    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told
    assert not (tmp_path / "out").exists()


def test_a_target_of_zeros(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    array = odd_cube().read().transpose(1, 2, 0)
    array[2, 2] = 0
    savemat(tmp_path / "scene.mat", {"data": array})
    assert run("target_detection", tmp_path / "scene.mat", "--target", "2,2", "-o", tmp_path / "out") == 2
    assert "zeros" in capsys.readouterr().err


def test_a_truth_that_marks_nothing(scene: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    savemat(tmp_path / "none.mat", {"truth": np.zeros((ROWS, COLS), dtype=np.uint8)})
    out = tmp_path / "out"
    assert run("anomaly_detection", scene, "--truth", tmp_path / "none.mat", "--method", "rx", "-o", out) == 0
    assert "auc" not in json.loads((out / "report.json").read_text())["metrics"]
    assert "AUC and average precision are undefined" in capsys.readouterr().err


def test_fewer_pixels_than_bands_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    array = np.random.default_rng(0).normal(size=(5, 6, 3 * BANDS)).astype(np.float32)
    savemat(tmp_path / "scene.mat", {"data": array})
    assert run("anomaly_detection", tmp_path / "scene.mat", "--method", "rx", "-o", tmp_path / "out") == 0
    assert "the covariance is singular (30 pixels for 36 bands)" in capsys.readouterr().err
