"""`run` of both detections: layers, objects, report and model, with nothing fitted by a truth."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

import hypersigma as hs
from hypersigma.engine.model import Result
from hypersigma.errors import ConfigError, HypersigmaError, InputError
from hypersigma.products import Figure
from tests.fakes.anomalies import COLS, HOLE, PLACES, ROWS, TRAINED, odd_cube, quick_ranks, truth
from tests.fakes.networks import toy_size

TASKS = ("anomaly_detection", "target_detection")
SCORES = {"anomaly_detection": "anomaly", "target_detection": "target"}
TARGET = "3,4;3,5"  # the pixels of the first object
FILES = {"mask.tif", "mask.png", "detections.geojson", "report.html", "report.json", "model"}


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Iterator[None]:
    with toy_size(), quick_ranks():
        yield


def detect(task: str, cube: Any = None, **given: Any) -> Result:
    """A detection on the CPU; what is looked for are the pixels of the first object."""
    settings: dict[str, Any] = {"device": "cpu"} | ({"target": TARGET} if task == "target_detection" else {})
    if task == "target_detection" and "method" not in given:
        # shapes take most of the time, and have a test of their own
        settings["config"] = {"compact": 0.0}
    return hs.run(task, odd_cube(hole=True) if cube is None else cube, **settings | given)


@pytest.fixture(scope="module")
def scored(_quick: None) -> dict[str, Result]:
    """The result of each task with a truth."""
    return {task: detect(task, truth=truth(), seed=2) for task in TASKS}


@pytest.fixture(scope="module")
def trained(_quick: None) -> dict[str, Result]:
    """The result of each task with a network, trained for a few steps."""
    return {task: detect(task, config=TRAINED, seed=2) for task in TASKS}


def same_layers(first: Result, second: Result) -> None:
    assert list(first.layers) == list(second.layers)
    for name, layer in first.layers.items():
        np.testing.assert_array_equal(layer.array, second.layers[name].array)


def titles(result: Result) -> list[str]:
    return [section.title for section in result.report.sections]


@pytest.mark.parametrize("task", TASKS)
def test_layers_and_objects(task: str, scored: dict[str, Result]) -> None:
    result = scored[task]
    assert list(result.layers) == [SCORES[task], "mask"]
    score, mask = result.layers[SCORES[task]], result.layers["mask"]
    assert (score.kind, mask.kind) == ("score", "classes")
    assert score.array.shape == mask.array.shape == (ROWS, COLS)
    assert np.isnan(score.array[HOLE]).all()
    assert not mask.array[HOLE].any()
    known = np.isfinite(score.array)
    assert known.sum() == ROWS * COLS - 12
    assert set(np.unique(mask.array[known])) <= {1, 2}
    (objects,) = result.objects
    assert objects.name == "detections"
    assert sum(item.num_pixels for item in objects.found) == (mask.array == 2).sum()
    # what is found stands out from what is not
    if objects.found:
        assert score.array[mask.array == 2].min() > score.array[mask.array == 1].max()


def test_a_target_is_found_wherever_it_lies(scored: dict[str, Result]) -> None:
    (objects,) = scored["target_detection"].objects
    assert {(item.window.row, item.window.col) for item in objects.found} == set(PLACES)
    assert scored["target_detection"].report.metrics["auc"] == 1.0


@pytest.mark.parametrize("task", TASKS)
def test_report(task: str, scored: dict[str, Result]) -> None:
    report = scored[task].report
    assert (report.task, report.scene, report.seed) == (task, "odd 0", 2)
    assert {"detections", "auc", "ap", "pd_at_1e-3", "false_alarms", "object_recall"} <= report.metrics.keys()
    assert report.metrics["auc"] > 0.85
    assert report.metrics["detections"] == len(scored[task].objects[0].found)
    assert report.settings["config"]["mode"] == "frozen"
    expected = ["What the figures say", "Figures by the truth", "ROC", "Separability", "Detections"]
    expected += ["Spectra"] if scored[task].objects[0].found else []
    assert [title for title in dict.fromkeys(titles(scored[task])) if title in expected] == expected
    assert "learning curve" not in [title.lower() for title in titles(scored[task])]
    table = next(section for section in report.sections if section.title == "Figures by the truth")
    assert table.columns == ("figure", "this run", {"anomaly_detection": "rx", "target_detection": "ace"}[task])
    assert any(note.startswith("mask: 12 pixels") for note in report.notes)
    said = "the 2 pixels that the target was taken from are not scored"
    assert (said in report.notes) == (task == "target_detection")


@pytest.mark.parametrize("task", TASKS)
def test_nothing_is_fitted_by_a_truth_and_the_seed_rules_the_rest(task: str, scored: dict[str, Result]) -> None:
    without = detect(task, seed=2)
    same_layers(without, scored[task])
    assert set(without.report.metrics) == {"detections"}
    assert not {"ROC", "Figures by the truth"} & set(titles(without))
    other = detect(task, truth=~truth(), seed=2)
    same_layers(other, scored[task])


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("changes", [{}, {"architecture": "published"}, {"fusion": "none"}], ids=str)
def test_a_network_has_the_same_layers_with_and_without_a_truth(
    task: str, changes: dict[str, str], trained: dict[str, Result]
) -> None:
    config = TRAINED | changes
    result = detect(task, config=config, seed=2, truth=truth())
    score = result.layers[SCORES[task]].array
    assert score.shape == (ROWS, COLS)
    assert np.isnan(score[HOLE]).all()
    assert np.isfinite(score).sum() == ROWS * COLS - 12
    assert any(isinstance(part, Figure) and part.title == "Learning curve" for part in result.report.sections)
    assert result.report.settings["config"]["mode"] == "trained"
    assert np.isfinite(result.report.metrics["auc"])
    if not changes:
        same_layers(result, trained[task])


def test_another_seed_trains_another_network(trained: dict[str, Result]) -> None:
    other = detect("target_detection", config=TRAINED, seed=3)
    assert not np.array_equal(other.layers["target"].array, trained["target_detection"].layers["target"].array)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("kind", ["frozen", "trained", "classical"])
def test_what_is_saved_is_whole_and_serves_again(
    task: str, kind: str, scored: dict[str, Result], trained: dict[str, Result], tmp_path: Path
) -> None:
    classical = {"anomaly_detection": "rx", "target_detection": "ace"}[task]
    result = {"frozen": scored, "trained": trained}.get(kind, {}).get(task) or detect(task, method=classical)
    out = result.save(tmp_path / "out")
    name = SCORES[task]
    assert {item.name for item in out.iterdir()} >= FILES | {f"{name}.tif", f"{name}.png"}
    with rasterio.open(out / f"{name}.tif") as file:
        np.testing.assert_array_equal(file.read(1), result.layers[name].array)
    with rasterio.open(out / "mask.tif") as file:
        np.testing.assert_array_equal(file.read(1), result.layers["mask"].array)
    features = json.loads((out / "detections.geojson").read_text())["features"]
    assert len(features) == len(result.objects[0].found)
    told = json.loads((out / "report.json").read_text())
    assert (told["task"], told["layers"]) == (task, [name, "mask"])
    assert "What the figures say" in (out / "report.html").read_text()
    model = hs.load_model(out)
    same_layers(model.predict(odd_cube(hole=True)), result)
    other = odd_cube(seed=5)
    assert result.model is not None
    again = model.predict(other)
    same_layers(again, result.model.predict(other))
    assert np.isfinite(again.layers[name].array).all()


def test_shipped_weights_serve_where_bands_have_wavelengths() -> None:
    """Of both modes; a scene of another size than the tile and no wavelengths goes without."""
    config = TRAINED | {"size": "tiny", "training": {"steps": 1, "warmup": 0}}
    for task in TASKS:
        told = detect(task, config=config).report
        assert told.settings["weights"] == "tiny"
        assert told.settings["config"]["embedding"] == "canonical"
        assert any(note.startswith("weights of the spatial encoder") for note in told.notes)
    plain = detect("anomaly_detection", odd_cube(wavelengths=False), config=TRAINED).report
    assert plain.settings["weights"] is None
    assert plain.settings["config"]["front_end"]["bands"] == "native"


def test_a_truth_without_a_positive_is_said() -> None:
    report = detect("target_detection", truth=np.zeros((ROWS, COLS), dtype=bool)).report
    assert set(report.metrics) == {"detections"}
    assert any("truth: the truth marks no pixel" in note and "AUC" in note for note in report.notes)


@pytest.mark.parametrize(
    ("task", "given", "error", "words"),
    [
        ("target_detection", {"target": None}, ConfigError, "target_detection needs target"),
        ("target_detection", {"target": np.zeros(12)}, InputError, "zeros alone"),
        ("target_detection", {"target": "3,4;99,5"}, InputError, r"\(99, 5\) lies outside"),
        ("target_detection", {"target": np.ones(7)}, InputError, "12 bands"),
        ("target_detection", {"target": np.zeros((ROWS, COLS), dtype=bool)}, InputError, "marks no pixel"),
        ("target_detection", {"target": "21,1"}, InputError, "have data"),
        ("anomaly_detection", {"truth": np.zeros((ROWS, 3))}, InputError, f"{ROWS} rows x {COLS} columns"),
        ("anomaly_detection", {"truth": "nowhere.tif"}, InputError, "nowhere.tif"),
        ("anomaly_detection", {"config": {"mode": "thawed"}}, ConfigError, "mode"),
        ("anomaly_detection", {"config": {"found_wight": 1}}, ConfigError, "did you mean 'found_weight'"),
        ("anomaly_detection", {"target": TARGET}, ConfigError, "takes no input 'target'"),
        ("anomaly_detection", {"method": "ace"}, ConfigError, "'ace' is a method for target_detection"),
    ],
)
def test_mistakes_are_told(task: str, given: dict[str, Any], error: type[HypersigmaError], words: str) -> None:
    with pytest.raises(error, match=words):
        detect(task, **given)


@pytest.mark.parametrize("mode", ["frozen", "trained"])
def test_two_scenes_are_refused(mode: str) -> None:
    with pytest.raises(InputError, match="2 scenes; a detector learns the background of one"):
        hs.run("anomaly_detection", odd_cube(), odd_cube(seed=1), config={"mode": mode, "size": "toy"}, device="cpu")
