"""`run` from scenes and labels to layers, report and model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import hypersigma as hs
from hypersigma.cube import Cube
from hypersigma.engine.model import Result
from hypersigma.errors import ConfigError, HypersigmaError, InputError, OutputError
from tests.fakes.fields import COLS, LEGEND, ROWS, crops, field_cube, labelled
from tests.fakes.networks import toy_config, toy_size

TRUTH = crops()
LABELS = labelled(TRUTH)


@pytest.fixture(scope="module", autouse=True)
def _toy() -> Iterator[None]:
    with toy_size():
        yield


@pytest.fixture(scope="module")
def result(_toy: None) -> Result:
    """A network's result on a scene with a corner without data."""
    return hs.run("classification", holed(), labels=LABELS, legend=LEGEND, config=toy_config(), device="cpu", seed=3)


def holed(**changes: Any) -> Cube:
    """The scene with a corner without data and a band that holds nothing."""
    array = field_cube(TRUTH, **changes).source.read(np.arange(60), field_cube(TRUTH).window).copy()
    array[:, :3, :4] = np.nan
    array[7] = 0.0
    waves = field_cube(TRUTH).wavelengths if changes.get("wavelengths", 0) is not None else None
    return Cube.from_array(array, waves, quantity="reflectance", name="fields")


def classical(**changes: Any) -> Result:
    settings: dict[str, Any] = {"labels": LABELS, "method": "lda"}
    return hs.run("classification", field_cube(TRUTH), **settings | changes)


def test_layers_of_a_network(result: Result) -> None:
    classes, confidence = result.layers["map"].array, result.layers["confidence"].array
    assert classes.shape == confidence.shape == (ROWS, COLS)
    assert not classes[:3, :4].any(), "no data, no class"
    known = np.ones(TRUTH.shape, dtype=bool)
    known[:3, :4] = False
    assert (classes == TRUTH)[known].mean() > 0.9
    assert result.layers["map"].legend == LEGEND


def test_report_of_a_network(result: Result) -> None:
    report = result.report
    assert (report.task, report.scene, report.seed) == ("classification", "fields", 3)
    assert {"oa", "oa_low", "oa_high", "aa", "kappa", "f1", "ece", "oa_svm"} <= report.metrics.keys()
    assert all(-1 <= value <= 1 for value in report.metrics.values())
    assert report.seconds > 0
    assert report.settings["method"] == "hypersigma-toy"
    assert report.settings["inputs"]["labels"] == f"array of {ROWS} x {COLS}"
    assert "1 of 60 bands left out: zero in every pixel" in report.notes
    assert any(note.startswith("map: 12 pixels") for note in report.notes)


def test_what_is_saved_is_whole_and_serves_again(result: Result, tmp_path: Path) -> None:
    out = result.save(tmp_path / "out")
    assert {item.name for item in out.iterdir()} >= {
        "map.tif",
        "map.png",
        "confidence.tif",
        "confidence.png",
        "report.html",
        "report.json",
        "model",
    }
    assert json.loads((out / "report.json").read_text())["layers"] == ["map", "confidence"]
    model = hs.load_model(out / "model")
    assert model.name == "out"
    again = model.predict(holed())
    np.testing.assert_array_equal(again.layers["map"].array, result.layers["map"].array)
    assert again.model is None
    with pytest.raises(OutputError, match="--overwrite"):
        again.save(out)
    again.save(out, overwrite=True)
    assert not (out / "model").exists()


def test_settings_in_any_form(tmp_path: Path) -> None:
    path = tmp_path / "lda.yaml"
    path.write_text(yaml.safe_dump({"cost": 3.0}))
    for config in ({"cost": 3.0}, path, str(path)):
        assert classical(method="svm", config=config).report.settings["config"]["cost"] == 3.0
    assert classical().report.settings["method"] == "lda"


def test_the_model_does_not_depend_on_how_it_is_asked_for(result: Result) -> None:
    again = hs.run("classification", holed(), labels=[LABELS], legend=LEGEND, config=toy_config(), device="cpu", seed=3)
    np.testing.assert_array_equal(again.layers["confidence"].array, result.layers["confidence"].array)
    assert again.report.metrics == result.report.metrics


def test_layers_of_several_scenes_are_told_apart() -> None:
    cubes = [field_cube(TRUTH, seed=seed) for seed in (0, 1)]
    found = hs.run("classification", *cubes, labels=[LABELS, LABELS], method="lda")
    assert list(found.layers) == ["fields 0_map", "fields 0_confidence", "fields 1_map", "fields 1_confidence"]
    twins = hs.run("classification", cubes[0], cubes[0], labels=[LABELS, LABELS], method="lda")
    assert "fields 0_2_map" in twins.layers


def test_a_scene_without_wavelengths_runs_native_and_says_so() -> None:
    found = hs.run("classification", field_cube(TRUTH, None), labels=LABELS, config=toy_config(), device="cpu")
    assert any("native" in note for note in found.report.notes)
    assert found.report.settings["config"]["front_end"]["bands"] == "native"


def test_progress_is_told() -> None:
    told: list[tuple[str, int, int]] = []
    hs.run(
        "classification",
        field_cube(TRUTH),
        labels=LABELS,
        config=toy_config(num_members=1),
        device="cpu",
        progress=lambda *step: told.append(step),
    )
    assert ("training", 25, 25) in told
    assert ("mapping fields 0", ROWS, ROWS) in told


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"method": "svn"}, ConfigError, "did you mean 'svm'"),
        ({"method": "svm", "weights": "tiny"}, ConfigError, "takes no weights"),
        ({"method": "svm", "config": {"kost": 1.0}}, ConfigError, "did you mean 'cost'"),
        ({"method": None, "config": {"traning": {}}}, ConfigError, "did you mean 'training'"),
        ({"method": None, "device": "tpu"}, ConfigError, "tpu"),
        ({"label": LABELS}, ConfigError, "did you mean 'labels'"),
        ({"labels": None}, ConfigError, "needs labels"),
        ({"labels": 3}, InputError, "found int"),
        ({"labels": LABELS[:-1]}, InputError, f"{ROWS} x {COLS}"),
        ({"labels": "nowhere.tif"}, InputError, "nowhere.tif"),
    ],
)
def test_mistakes_are_told(changes: dict[str, Any], error: type[HypersigmaError], words: str) -> None:
    with pytest.raises(error, match=words):
        classical(**changes)


def test_no_scene_and_no_such_task() -> None:
    with pytest.raises(ConfigError, match="needs a scene"):
        hs.run("classification", labels=LABELS)
    with pytest.raises(ConfigError, match="did you mean 'classification'"):
        hs.run("clasification", field_cube(TRUTH), labels=LABELS)
