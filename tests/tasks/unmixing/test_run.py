"""An unmixing from end to end, as a person would run it: both modes, files, models, reports."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from spectral.io import envi

import hypersigma as hs
from hypersigma.cli import main
from hypersigma.cube import Cube
from hypersigma.data.libraries import read_library
from hypersigma.engine.run import run
from hypersigma.errors import InputError
from hypersigma.products import SpectralLibrary, Table, Text
from hypersigma.tasks.unmixing.unmixer import SceneUnmixer
from hypersigma.writers.library import write
from tests.fakes.matlab import write_v5
from tests.fakes.mixtures import BANDS, CENTRES, COLS, NUM, ROWS, library, mixed, scene, shares, spectra

TRUTH = {"abundances": shares(), "endmembers": spectra()}
SMALL = {
    "mode": "trained",
    "tile": 16,
    "overlap": 4,
    "crops_per_batch": 2,
    "training": {"steps": 8, "warmup": 2},
    "front_end": {"spreading": [0.0], "shapes": [], "num_components": 8},
}


def titled(result: Any, title: str) -> Any:
    (section,) = [section for section in result.report.sections if section.title == title]
    return section


@pytest.mark.parametrize("light", [False, True])
def test_materials_are_found_whatever_the_light(light: bool) -> None:
    result = run("unmixing", mixed(light=light), endmembers=NUM, truth=TRUTH)
    layer = result.layers["abundances"]
    assert layer.array.dtype == np.float32
    assert layer.band_names == ("endmember 1", "endmember 2", "endmember 3")
    np.testing.assert_allclose(layer.array.sum(axis=0), 1.0, atol=1e-5)
    assert layer.array.min() >= 0
    assert result.report.metrics["sad"] < 0.05
    assert result.report.metrics["armse"] < (0.15 if light else 0.03)
    assert ("brightness does not count" in layer.description) == light


@pytest.mark.parametrize("light", [False, True])
def test_a_network_begins_with_least_squares(light: bool) -> None:
    network = run("unmixing", mixed(light=light), endmembers=NUM, truth=TRUTH, config=SMALL)
    plain = run("unmixing", mixed(light=light), endmembers=NUM, truth=TRUTH)
    assert network.report.metrics["armse"] < plain.report.metrics["armse"] + 0.03


def test_all_seeds_give_the_same() -> None:
    first, second = (run("unmixing", mixed(light=True), endmembers=NUM, seed=seed) for seed in (0, 5))
    np.testing.assert_array_equal(first.layers["abundances"].array, second.layers["abundances"].array)


def test_files_open_elsewhere_and_the_model_serves_further_scenes(tmp_path: Path) -> None:
    cube = mixed(light=True, holes=True)
    result = run("unmixing", cube, endmembers=NUM, library=library(), truth=TRUTH)
    result.save(tmp_path / "out")
    found = envi.open(tmp_path / "out/endmembers.hdr", tmp_path / "out/endmembers.sli")
    assert found.spectra.shape == (NUM, BANDS)
    np.testing.assert_allclose(read_library(tmp_path / "out/endmembers.csv").spectra, found.spectra, rtol=1e-8)
    with rasterio.open(tmp_path / "out/abundances.tif") as dataset:
        assert dataset.descriptions == ("endmember 1", "endmember 2", "endmember 3")
        assert np.isnan(dataset.nodata)
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names >= {"abundances.tif", "abundances.png", "residual.tif", "report.html", "report.json", "model"}
    again = hs.load_model(tmp_path / "out").predict(cube)
    np.testing.assert_allclose(again.layers["abundances"].array, result.layers["abundances"].array, atol=1e-6)
    assert np.isnan(result.layers["abundances"].array[:, 5, 7]).all()
    assert any("2 pixels lack data" in note for note in result.report.notes)


def test_the_report_says_how_it_agrees() -> None:
    result = run("unmixing", mixed(), endmembers="auto", library=library(), truth=TRUTH)
    agreement = titled(result, "Agreement with the truth")
    assert [row[0] for row in agreement.rows] == ["material 1", "material 2", "material 3"]
    matches = titled(result, "Most alike in library")
    assert all("°" in cell for row in matches.rows for cell in row[1:])
    evidence = titled(result, "How many endmembers there are")
    assert isinstance(evidence, Table)
    assert "HySime finds" in evidence.note
    assert "brightness" not in result.layers["abundances"].units
    untold = run("unmixing", mixed(), endmembers=NUM)
    assert isinstance(titled(untold, "What the figures say"), Text)
    assert set(untold.report.metrics) == {"num_endmembers", "residual", "sam", "sam_degrees"}


def test_a_library_alone_and_several_scenes() -> None:
    first, second = (replace(mixed(light=light), name=name) for light, name in ((False, "a"), (True, "b")))
    result = run("unmixing", first, second, library=library())
    assert set(result.layers) == {"a_abundances", "a_residual", "a_angle", "b_abundances", "b_residual", "b_angle"}
    assert result.layers["b_abundances"].band_names == ("clay", "grass", "water")
    found = result.layers["b_abundances"].array
    pure = shares() > 0.99
    assert found[pure].min() > 0.95
    assert np.corrcoef(found.ravel(), shares().ravel())[0, 1] > 0.9
    assert {"a_residual", "b_residual"} <= set(result.report.metrics)


def bundles() -> SpectralLibrary:
    """Grass as it is, and two spectra of clay and of water each, between which the scene's lies."""
    tilt = np.linspace(0.9, 1.1, BANDS)
    clay, grass, water = spectra()
    names = ("clay#1", "grass", "water#1", "clay#2", "water#2")
    return library(names=names, spectra=np.stack([clay * tilt, grass, water * tilt, clay / tilt, water / tilt]))


