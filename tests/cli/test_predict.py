"""`hypersigma predict`: fitted models on other scenes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio

from hypersigma import cli
from hypersigma.cube import Cube
from hypersigma.engine.run import run
from tests.fakes.envi import braces, write_envi
from tests.fakes.fields import AVIRIS_LIKE, crops, field_cube, labelled

TRUTH = crops(20, 24)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run."""
    out = tmp_path_factory.mktemp("runs") / "summer"
    run("classification", field_cube(TRUTH), labels=labelled(TRUTH), method="lda").save(out)
    return out


def write(folder: Path, seed: int, last_band: int = 60) -> Path:
    """A further scene on disk; its first bands."""
    folder.mkdir(exist_ok=True)
    cube: Cube = field_cube(TRUTH, seed=seed)
    name = f"scene{seed}"
    return write_envi(
        folder,
        cube.read()[:last_band],
        data_name=f"{name}.img",
        header_name=f"{name}.hdr",
        wavelength=braces([f"{centre:.3f}" for centre in AVIRIS_LIKE[:last_band]]),
        wavelength_units="Nanometers",
    )


def predict(*tokens: object) -> int:
    return cli.main(["predict", *(str(token) for token in tokens)])


def test_one_scene(fitted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert predict("--model", fitted / "model", write(tmp_path / "in", 1), "-o", out, "--json") == 0
    (told,) = json.loads(capsys.readouterr().out)["scenes"]
    assert (told["layers"], told["output"]) == (["map", "confidence"], str(out))
    with rasterio.open(out / "map.tif") as file:
        assert (file.read(1) == TRUTH).mean() > 0.9
    assert "Classes of map" in (out / "report.html").read_text()
    assert not (out / "model").exists()


def test_each_of_several_scenes_gets_a_folder(fitted: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert predict("--model", fitted, write(tmp_path / "a", 1), write(tmp_path / "a", 2), "-o", out, "--jobs", 1) == 0
    assert {path.parent.name for path in out.rglob("map.tif")} == {"scene1", "scene2"}
    both = write(tmp_path / "a", 1), write(tmp_path / "b", 1)
    assert predict("--model", fitted, *both, "-o", tmp_path / "two", "--jobs", 1) == 0
    assert {path.name for path in (tmp_path / "two").iterdir()} == {"scene1_1", "scene1_2"}


def test_each_of_several_models_gets_a_folder(fitted: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    winter = tmp_path / "winter"
    run("classification", field_cube(TRUTH, seed=3), labels=labelled(TRUTH), method="svm").save(winter)
    assert predict("--model", fitted, "--model", winter / "model", write(tmp_path / "in", 1), "-o", out) == 0
    assert {path.relative_to(out).as_posix() for path in out.rglob("*.tif")} == {
        "summer/map.tif",
        "summer/confidence.tif",
        "winter/map.tif",
        "winter/confidence.tif",
    }
    with rasterio.open(out / "winter" / "map.tif") as file:
        assert np.mean(file.read(1) == TRUTH) > 0.9


def test_a_scene_of_other_bands(fitted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert predict("--model", fitted, write(tmp_path / "in", 1, last_band=30), "-o", tmp_path / "out") == 2
    said = capsys.readouterr().err
    assert "60" in said
    assert "30" in said
    assert not (tmp_path / "out").exists()


def test_mistakes_are_found_before_work(fitted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scene = write(tmp_path / "in", 1)
    assert predict("--model", tmp_path, scene, "-o", tmp_path / "out") == 2
    assert "no model here" in capsys.readouterr().err
    out = tmp_path / "full"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    assert predict("--model", tmp_path / "nowhere", scene, "-o", out) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert predict("--model", fitted, scene, tmp_path / "nowhere.hdr", "-o", tmp_path / "out") == 2
    assert "nowhere.hdr" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
