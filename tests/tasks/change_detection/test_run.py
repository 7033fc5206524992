"""A change detection from end to end, as a person would run it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

import hypersigma
from hypersigma.cube import Cube
from hypersigma.data.pair import CHANGED, Pair
from hypersigma.data.simulate import ChangeConfig, DisturbanceConfig, simulated_change
from hypersigma.engine.predict import load_fitted, predict_scene
from hypersigma.errors import ConfigError, InputError
from tests.fakes.dates import BANDS, CENTRES, COLS, HOLES, ROWS, dates, pair_of, truth
from tests.fakes.fields import crops, field_cube

QUICK = {"num_trees": 20}


def test_with_labels_changes_are_learned(tmp_path: Path) -> None:
    result = hypersigma.run("change_detection", *dates(holes=True), labels=truth(), config=QUICK)
    assert list(result.layers) == ["change", "map"]
    score, mapped = (result.layers[name].array for name in ("change", "map"))
    assert score.shape == mapped.shape == (ROWS, COLS)
    assert np.argwhere(mapped == 0).tolist() == sorted(map(list, HOLES), key=lambda place: place[0])
    assert np.mean(mapped == truth()) > 0.95
    assert result.report.metrics["f1_changed"] > 0.9
    out = result.save(tmp_path / "out")
    names = {"change.tif", "map.tif", "changes.geojson", "report.html", "report.json", "model"}
    assert names <= {path.name for path in out.iterdir()}


@pytest.mark.parametrize("labels", [None, truth()], ids=["scores", "labels"])
def test_a_saved_model_says_the_same(labels: np.ndarray | None, tmp_path: Path) -> None:
    result = hypersigma.run("change_detection", *dates(), labels=labels, config=QUICK)
    result.save(tmp_path / "out")
    again = predict_scene(load_fitted(tmp_path / "out"), pair_of())
    for name, layer in result.layers.items():
        np.testing.assert_allclose(again[name], layer.array, atol=1e-5)


def test_changes_of_a_simulated_date_are_found_without_labels() -> None:
    scene = simulated_change(
        field_cube(crops(64, 64)),
        100,
        ChangeConfig(share=0.05, size=(4.0, 10.0)),
        DisturbanceConfig(gain=0.2, snr=30.0),
    )
    assert isinstance(scene.cube, Pair)
    result = hypersigma.run("change_detection", scene.cube.before, scene.cube.after)
    assert roc_auc_score(scene.labels.ravel() == CHANGED, result.layers["change"].array.ravel()) > 0.9


@pytest.mark.parametrize("method", [None, "cva"])
def test_dates_of_two_sensors(method: str | None) -> None:
    before, after = dates()
    fine = np.linspace(430.0, 1200.0, 40)
    spectra = np.stack([np.interp(fine, CENTRES, spectrum) for spectrum in after.read().reshape(BANDS, -1).T], axis=1)
    later = Cube.from_array(spectra.reshape(40, ROWS, COLS).astype(np.float32), fine, name="later")
    result = hypersigma.run("change_detection", before, later, method=method)
    assert roc_auc_score(truth().ravel() == CHANGED, result.layers["change"].array.ravel()) > 0.95
    assert "differences are of the numbers as they are" in result.report.notes


def test_mistakes_are_told() -> None:
    before, after = dates()
    with pytest.raises(InputError, match="1 scenes; change detection takes pairs of dates"):
        hypersigma.run("change_detection", before)
    with pytest.raises(ConfigError, match="'rx' is a method for anomaly_detection; for change_detection there are"):
        hypersigma.run("change_detection", before, after, method="rx")
    with pytest.raises(ConfigError, match="takes no input 'lables'.*labels"):
        hypersigma.run("change_detection", before, after, lables=truth())
