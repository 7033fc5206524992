"""Change detection from the command line: two files in, what comes out, and what a mistake gets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio import Affine

from hypersigma import cli
from hypersigma.data.pair import CHANGED
from tests.fakes.dates import BANDS, COLS, ROWS, numbers, truth
from tests.fakes.geotiff import GRID, write_tiff

QUICK = ("--set", "num_trees=10")


def write(path: Path, array: np.ndarray, grid: Affine | None = GRID, **profile: Any) -> Path:
    """A GeoTIFF on the grid of all dates here, or on another one, or on none."""
    place = {} if grid is None else {"transform": grid, "crs": "EPSG:32633"}
    return write_tiff(path, array, **{**place, **profile})


@pytest.fixture
def scenes(tmp_path: Path) -> tuple[Path, Path]:
    before, after = numbers()
    return write(tmp_path / "before.tif", before), write(tmp_path / "after.tif", after)


def run(*arguments: str | Path) -> int:
    return cli.main(["run", "change_detection", *map(str, arguments)])


def refused(capsys: pytest.CaptureFixture[str], out: Path, *arguments: str | Path) -> str:
    """What is said of arguments that end in a mistake: one message, and nothing is written."""
    assert run(*arguments, "-o", out) == 2
    told = capsys.readouterr().err
    assert "Traceback" not in told
    assert not out.exists()
    return " ".join(told.split())


def test_two_dates(scenes: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run(*scenes, "-o", out) == 0
    names = {"change.tif", "map.tif", "changes.geojson", "report.html", "report.json", "model"}
    assert names <= {path.name for path in out.iterdir()}
    report = json.loads((out / "report.json").read_text())
    assert {"changed_share", "changes", "changed_ha"} <= report["metrics"].keys()
    assert "f1" not in report["metrics"]
    with rasterio.open(out / "map.tif") as file:
        assert (file.shape, file.transform) == ((ROWS, COLS), GRID)
        assert file.crs.to_epsg() == 32633
        mapped = file.read(1)
    assert np.mean(mapped[truth() == CHANGED] == CHANGED) > 0.9
    features = json.loads((out / "changes.geojson").read_text())["features"]
    assert len(features) == report["metrics"]["changes"]
    assert all(feature["properties"]["area_ha"] > 0 for feature in features)


def test_labels_and_a_baseline_and_a_model_for_further_dates(scenes: tuple[Path, Path], tmp_path: Path) -> None:
    labels = write(tmp_path / "labels.tif", np.where(truth() == CHANGED, 255, 0).astype("u1")[None])
    codes = ("--changed", "255", "--unchanged", "0")
    for number, method in enumerate((("--method", "svm_difference"), QUICK)):
        out = tmp_path / f"out{number}"
        assert run(*scenes, "--labels", labels, *codes, *method, "-o", out) == 0
        assert json.loads((out / "report.json").read_text())["metrics"]["f1_changed"] > 0.9
    before, after = numbers(5)
    later = write(tmp_path / "third.tif", before), write(tmp_path / "fourth.tif", after)
    assert cli.main(["predict", "--model", str(out), *map(str, later), "-o", str(tmp_path / "again")]) == 0
    (mapped,) = (tmp_path / "again").rglob("map.tif")
    with rasterio.open(mapped) as file:
        assert np.mean(file.read(1) == truth()) > 0.85


def test_dates_without_common_ground(scenes: tuple[Path, Path], tmp_path: Path, capsys) -> None:
    away = write(tmp_path / "away.tif", numbers()[1], GRID @ Affine.translation(500, 0))
    told = refused(capsys, tmp_path / "out", scenes[0], away)
    assert "the two dates show no common ground: the first, before, lies at x 362175 to" in told


def test_sizes_that_differ_without_a_place(tmp_path: Path, capsys) -> None:
    before, after = numbers()
    paths = write(tmp_path / "a.tif", before, None), write(tmp_path / "b.tif", after[:, :-1], None)
    told = refused(capsys, tmp_path / "out", *paths)
    assert "a has 40 x 44 pixels, b 39 x 44, and a and b no georeference" in told


def test_labels_of_other_values(scenes: tuple[Path, Path], tmp_path: Path, capsys) -> None:
    labels = write(tmp_path / "labels.tif", (3 * truth()).astype("u1")[None])
    told = refused(capsys, tmp_path / "out", *scenes, "--labels", labels)
    counts = [int(np.sum(truth() == value)) for value in (1, 2)]
    assert f"3 ({counts[0]} pixels), 6 ({counts[1]} pixels)" in told
    assert "--changed N --unchanged M" in told


def test_a_date_without_data(scenes: tuple[Path, Path], tmp_path: Path, capsys) -> None:
    empty = write(tmp_path / "empty.tif", np.full((BANDS, ROWS, COLS), -9999, dtype="f4"), nodata=-9999)
    assert "empty" in refused(capsys, tmp_path / "out", scenes[0], empty)
    assert "empty" in refused(capsys, tmp_path / "out", empty, scenes[1])


@pytest.mark.parametrize("number", [1, 3])
def test_an_odd_number_of_scenes(number: int, scenes: tuple[Path, Path], tmp_path: Path, capsys) -> None:
    told = refused(capsys, tmp_path / "out", *(scenes * 2)[:number])
    assert f"{number} scenes; change detection takes pairs of dates: BEFORE AFTER" in told


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--labels", "missing.tif"), "missing.tif: there is no such label file"),
        (("--method", "rx"), "is a method for anomaly_detection"),
        (("--set", "num_tree=3"), "num_trees"),
        (("--classes-before", "labels.tif"), "belong together"),
    ],
)
def test_other_mistakes(
    arguments: tuple[str, ...], said: str, scenes: tuple[Path, Path], tmp_path: Path, capsys
) -> None:
    assert said in refused(capsys, tmp_path / "out", *scenes, *arguments)


def test_a_copy_is_told(scenes: tuple[Path, Path], tmp_path: Path, capsys) -> None:
    out = tmp_path / "out"
    assert run(scenes[0], scenes[0], "-o", out) == 0
    assert "the two dates hold the same numbers: nothing can have changed" in " ".join(capsys.readouterr().err.split())
    assert json.loads((out / "report.json").read_text())["metrics"]["changed_share"] == 0.0


def test_other_units_are_told(scenes: tuple[Path, Path], tmp_path: Path, capsys) -> None:
    counts = write(tmp_path / "counts.tif", np.rint(10_000 * numbers()[1]).astype("i2"))
    out = tmp_path / "out"
    assert run(scenes[0], counts, "-o", out) == 0
    told = " ".join(capsys.readouterr().err.split())
    assert "the numbers of counts are about" in told
    assert "differences of the two dates are partly those of units or scales" in told
    # and it does no harm
    with rasterio.open(out / "map.tif") as file:
        assert np.mean(file.read(1)[truth() == CHANGED] == CHANGED) > 0.9
