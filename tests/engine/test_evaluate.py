from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hypersigma import writers
from hypersigma.cli import main
from hypersigma.engine.evaluate import evaluate
from hypersigma.errors import InputError
from hypersigma.metrics import expected_calibration_error
from hypersigma.products import Layer, Legend
from tests.layers import LEGEND, NORTH_UP, class_layer, report, score_layer

ROWS, COLS = 40, 50


def true_classes() -> np.ndarray:
    """Three fields side by side, unlabelled at the border."""
    values = np.repeat(np.array([1, 2, 3], dtype=np.uint8), [17, 17, 16])[None].repeat(ROWS, axis=0)
    values[:2] = 0
    return values


def map_layer() -> Layer:
    """The true classes with 100 pixels taken for another class and 20 without any."""
    values = np.repeat(np.array([1, 2, 3]), [17, 17, 16])[None].repeat(ROWS, axis=0)
    values[10:20, :10] = 2
    values[30:32, :10] = 0
    return class_layer(array=values)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return writers.save([map_layer(), score_layer(ROWS, COLS)], report(), tmp_path / "out")


@pytest.fixture
def write_truth(tmp_path: Path) -> Callable[..., Path]:
    def write(legend: Legend | None = None, values: np.ndarray | None = None) -> Path:
        layer = class_layer(array=true_classes() if values is None else values, legend=legend)
        return writers.geotiff.write(layer, tmp_path / "truth.tif")

    return write


def test_a_map_is_scored_over_labelled_pixels(output: Path, write_truth) -> None:
    (evaluation,) = evaluate(output, write_truth())
    total = 38 * COLS
    assert evaluation.layer == "map"
    assert evaluation.names == LEGEND.names
    assert evaluation.matrix.sum() == total
    assert evaluation.matrix[1, 2] == 100
    assert evaluation.metrics["oa"] == pytest.approx((total - 120) / total)
    assert evaluation.metrics["oa_low"] < evaluation.metrics["oa"] < evaluation.metrics["oa_high"]
    assert any("20 pixels of the truth have no class in the map" in note for note in evaluation.notes)


def test_calibration_is_over_pixels_with_label_class_and_confidence(output: Path, write_truth) -> None:
    (evaluation,) = evaluate(output, write_truth())
    truth, predicted, confidence = true_classes(), map_layer().array, score_layer(ROWS, COLS).array
    scored = (truth > 0) & (predicted > 0) & np.isfinite(confidence)
    expected = expected_calibration_error(confidence[scored], truth[scored] == predicted[scored])
    assert evaluation.metrics["ece"] == pytest.approx(expected)


def test_classes_are_matched_by_name(output: Path, tmp_path: Path) -> None:
    features = []
    for name, first, last in (("water", 34, 50), ("corn, no till", 0, 17), ("grass & <trees>", 17, 34)):
        x0, y0 = NORTH_UP.xy(2, first)
        x1, y1 = NORTH_UP.xy(ROWS, last)
        ring = [[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]
        geometry = {"type": "Polygon", "coordinates": [ring]}
        features.append({"type": "Feature", "properties": {"class": name}, "geometry": geometry})
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32633"}}
    truth = tmp_path / "truth.geojson"
    truth.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}))
    (evaluation,) = evaluate(output, truth)
    assert evaluation.matrix[1, 2] == 100


def test_other_classes_are_refused(output: Path, tmp_path: Path) -> None:
    other = Layer(name="map", array=np.full((ROWS, COLS), 5), kind="classes", georef=NORTH_UP)
    other.array[0, 0] = 4
    truth = writers.geotiff.write(other, tmp_path / "truth.tif")
    with pytest.raises(
        InputError, match="the map has Corn, no till, Grass & <trees>, Water; give a truth with the same"
    ):
        evaluate(output, truth)


def test_a_folder_without_classes_says_what_was_expected(tmp_path: Path, write_truth) -> None:
    writers.geotiff.write(score_layer(), tmp_path / "confidence.tif")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"no layer found that can be scored; expected .* map\.tif"):
        evaluate(tmp_path / "empty", write_truth())


def test_a_truth_the_model_was_fitted_with_is_told(tmp_path: Path, write_truth) -> None:
    truth = write_truth()
    settings = {"inputs": [{"labels": str(truth)}], "epochs": 3}
    folder = writers.save([map_layer()], report(settings=settings), tmp_path / "fitted")
    (evaluation,) = evaluate(folder, truth)
    assert any("fitted with labels of this very file" in note for note in evaluation.notes)
    assert "ece" not in evaluation.metrics
    (folder / "report.json").unlink()
    assert not any("very file" in note for note in evaluate(folder, truth)[0].notes)


def test_the_command_prints_tables(output: Path, write_truth, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(output), "--truth", str(write_truth())]) == 0
    printed = capsys.readouterr()
    for expected in ("kappa", "Grass & <trees>", "Confusion", "no class"):
        assert expected in printed.out
    assert "count as wrong" in printed.err


def test_the_command_prints_json(output: Path, write_truth, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(output), "--truth", str(write_truth()), "--json"]) == 0
    (layer,) = json.loads(capsys.readouterr().out)["layers"]
    assert layer["layer"] == "map"
    assert set(layer["metrics"]) == {"oa", "oa_low", "oa_high", "aa", "kappa", "f1", "ece"}
    assert layer["classes"][0]["class"] == "Corn, no till"
    assert np.array(layer["confusion"]).shape == (4, 4)


def test_the_command_exits_with_2_for_a_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(tmp_path / "nowhere"), "--truth", str(tmp_path / "truth.tif")]) == 2
    assert "error:" in capsys.readouterr().err
