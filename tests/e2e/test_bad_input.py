"""Bad input gets exit code 2, one message that says what to do, no traceback, and nothing half written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio
import scipy.io

from tests.e2e.conftest import COLS, ROWS, Said, truth, write_labels, write_scene
from tests.fakes.envi import braces, write_envi
from tests.fakes.networks import toy_size

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


@pytest.mark.parametrize("method", [(), ("--method", "lda")], ids=["network", "lda"])
def test_a_truncated_scene_is_refused_before_anything_is_fitted(
    refuse: Callable[..., None], scene: Path, method: tuple[str, ...]
) -> None:
    data = scene.with_suffix(".img")
    data.write_bytes(data.read_bytes()[:-100])
    refuse(*method, words=("bytes",))


def test_labels_in_another_coordinate_system(refuse: Callable[..., None], tmp_path: Path) -> None:
    elsewhere = write_labels(tmp_path / "elsewhere.tif", truth(), epsg=32632)
    refuse(truth=elsewhere, words=("EPSG:32632", "EPSG:32633"))


def test_labels_of_one_class(refuse: Callable[..., None], tmp_path: Path) -> None:
    refuse(truth=write_labels(tmp_path / "one.tif", (truth() == 1).astype(np.uint8)), words=("1 class", "two"))


def test_labels_that_are_not_there(refuse: Callable[..., None], tmp_path: Path) -> None:
    refuse(truth=tmp_path / "nowhere.tif", words=("nowhere.tif",))


def test_two_scenes_and_one_label_file(refuse: Callable[..., None], tmp_path: Path) -> None:
    refuse(write_scene(tmp_path / "second"), words=("1 label files for 2 scenes",))


def test_a_device_that_is_not_there(refuse: Callable[..., None]) -> None:
    refuse("--device", "cuda:7", words=("cuda:7", "cpu"))


def flat_scene(folder: Path, array: np.ndarray, **fields: str) -> Path:
    """A scene of other numbers on the same ground."""
    scene = write_scene(folder)
    code = {"f4": "4", "i2": "2"}[array.dtype.str[1:]]
    header = scene.read_text()
    scene.write_text(header.replace("data type = 2", f"data type = {code}"))
    scene.with_suffix(".img").write_bytes(array.tobytes())
    return scene


def numbers(scene: Path) -> np.ndarray:
    """The numbers of the scene as it is written (bands, rows, cols)."""
    return np.frombuffer(scene.with_suffix(".img").read_bytes(), "<i2").reshape(-1, ROWS, COLS).copy()


def test_a_scene_of_empty_bands(refuse_scene: Callable[..., None], tmp_path: Path) -> None:
    whole = numbers(write_scene(tmp_path / "whole"))
    refuse_scene(flat_scene(tmp_path / "zero", np.zeros_like(whole)), words=("none of the 40 bands", "zero"))


@pytest.mark.parametrize("shape", [(3, 9), (9, 3)])
def test_a_scene_smaller_than_a_patch(
    refuse_scene: Callable[..., None], tmp_path: Path, shape: tuple[int, int]
) -> None:
    (tmp_path / "tiny").mkdir()
    array = np.random.default_rng(0).integers(1, 99, (40, *shape)).astype("i2")
    waves = braces([f"{centre:.2f}" for centre in np.linspace(420, 2400, 40)])
    scene = write_envi(tmp_path / "tiny", array, wavelength=waves, wavelength_units="Nanometers")
    labels = np.arange(shape[0] * shape[1]).reshape(shape) % 2 + 1
    scipy.io.savemat(tmp_path / "tiny.mat", {"labels": labels})
    refuse_scene(scene, "--labels", tmp_path / "tiny.mat", words=(f"{shape[0]} x {shape[1]}", "4 x 4"))


@pytest.fixture
def refuse_scene(say: Say, labels: Path, out: Path) -> Callable[..., None]:
    """Runs classification of another scene; it must be refused and leave nothing behind."""

    def run(scene: Path, *extra: object, words: tuple[str, ...]) -> None:
        given = extra or ("--labels", labels)
        refused(say("run", "classification", scene, *given, "-o", out, "--quiet"), *words)
        assert [item.name for item in out.parent.iterdir() if item.name.startswith((".out", "out"))] == []

    return run


@pytest.mark.parametrize("method", [("--set", "size=toy"), ("--method", "lda")], ids=["network", "lda"])
def test_pixels_and_bands_without_data_are_masked_and_counted(
    say: Say, labels: Path, out: Path, tmp_path: Path, method: tuple[str, ...]
) -> None:
    array = numbers(write_scene(tmp_path / "whole")).astype("<f4")
    array[3], array[4] = 0.0, 7.5
    array[:, 0, :2], array[10, 1, 1], array[12, 2, 2] = np.nan, np.inf, -9999
    scene = flat_scene(tmp_path / "holes", array)
    quick = ("--set", "training.steps=2", "--set", "num_members=2") if "size=toy" in method else ()
    with toy_size():
        code, _, err = say("run", "classification", scene, "--labels", labels, "-o", out, *method, *quick)
    assert code == 0, err
    for words in ("map: 4 pixels", "1 of 40 bands left out: zero in every pixel", "the same number in every pixel"):
        assert words in err
    with rasterio.open(out / "map.tif") as file:
        classes = file.read(1)
        assert file.nodata == 0
    assert not classes[[0, 0, 1, 2], [0, 1, 1, 2]].any()
    assert np.count_nonzero(classes == 0) == 4
