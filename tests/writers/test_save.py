from __future__ import annotations

import json
from pathlib import Path

import pytest

from hypersigma import writers
from hypersigma.errors import InputError, OutputError
from hypersigma.georef import Georef
from tests.layers import NORTH_UP, class_layer, report, score_layer

FILES = {"map.tif", "map.tif.aux.xml", "map.png", "confidence.tif", "confidence.png", "report.html", "report.json"}


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_result_is_a_folder(tmp_path: Path) -> None:
    folder = writers.save([class_layer(), score_layer()], report(), tmp_path / "deep" / "out")
    assert names(folder) == FILES
    assert json.loads((folder / "report.json").read_text())["layers"] == ["map", "confidence"]
    assert names(folder.parent) == {"out"}


def test_an_empty_folder_may_be_filled(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert names(writers.save([], report(), tmp_path / "out")) == {"report.html", "report.json"}


def test_an_earlier_result_is_replaced_only_when_asked(tmp_path: Path) -> None:
    writers.save([class_layer()], report(), tmp_path / "out")
    with pytest.raises(OutputError, match=r"out: the folder exists and is not empty; use --overwrite"):
        writers.save([], report(), tmp_path / "out")
    writers.save([], report(), tmp_path / "out", overwrite=True)
    assert names(tmp_path / "out") == {"report.html", "report.json"}
    assert names(tmp_path) == {"out"}


def test_foreign_files_are_never_deleted(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(OutputError, match=r"this folder holds no report\.json"):
        writers.save([], report(), tmp_path, overwrite=True)
    assert names(tmp_path) == {"thesis.tex"}


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(OutputError, match="found a file, expected a folder"):
        writers.check_output(tmp_path / "out", overwrite=True)


def test_a_failure_leaves_nothing_and_keeps_what_was(tmp_path: Path) -> None:
    writers.save([class_layer()], report(seed=1), tmp_path / "out")
    unwritable = class_layer(georef=Georef(NORTH_UP.transform, "nonsense"))
    with pytest.raises(InputError):
        writers.save([score_layer(), unwritable], report(), tmp_path / "out", overwrite=True)
    assert names(tmp_path) == {"out"}
    assert json.loads((tmp_path / "out" / "report.json").read_text())["seed"] == 1


def test_what_a_killed_run_left_is_cleared(tmp_path: Path) -> None:
    (tmp_path / ".out.partial").mkdir()
    (tmp_path / ".out.partial" / "half").touch()
    writers.save([], report(), tmp_path / "out")
    assert names(tmp_path) == {"out"}
    assert names(tmp_path / "out") == {"report.html", "report.json"}


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    def fail(path: Path) -> None:
        with writers.replaced_file(path) as partial:
            partial.write_text("new")
            raise RuntimeError

    path = tmp_path / "x.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError):
        fail(path)
    assert path.read_text() == "old"
    assert names(tmp_path) == {"x.txt"}


def test_a_disk_that_refuses_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        writers.save([], report(), tmp_path / "file" / "out")
