"""Super-resolution from the command line: files in, what comes out, and what a mistake gets."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio import Affine

from hypersigma import cli
from hypersigma.readers import open_cube
from tests.fakes.geotiff import GRID, write_tiff
from tests.fakes.sharp import BANDS, SIDE, WAVES, coarse, companion, truth


def write(path: Path, array: np.ndarray, scale: int = 1) -> Path:
    names = [f"{centre:.2f} nm" for centre in WAVES] if len(array) == BANDS else ()
    return write_tiff(path, array, descriptions=names, transform=GRID @ Affine.scale(scale), crs="EPSG:32633")


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    return write(tmp_path / "scene.tif", coarse(4).read(), 4)


def run(*arguments: str | Path) -> int:
    return cli.main(["run", "super_resolution", *map(str, arguments)])


def test_a_scale(scene: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run(scene, "--scale", "4", "-o", out) == 0
    names = {"sharpened.tif", "sharpened.png", "report.html", "report.json", "model"}
    assert names <= {path.name for path in out.iterdir()}
    with rasterio.open(out / "sharpened.tif") as file:
        assert (file.count, file.shape) == (BANDS, (SIDE, SIDE))
        assert file.transform.almost_equals(GRID)
        assert file.crs.to_epsg() == 32633
    np.testing.assert_allclose(open_cube(out / "sharpened.tif").wavelengths, WAVES, atol=0.01)
    assert json.loads((out / "report.json").read_text())["metrics"]["ratio"] == 4
    assert cli.main(["predict", "--model", str(out), str(scene), "-o", str(tmp_path / "again")]) == 0
    again = open_cube(tmp_path / "again" / "sharpened.tif").read()
    np.testing.assert_array_equal(again, open_cube(out / "sharpened.tif").read())


def test_a_companion(scene: Path, tmp_path: Path) -> None:
    sharp = write(tmp_path / "sharp.tif", companion().read())
    assert run(scene, "--companion", sharp, "-o", tmp_path / "out") == 0
    with rasterio.open(tmp_path / "out" / "sharpened.tif") as file:
        assert file.transform.almost_equals(GRID)
        assert np.sqrt(np.mean((file.read() - truth()) ** 2)) < 0.01


@pytest.mark.parametrize("method", ["", "back_projection"])
def test_whole_numbers_stay_whole_with_their_scale(method: str, tmp_path: Path) -> None:
    reflectance = coarse(4).read()
    scene = write_tiff(
        tmp_path / "whole.tif",
        np.rint(reflectance * 1e4).astype("i2"),
        descriptions=[f"{centre:.2f} nm" for centre in WAVES],
        transform=GRID @ Affine.scale(4),
        crs="EPSG:32633",
        nodata=-32768,
    )
    with rasterio.open(scene, "r+") as file:
        file.scales = (1e-4,) * BANDS
    chosen = ("--method", method) if method else ()
    assert run(scene, "--scale", "2", *chosen, "-o", tmp_path / "out") == 0
    with rasterio.open(tmp_path / "out" / "sharpened.tif") as file:
        assert set(file.dtypes) == {"int16"}
        assert file.scales == (1e-4,) * BANDS
        assert file.nodata == -32768
        whole = file.read()
    assert run(scene, "--scale", "2", *chosen, "--set", "whole=false", "-o", tmp_path / "real") == 0
    real = open_cube(tmp_path / "real" / "sharpened.tif")
    assert real.source.dtype == np.float32
    np.testing.assert_allclose(whole / 1e4, real.read(), atol=0.501e-4)
    np.testing.assert_allclose(open_cube(tmp_path / "out" / "sharpened.tif").read(), whole / 1e4, rtol=1e-5)


@pytest.mark.parametrize("method", ["", "gsa"])
def test_whole_numbers_with_a_companion_that_shows_a_part(method: str, tmp_path: Path) -> None:
    """The scene has no number for no data; where the companion has a gap the end of the type says so."""
    counts, sharp = np.rint(coarse(4).read() * 1e4).astype("i2"), companion().read()
    sharp[:, 40:44, 40:44] = np.nan
    scene, other = write(tmp_path / "scene.tif", counts, 4), write(tmp_path / "sharp.tif", sharp)
    chosen = ("--method", method) if method else ()
    assert run(scene, "--companion", other, *chosen, "-o", tmp_path / "out") == 0
    with rasterio.open(tmp_path / "out" / "sharpened.tif") as file:
        assert set(file.dtypes) == {"int16"}
        assert file.nodata == -32768
        gaps = file.read_masks(1) == 0
    assert gaps[40:44, 40:44].all()
    assert gaps.sum() == 16


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "neither scale nor companion; give --scale 4, say, or --companion"),
        (("--scale", "2.5"), "the scale is 2.5; without a companion a whole number from 2 on is needed"),
        (("--scale", "four"), "--scale"),
        (("--companion", "missing.tif"), "missing.tif"),
        (("--scale", "2", "--companion", "missing.tif"), "a scale and a companion"),
        (("--scale", "2", "--weights", "tiny"), "takes no weights"),
    ],
)
def test_mistakes(arguments: tuple[str, ...], said: str, scene: Path, tmp_path: Path, capsys) -> None:
    assert run(scene, *arguments, "-o", tmp_path / "out") == 2
    told = " ".join(capsys.readouterr().err.split())
    assert said in told
    assert "Traceback" not in told
    assert not (tmp_path / "out").exists()


def test_a_companion_that_is_coarser_or_elsewhere(scene: Path, tmp_path: Path, capsys) -> None:
    blunt = write(tmp_path / "blunt.tif", companion(coarse(8).read()).read(), 8)
    assert run(scene, "--companion", blunt, "-o", tmp_path / "out") == 2
    assert "blunt is not sharper than scene" in " ".join(capsys.readouterr().err.split())
    away = write_tiff(
        tmp_path / "away.tif", companion().read(), transform=GRID @ Affine.translation(900, 0), crs="EPSG:32633"
    )
    assert run(scene, "--companion", away, "-o", tmp_path / "out") == 2
    assert "scene shares no ground with away" in " ".join(capsys.readouterr().err.split())


def test_a_scene_without_data(tmp_path: Path, capsys) -> None:
    empty = write(tmp_path / "empty.tif", np.full((BANDS, 8, 9), np.nan, dtype="f4"))
    assert run(empty, "--scale", "2", "-o", tmp_path / "out") == 2
    assert "none of the 12 bands can be used" in " ".join(capsys.readouterr().err.split())