@pytest.mark.parametrize("method", ["vca_fcls", "sunsal"])
def test_spectra_of_one_material_are_added_up(method: str) -> None:
    result = run("unmixing", mixed(), library=bundles(), method=method, truth={"abundances": shares()})
    assert result.layers["abundances"].band_names == ("clay", "grass", "water")
    members = titled(result, "Spectra of each material")
    assert members.rows == (
        ("clay", 2, "clay#1, clay#2"),
        ("grass", 1, "grass"),
        ("water", 2, "water#1, water#2"),
    )
    (found,) = result.libraries
    assert found.names == bundles().names
    assert np.abs(result.layers["abundances"].array - shares()).mean() < 0.05
    one = run("unmixing", mixed(), library=bundles(), method=method, spectra="clay,grass,water#1")
    assert [row[:2] for row in titled(one, "Spectra of each material").rows] == [
        ("clay", 2),
        ("grass", 1),
        ("water", 1),
    ]


def test_a_network_tells_spectra_apart() -> None:
    result = run("unmixing", mixed(), library=bundles(), config=SMALL, weights="none")
    assert result.layers["abundances"].band_names == bundles().names
    assert any("does not add up the spectra" in note for note in result.report.notes)


@pytest.mark.parametrize("method", ["vca_fcls", "sunsal"])
def test_classical_methods_are_run_by_name(method: str) -> None:
    result = run("unmixing", mixed(), endmembers=NUM, method=method, truth=TRUTH)
    assert result.report.settings["method"] == method
    assert result.report.metrics["sad"] < 0.1
    assert len(result.libraries) == 1


def test_brightness_stays_where_sums_are_free() -> None:
    cube = mixed(light=True)
    config = {"sum_to_one": False, "compare": "shape"}
    result = run("unmixing", cube, endmembers=NUM, config=config)
    totals = result.layers["abundances"].array.sum(axis=0)
    assert totals.std() > 0.1
    assert "times the brightness" in result.layers["abundances"].description


@pytest.mark.parametrize("compare", ["shape", "numbers"])
def test_endmembers_that_are_off_are_moved(compare: Any) -> None:
    cube = mixed(noise=0.0)
    off = spectra() * np.linspace(0.9, 1.1, BANDS)
    errors = {}
    for freedom in ("fixed", "refined", "free"):
        config = {"endmembers": freedom, "compare": compare}
        result = run("unmixing", cube, library=library(spectra=off), truth=TRUTH, config=config)
        errors[freedom] = result.report.metrics["sad"]
    assert errors["free"] < errors["refined"] < errors["fixed"]


