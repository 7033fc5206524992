"""From a scene on disk to a map, a report and a model, with one command a step."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio

from tests.e2e.conftest import COLS, PLACE, ROWS, Said, truth, write_labels, write_scene

Say = Callable[..., Said]


def test_info_tells_and_draws(say: Say, scene: Path, tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    code, out, err = say("info", scene, "--json", "--quicklook", picture)
    assert code == 0, err
    facts = json.loads(out)
    assert (facts["rows"], facts["columns"], facts["bands"]) == (ROWS, COLS, 40)
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.fixture
def result(say: Say, scene: Path, labels: Path, tmp_path: Path) -> Path:
    """The output folder of a classification by a classical method."""
    pytest.importorskip("hypersigma.engine.run")
    out = tmp_path / "out"
    code, _, err = say("run", "classification", scene, "--labels", labels, "-o", out, "--method", "lda")
    assert code == 0, err
    return out


def test_the_map_lies_where_the_scene_lies(result: Path) -> None:
    with rasterio.open(result / "map.tif") as file:
        assert file.crs.to_epsg() == 32633
        assert file.transform.almost_equals(PLACE)
        classes = file.read(1)
    assert not classes[:4, :5].any(), "pixels without data are left without a class"
    known = np.ones((ROWS, COLS), dtype=bool)
    known[:4, :5] = False
    assert (classes == truth())[known].mean() > 0.95


def test_the_report_says_what_was_done(result: Path) -> None:
    report = json.loads((result / "report.json").read_text())
    keys = {"task", "scene", "settings", "seed", "seconds", "peak_memory_mb", "metrics", "layers"}
    assert keys <= report.keys()
    assert report["task"] == "classification"
    assert {"map", "confidence"} <= set(report["layers"])
    page = (result / "report.html").read_text()
    assert "http://" not in page.replace("http://www.w3.org", "")


def test_the_model_serves_another_scene(result: Path, say: Say, tmp_path: Path) -> None:
    other, out = write_scene(tmp_path / "other", seed=5), tmp_path / "maps"
    code, _, err = say("predict", "--model", result / "model", other, "-o", out)
    assert code == 0, err
    (found,) = out.rglob("map.tif")
    with rasterio.open(found) as file:
        assert (file.read(1) == truth()).mean() > 0.95


def test_evaluate_scores_it(result: Path, say: Say, tmp_path: Path) -> None:
    full = write_labels(tmp_path / "truth.tif", truth())
    code, out, err = say("evaluate", result, "--truth", full, "--json", "--quiet")
    assert code == 0, err
    layers = json.loads(out)["layers"]
    assert layers[0]["metrics"]["oa"] > 0.95


def test_python_gives_what_the_command_line_gives(result: Path, scene: Path, labels: Path) -> None:
    import hypersigma as hs

    again = hs.run("classification", hs.open_cube(scene), labels=labels, method="lda")
    with rasterio.open(result / "map.tif") as file:
        np.testing.assert_array_equal(again.layers["map"].array, file.read(1))
