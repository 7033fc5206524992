"""Bad input gets exit code 2, one message that says what to do, no traceback, and nothing half written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.e2e.conftest import COLS, ROWS, Said, truth, write_labels, write_scene

Say = Callable[..., Said]


def refused(said: Said, *words: str) -> None:
    """The command was refused with all these words."""
    code, out, err = said
    assert code == 2, err
    assert out == ""
    message = next(line for line in err.splitlines() if line.startswith("error: "))
    assert "Traceback" not in err
    for word in words:
        assert word in err, f"'{word}' is not in: {message}"


def test_a_file_that_is_not_there(say: Say, tmp_path: Path) -> None:
    refused(say("info", tmp_path / "nowhere.hdr"), "nowhere.hdr")


def test_a_truncated_file_is_told_in_bytes(say: Say, scene: Path) -> None:
    data = scene.with_suffix(".img")
    whole = data.stat().st_size
    data.write_bytes(data.read_bytes()[:-100])
    refused(say("info", scene), str(whole), str(whole - 100))


def test_a_header_without_data_and_the_reverse(say: Say, scene: Path) -> None:
    data = scene.with_suffix(".img")
    moved = data.rename(scene.parent / "elsewhere.bin")
    refused(say("info", scene), "scene.hdr")
    scene.unlink()
    refused(say("info", moved), "elsewhere.bin")


@pytest.mark.parametrize("centres", ["-5", "nan"])
def test_wavelengths_that_cannot_be(say: Say, tmp_path: Path, centres: str) -> None:
    scene = write_scene(tmp_path / "bad", wavelength="{" + ", ".join([centres] * 40) + "}")
    refused(say("info", scene), "wavelength")


def test_a_sensor_nobody_knows(say: Say, scene: Path) -> None:
    refused(say("info", scene, "--sensor", "enmup"), "did you mean 'enmap'")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    pytest.importorskip("hypersigma.engine.run")
    return tmp_path / "out"


@pytest.fixture
def refuse(say: Say, scene: Path, labels: Path, out: Path) -> Callable[..., None]:
    """Runs classification with some arguments changed; it must be refused and leave nothing behind."""

    def run(*extra: object, words: tuple[str, ...], truth: Path = labels) -> None:
        line = ("run", "classification", scene, "--labels", truth, "-o", out, "--quiet", *extra)
        refused(say(*line), *words)
        assert not out.exists()
        assert [item.name for item in out.parent.iterdir() if item.name.startswith((".out", "out"))] == []

    return run


def test_labels_of_another_size(refuse: Callable[..., None], tmp_path: Path) -> None:
    import scipy.io

    path = tmp_path / "small.mat"
    scipy.io.savemat(path, {"labels": truth()[:-3]})
    refuse(truth=path, words=(f"{ROWS - 3} x {COLS}", f"{ROWS} x {COLS}"))


def test_a_class_with_a_single_pixel(refuse: Callable[..., None], tmp_path: Path) -> None:
    few = np.zeros((ROWS, COLS), dtype=np.uint8)
    few[10, 2], few[10:13, 15] = 1, 2
    refuse(truth=write_labels(tmp_path / "few.tif", few), words=("class 1", "(1)", "two"))


def test_no_label_at_all(refuse: Callable[..., None], tmp_path: Path) -> None:
    none = np.zeros((ROWS, COLS), dtype=np.uint8)
    refuse(truth=write_labels(tmp_path / "none.tif", none), words=("label",))


def test_a_setting_that_does_not_exist(refuse: Callable[..., None], tmp_path: Path) -> None:
    refuse("--set", "traning.steps=3", words=("traning", "did you mean"))
    path = tmp_path / "settings.yaml"
    path.write_text("traning: {steps: 3}\n")
    refuse("--config", path, words=("settings.yaml", "did you mean"))


def test_a_method_that_does_not_exist(refuse: Callable[..., None]) -> None:
    refuse("--method", "svn", words=("did you mean 'svm'",))


def test_an_output_folder_that_exists(say: Say, scene: Path, labels: Path, out: Path) -> None:
    out.mkdir()
    (out / "precious.txt").write_text("mine")
    line = ("run", "classification", scene, "--labels", labels, "-o", out, "--method", "lda")
    refused(say(*line, "--quiet"), "--overwrite")
    assert [item.name for item in out.iterdir()] == ["precious.txt"]