def test_a_material_two_pixels_wide_is_found() -> None:
    amounts = np.concatenate([shares(), np.zeros((1, ROWS, COLS))])
    amounts[:, 12:14, 15:17] = np.eye(4)[3][:, None, None]
    cube = Cube.from_array(np.tensordot(spectra(4).T, amounts, axes=1).astype(np.float32), CENTRES)
    truth = {"abundances": amounts, "endmembers": spectra(4)}
    for smoothing in (0.0, 1.0):
        found = run("unmixing", cube, endmembers=4, truth=truth, config={"smoothing": smoothing})
        assert found.report.metrics["sad"] < 0.01


def test_more_endmembers_than_there_can_be() -> None:
    for number in (BANDS + 1, ROWS * COLS + 1):
        with pytest.raises(InputError, match=f"{number} endmembers cannot be found"):
            run("unmixing", mixed(), endmembers=number)
    ones = run("unmixing", mixed(), endmembers=1).layers["abundances"].array
    np.testing.assert_allclose(ones, 1.0)


@pytest.mark.parametrize(
    ("changes", "weights"),
    [
        ({"endmembers": "fixed"}, "none"),
        ({"endmembers": "refined"}, None),
        ({"endmembers": "free", "fusion": "none", "sparsity": 0.1, "variation": 0.1}, "none"),
        ({"endmembers": "refined", "embedding": "canonical"}, "none"),
    ],
)
def test_a_network_is_begun_with_endmembers(changes: dict[str, Any], weights: str | None, tmp_path: Path) -> None:
    cube = mixed(light=True, holes=True)
    result = run("unmixing", cube, endmembers=NUM, truth=TRUTH, config=SMALL | changes, weights=weights)
    shares_found = result.layers["abundances"].array
    known = np.isfinite(shares_found).all(axis=0)
    assert known.sum() == ROWS * COLS - 2
    np.testing.assert_allclose(shares_found[:, known].sum(axis=0), 1.0, atol=1e-5)
    (found,) = result.libraries
    begun = SceneUnmixer().fit([replace(scene(light=True, holes=True))], 0).endmembers
    same = np.allclose(found.spectra, begun)
    assert same == (changes["endmembers"] == "fixed")
    assert found.spectra.min() >= 0
    assert result.report.metrics["sad"] < 0.3
    result.save(tmp_path / "out")
    again = hs.load_model(tmp_path / "out").predict(cube)
    np.testing.assert_allclose(again.layers["abundances"].array, shares_found, atol=1e-5)


def test_the_published_network_runs_without_wavelengths() -> None:
    config = SMALL | {"architecture": "published", "loss": "published", "endmembers": "free", "logit_dropout": 0.2}
    config |= {"front_end": {"bands": "native", "reduction": "none", "spreading": [0.0], "shapes": []}}
    result = run("unmixing", mixed(wavelengths=None), endmembers=NUM, config=config)
    assert np.isfinite(result.layers["abundances"].array).all()
    assert result.libraries[0].numbered


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_v5(tmp_path / "scene.mat", Y=np.moveaxis(mixed().read().astype(float), 0, -1))
    command = ["run", "unmixing", str(path), "--variable", "Y", "--endmembers", "3", "-o", str(tmp_path / "out")]
    assert main(command) == 0
    assert "endmembers.sli" in capsys.readouterr().out
    assert main(["run", "unmixing", str(path), "--variable", "Y", "-o", str(tmp_path / "out2")]) == 2
    assert "needs --endmembers N" in capsys.readouterr().err


def test_groups_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_v5(tmp_path / "scene.mat", Y=np.moveaxis(mixed().read().astype(float), 0, -1))
    spectra_file = write(replace(bundles(), names=("c1", "g", "w1", "c2", "w2")), tmp_path / "spectra")
    kinds = tmp_path / "kinds.csv"
    kinds.write_text("name,level,kind\nc1,dry,clay\nc2,dry,clay\ng,green,grass\nw1,wet,water\nw2,wet,water\n")
    command = ["run", "unmixing", str(path), "--variable", "Y", "--wavelengths", "420:2400"]
    command += ["--library", str(spectra_file), "-o", str(tmp_path / "out"), "--overwrite"]
    assert main([*command, "--groups", f"{kinds}#kind"]) == 0
    with rasterio.open(tmp_path / "out" / "abundances.tif") as written:
        assert written.descriptions == ("clay", "grass", "water")
    assert main([*command, "--groups", f"{kinds}#sort"]) == 2
    assert "there is no column 'sort'" in capsys.readouterr().err
