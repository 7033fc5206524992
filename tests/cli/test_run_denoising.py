"""Denoising from the command line: a file in, what comes out, and what a mistake gets."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio

from hypersigma import cli
from hypersigma.readers import open_cube
from tests.fakes.fields import AVIRIS_LIKE, COLS, ROWS, crops, field_cube
from tests.fakes.geotiff import GRID, write_tiff

SMALL = ("rounds=1", "patches.reach=4", "patches.members=[12]", "patches.sides=[4]")
QUICK = tuple(word for setting in SMALL for word in ("--set", f"subspace.{setting}"))


def write(path: Path, array: np.ndarray) -> Path:
    names = [f"{centre:.2f} nm" for centre in AVIRIS_LIKE]
    return write_tiff(path, array, descriptions=names, transform=GRID, crs="EPSG:32633")


def run(*arguments: str | Path) -> int:
    return cli.main(["run", "denoising", *map(str, arguments)])


def test_a_scene_of_whole_numbers(tmp_path: Path) -> None:
    noisy, clean = (10_000 * field_cube(crops(), noise=noise).read() for noise in (0.03, 0.0))
    scene = write(tmp_path / "scene.tif", np.rint(noisy).astype("i2"))
    truth = write(tmp_path / "truth.tif", clean.astype("f4"))
    out = tmp_path / "out"
    assert run(scene, "--truth", truth, *QUICK, "-o", out) == 0
    names = {"denoised.tif", "residual.tif", "angle.tif", "report.html", "report.json", "model"}
    assert names <= {path.name for path in out.iterdir()}
    found = open_cube(out / "denoised.tif")
    np.testing.assert_allclose(found.wavelengths, AVIRIS_LIKE, atol=0.01)
    assert np.sqrt(np.mean((found.read() - clean) ** 2)) < 100
    with rasterio.open(out / "angle.tif") as file:
        assert (file.shape, file.transform) == ((ROWS, COLS), GRID)
        assert file.units == ("radians",)
    metrics = json.loads((out / "report.json").read_text())["metrics"]
    assert metrics["noise_median"] == pytest.approx(300, rel=0.1)
    assert cli.main(["predict", "--model", str(out), str(scene), "-o", str(tmp_path / "again")]) == 0
    np.testing.assert_array_equal(open_cube(tmp_path / "again" / "denoised.tif").read(), found.read())


@pytest.mark.parametrize("method", ["", "pca_denoising"])
def test_whole_numbers_keep_their_scale(method: str, tmp_path: Path) -> None:
    scene = write(tmp_path / "scene.tif", np.rint(10_000 * field_cube(crops()).read()).astype("i2"))
    with rasterio.open(scene, "r+") as file:
        file.scales = (1e-4,) * file.count
    chosen = ("--method", method) if method else QUICK
    assert run(scene, *chosen, "-o", tmp_path / "out") == 0
    with rasterio.open(tmp_path / "out" / "denoised.tif") as file:
        assert set(file.dtypes) == {"int16"}
        assert set(file.scales) == {1e-4}
    before, clean, residual = (
        open_cube(path).read() for path in (scene, tmp_path / "out" / "denoised.tif", tmp_path / "out" / "residual.tif")
    )
    np.testing.assert_allclose(clean + residual, before, atol=0.51e-4)
    assert run(scene, *chosen, "--set", "whole=false", "-o", tmp_path / "real") == 0
    assert open_cube(tmp_path / "real" / "denoised.tif").source.dtype == np.float32


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--truth", "missing.tif"), "missing.tif"),
        (("--set", "subspace.rounds=0"), "rounds are 0; expected at least 1"),
        (("--set", "mode=learned"), "mode"),
        (("--set", "draws=0"), "draws are 0; expected at least 1"),
        (("--method", "rx"), "is a method for anomaly_detection; for denoising there are fasthyde, nlm"),
    ],
)
def test_mistakes(arguments: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scene = write(tmp_path / "scene.tif", field_cube(crops()).read())
    assert run(scene, *arguments, "-o", tmp_path / "out") == 2
    told = " ".join(capsys.readouterr().err.split())
    assert said in told
    assert "Traceback" not in told


def test_a_scene_without_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scene = write(tmp_path / "scene.tif", np.full((60, 8, 9), np.nan, dtype="f4"))
    assert run(scene, "-o", tmp_path / "out") == 2
    assert "none of the 60 bands can be used" in " ".join(capsys.readouterr().err.split())
