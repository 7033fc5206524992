"""Scoring abundances against a truth file, as a person would."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.io

from hypersigma.cli import main
from hypersigma.cube import Cube
from hypersigma.data.libraries import read_library
from hypersigma.engine.evaluate import evaluate
from hypersigma.engine.run import run
from hypersigma.errors import InputError
from tests.fakes.mixtures import NUM, library, mixed, shares, spectra


def saved(folder: Path, cube: Cube | None = None, **inputs: Any) -> Path:
    run("unmixing", cube or mixed(), **(inputs or {"endmembers": NUM})).save(folder)
    return folder


def truth_file(folder: Path, **arrays: Any) -> Path:
    path = folder / "truth.mat"
    scipy.io.savemat(path, arrays)
    return path


@pytest.mark.parametrize("numbered", [False, True])
def test_figures_are_those_of_the_run(tmp_path: Path, numbered: bool) -> None:
    cube = replace(mixed(), wavelengths=None, fwhm=None) if numbered else mixed()
    truth = {"abundances": shares(), "endmembers": spectra()}
    result = run("unmixing", cube, endmembers=NUM, truth=truth)
    result.save(tmp_path / "out")
    assert read_library(tmp_path / "out/endmembers.sli", scale=1.0).numbered == numbered
    path = truth_file(tmp_path, A=np.moveaxis(shares(), 0, -1), M=spectra())
    (found,) = evaluate(tmp_path / "out", path)
    for name in ("sad", "armse", "rmse", "mse", "mae"):
        assert found.metrics[name] == pytest.approx(result.report.metrics[name], abs=1e-5)
    assert found.notes == ("materials were matched so that the sum of the angles is least",)
    json.dumps(found.plain())


def test_materials_are_matched_by_name_or_else_by_abundances(tmp_path: Path) -> None:
    named = saved(tmp_path / "named", library=library(), config={"compare": "numbers"})
    (found,) = evaluate(named, named / "abundances.tif")
    assert found.metrics["armse"] == 0
    assert found.notes == ("materials were matched by name",)
    assert [row[1] for row in found.tables()[1].rows] == ["clay", "grass", "water"]
    unnamed = saved(tmp_path / "unnamed")
    (found,) = evaluate(unnamed, named / "abundances.tif")
    assert "which flatters" in found.notes[0]
    assert found.metrics["armse"] < 0.1


def test_shade_bundles_and_missing_pixels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cube = mixed(holes=True, noise=0.01)
    run("unmixing", cube, endmembers=NUM, config={"shade": True, "bundle": 3}).save(tmp_path / "out")
    path = truth_file(tmp_path, A=np.moveaxis(shares(), 0, -1), M=spectra())
    main(["evaluate", str(tmp_path / "out"), "--truth", str(path), "--json"])
    (layer,) = json.loads(capsys.readouterr().out)["layers"]
    assert layer["metrics"]["armse"] < 0.3
    assert "2 pixels of the truth have no abundances" in layer["notes"][1]


def test_a_truth_that_does_not_fit(tmp_path: Path) -> None:
    folder = saved(tmp_path / "out")
    with pytest.raises(InputError, match="no array is of abundances or endmembers"):
        evaluate(folder, truth_file(tmp_path, A=np.ones((5, 5))))
    for path in folder.glob("endmembers.*"):
        path.unlink()
    path = truth_file(tmp_path, A=np.moveaxis(shares(), 0, -1), M=spectra())
    (found,) = evaluate(folder, path)
    assert "sad" not in found.metrics
