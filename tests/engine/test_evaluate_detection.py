"""A folder with detection scores is scored by its areas and objects, whatever file the truth comes in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import scipy.io

from hypersigma import writers
from hypersigma.cli import main
from hypersigma.engine.evaluate import evaluate
from hypersigma.errors import InputError
from hypersigma.metrics import detection_scores, object_scores
from hypersigma.products import Layer, Legend
from tests.layers import NORTH_UP, class_layer, report

ROWS, COLS = 40, 50
COLORS = ((200, 200, 200), (213, 94, 0))


def marked() -> np.ndarray:
    """Three objects, one of which lies where there is no data."""
    values = np.zeros((ROWS, COLS), dtype=np.uint8)
    values[5:8, 5:9] = 1
    values[20:22, 30:32] = 2
    values[38:, 48:] = 1
    return values


def scores() -> np.ndarray:
    values = np.random.default_rng(0).random((ROWS, COLS)).astype(np.float32) + 0.4 * (marked() > 0)
    values[36:, 46:] = np.nan
    return values.astype(np.float32)


def mask() -> np.ndarray:
    """One object found, another missed, one false."""
    values = np.ones((ROWS, COLS), dtype=np.uint8)
    values[7:10, 8:12] = values[30:32, 10:13] = 2
    values[36:, 46:] = 0
    return values


@pytest.fixture
def write_output(tmp_path: Path) -> Callable[..., Path]:
    def write(name: str = "anomaly", of: str | None = None, settings: dict | None = None, **arrays: np.ndarray) -> Path:
        layers = [
            Layer(name=name, array=arrays.get("scores", scores()), kind="score", georef=NORTH_UP),
            Layer(
                name="mask",
                array=arrays.get("mask", mask()),
                kind="classes",
                georef=NORTH_UP,
                legend=Legend(("background", of or name), COLORS),
            ),
        ]
        return writers.save(layers, report(settings=settings or {}), tmp_path / "out")

    return write


@pytest.fixture
def write_truth(tmp_path: Path) -> Callable[..., Path]:
    def write(values: np.ndarray | None = None) -> Path:
        array = marked() if values is None else values
        return writers.geotiff.write(class_layer(array=array, legend=None), tmp_path / "truth.tif")

    return write


@pytest.mark.parametrize("name", ["anomaly", "target"])
def test_scores_and_mask_are_one_evaluation(write_output, write_truth, name: str) -> None:
    (evaluation,) = evaluate(write_output(name), write_truth())
    assert evaluation.layer == name
    known = mask() > 0
    expected = detection_scores(scores(), marked()) | object_scores(mask() == 2, (marked() > 0) & known)
    assert evaluation.metrics == pytest.approx(expected)
    assert (evaluation.metrics["object_precision"], evaluation.metrics["object_recall"]) == (0.5, 0.5)
    assert evaluation.counts == {"target": 16, "background": 1968, "no data": 16}
    said = " ".join(evaluation.notes)
    assert "4 pixels that the truth marks have no score" in said
    assert f"all count as {name}" in said
    assert "false alarm rate below 0.00051 means no false alarm" in said


def test_a_matlab_truth_and_polygons_agree_with_a_raster(write_output, write_truth, tmp_path: Path) -> None:
    folder = write_output()
    (expected,) = evaluate(folder, write_truth())
    matlab = tmp_path / "truth.mat"
    scipy.io.savemat(matlab, {"map": marked()})
    features = []
    for value, (top, bottom, left, right) in ((1, (5, 8, 5, 9)), (2, (20, 22, 30, 32)), (1, (38, 40, 48, 50))):
        x0, y0 = NORTH_UP.xy(top, left)
        x1, y1 = NORTH_UP.xy(bottom, right)
        ring = [[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]
        geometry = {"type": "Polygon", "coordinates": [ring]}
        features.append({"type": "Feature", "properties": {"class": value}, "geometry": geometry})
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32633"}}
    polygons = tmp_path / "truth.geojson"
    polygons.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}))
    for truth in (matlab, polygons):
        assert evaluate(folder, truth)[0].metrics == expected.metrics


def test_a_truth_without_targets_is_said(write_output, write_truth) -> None:
    (evaluation,) = evaluate(write_output(), write_truth(np.zeros((ROWS, COLS), dtype=np.uint8)))
    assert evaluation.metrics == {"object_precision": 0.0}
    said = " ".join(evaluation.notes)
    assert "the truth marks no pixel that has a score; detection rate, AUC and average precision are undefined" in said
    assert "recall and F1 of objects are undefined" in said


def test_a_mask_without_detections_is_said(write_output, write_truth) -> None:
    (evaluation,) = evaluate(write_output(mask=np.ones((ROWS, COLS), dtype=np.uint8)), write_truth())
    assert "object_precision" not in evaluation.metrics
    assert evaluation.metrics["object_f1"] == 0.0
    assert any("precision of its objects is undefined" in note for note in evaluation.notes)


def test_a_truth_of_another_size_is_refused_with_both_sizes(write_output, tmp_path: Path) -> None:
    truth = tmp_path / "truth.tif"
    writers.geotiff.write(class_layer(30, 20, georef=None), truth)
    with pytest.raises(InputError, match=r"30 x 20 pixels .* against 40 x 50 pixels"):
        evaluate(write_output(), truth)


def test_a_mask_of_another_size_or_of_another_layer_is_not_taken(write_output, write_truth) -> None:
    folder = write_output(of="target")
    (evaluation,) = evaluate(folder, write_truth())
    assert not any(name.startswith("object") for name in evaluation.metrics)
    legend = Legend(("background", "anomaly"), COLORS)
    writers.geotiff.write(class_layer(30, 50, name="mask", array=np.ones((30, 50)), legend=legend), folder / "mask.tif")
    with pytest.raises(InputError, match=r"30 x 50 pixels, anomaly\.tif has 40 x 50"):
        evaluate(folder, write_truth())


def test_scores_of_several_bands_are_refused(tmp_path: Path, write_truth) -> None:
    layer = Layer(name="target", array=np.stack([scores(), scores()]), kind="score", georef=NORTH_UP)
    writers.geotiff.write(layer, tmp_path / "target.tif")
    with pytest.raises(InputError, match="2 bands; detection scores are one band"):
        evaluate(tmp_path, write_truth())


def test_classes_and_scores_of_one_folder_are_scored_each_in_its_way(write_output, write_truth) -> None:
    folder = write_output()
    legend = Legend(("class 1", "class 2"), COLORS)
    writers.geotiff.write(class_layer(array=np.maximum(marked(), 1), legend=legend), folder / "map.tif")
    assert [evaluation.layer for evaluation in evaluate(folder, write_truth())] == ["map", "anomaly"]


def test_a_truth_the_method_has_seen_is_told(write_output, write_truth) -> None:
    truth = write_truth()
    (evaluation,) = evaluate(write_output(settings={"inputs": [{"target": str(truth)}]}), truth)
    assert any("this very file" in note for note in evaluation.notes)


def test_the_command_prints_tables_and_json(write_output, write_truth, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["evaluate", str(write_output()), "--truth", str(write_truth())]
    assert main(command) == 0
    printed = capsys.readouterr()
    for expected in ("auc_overall", "pd_at_1e-3", "object_recall", "background"):
        assert expected in printed.out
    assert "have no score" in printed.err
    assert main([*command, "--json"]) == 0
    (layer,) = json.loads(capsys.readouterr().out)["layers"]
    assert layer["pixels"] == {"target": 16, "background": 1968, "no_data": 16}
    assert 0.5 < layer["metrics"]["auc"] < 1.0
