"""Benchmark scenes for denoising and super-resolution, on small files written by code and on the real ones."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from hypersigma import cli
from hypersigma.data.sampling import SplitConfig
from hypersigma.data.scenes import (
    _clean,
    _coarse,
    _noisy,
    denoising_cave,
    denoising_indian_pines,
    denoising_raw_bands,
    sharpening_cave,
)
from hypersigma.data.scenes._clean import quiet
from hypersigma.engine.results import key_of
from hypersigma.engine.trial import Trial, run_trial
from hypersigma.errors import ConfigError, HypersigmaError
from hypersigma.spectra import sensor_bands
from tests.fakes.envi import braces, ramp, write_envi


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with a small CAVE, Indian Pines and AVIRIS-like scene."""
    generator = np.random.default_rng(100)
    savemat(tmp_path / "chart_and_stuffed_toy_ms_256.mat", {"NRD": generator.integers(1, 500, (24, 20, 31), "u2")})
    pixels = 1000 + 100 * np.tensordot(generator.random((12, 14, 3)), generator.random((3, 200)), axes=1)
    pixels[:, :, 20:30] += 200 * generator.standard_normal((12, 14, 10))
    np.save(tmp_path / "Indian_pines_corrected.npy", np.rint(pixels).astype("u2"))
    np.save(tmp_path / "Indian_pines_gt.npy", np.ones((12, 14), dtype="u1"))
    waves = sensor_bands("aviris_1992")[0]
    cubes = {"hsi_img": generator.integers(1, 500, (9, 8, 220), "i2"), "wavelengths": waves}
    savemat(tmp_path / "a_hsi_img_for_VI_demo.mat", cubes)
    return tmp_path


def test_every_published_case_is_there_with_the_truth_kept_apart(files: Path) -> None:
    scenes = denoising_cave.load(files)
    assert [scene.cube.name for scene in scenes] == list(_noisy.CASES)
    assert {name.split("_sigma")[0] for name in _noisy.CASES} == {f"case_{case}" for case in range(1, 6)}
    for scene in scenes:
        assert scene.truth is not None
        clean = scene.truth.read()
        assert clean.max() == 1
        assert 0.05 < np.std(scene.cube.read() - clean) < 1
    sigma = [float(np.std(scene.cube.read() - scene.truth.read())) * 255 for scene in scenes[:3]]  # type: ignore[union-attr]
    np.testing.assert_allclose(sigma, (30, 50, 70), rtol=0.03)


def test_the_seed_draws_the_noise_alone(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYPERSIGMA_DATA", str(files))
    first, again, other = (denoising_cave.draw("none", seed)[3] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.cube.read(), again.cube.read())
    assert np.mean(first.cube.read() == other.cube.read()) < 0.5
    np.testing.assert_array_equal(first.truth.read(), other.truth.read())  # type: ignore[union-attr]
    np.testing.assert_array_equal(first.cube.read(), denoising_cave.load(files)[3].cube.read())


def test_noisy_bands_are_no_truth(files: Path) -> None:
    truth = denoising_indian_pines.load(files)[0].truth
    assert truth is not None
    image = truth.read()
    assert (image.min(), image.max()) == (0, 1)
    assert len(image) == 196 - 10
    lost = _clean.indian_pines(files).wavelengths
    assert not np.isin(sensor_bands("aviris_1992")[0][20:30], lost).any()


def test_a_band_is_quiet_where_its_neighbours_tell_it() -> None:
    generator = np.random.default_rng(100)
    image = 100 + np.linspace(1, 2, 9)[:, None, None] * generator.random((40, 40))
    image[4] += 5 * generator.standard_normal((40, 40))
    np.testing.assert_array_equal(quiet(image), np.arange(9) != 4)


def test_noise_of_sensors_has_no_truth(files: Path) -> None:
    pines, demo = denoising_raw_bands.load(files)
    assert pines.truth is demo.truth is None
    assert (pines.cube.name, demo.cube.name) == ("indian_pines", "water_bands")
    assert len(pines.cube.used) == 196


def test_larger_pixels_are_means_of_their_own_area(files: Path) -> None:
    scenes = sharpening_cave.load(files)
    assert [scene.cube.name for scene in scenes] == ["ratio_2", "ratio_4", "ratio_8", "rgb_4"]
    for scene, ratio in zip(scenes, (2, 4, 8, 4), strict=True):
        assert scene.truth is not None
        fine, coarse = scene.truth.read().astype(np.float64), scene.cube.read()
        _, rows, cols = coarse.shape
        assert fine.shape == (31, rows * ratio, cols * ratio)
        np.testing.assert_allclose(coarse, fine.reshape(31, rows, ratio, cols, ratio).mean(axis=(2, 4)), rtol=1e-5)
    assert [scene.scale for scene in scenes] == [2, 4, 8, None]


def test_the_companion_is_the_truth_in_three_colours_in_its_place(files: Path) -> None:
    scene = sharpening_cave.load(files)[-1]
    assert scene.companion is not None
    assert scene.truth is not None
    assert scene.companion.shape == (3, *scene.truth.shape[1:])
    assert scene.companion.georef == scene.truth.georef
    np.testing.assert_array_equal(scene.companion.wavelengths, (460, 550, 640))
    # a camera whose bands are means sees a grey world as it is
    grey = np.full((31, 2, 3), 0.4, dtype=np.float32)
    np.testing.assert_allclose(_coarse.colour(grey, np.linspace(400, 700, 31)), 0.4, rtol=1e-6)
    green = np.zeros((31, 2, 3), dtype=np.float32)
    green[15] = 1  # 550 nm
    red, middle, blue = _coarse.colour(green, np.linspace(400, 700, 31))[:, 0, 0]
    assert middle > 5 * max(red, blue)


def test_larger_pixels_are_not_drawn(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYPERSIGMA_DATA", str(files))
    first, other = (sharpening_cave.draw("none", seed)[0] for seed in (0, 1))
    np.testing.assert_array_equal(first.cube.read(), other.cube.read())


def test_a_benchmark_of_denoising_is_resumed(
    files: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HYPERSIGMA_DATA", str(files))
    line = ["benchmark", "denoising_cave", "--methods", "pca_denoising", "--seeds", "0", "--json"]
    line += ["--json-file", str(files / "rows.jsonl")]
    assert cli.main(line) == 0
    (row,) = json.loads(capsys.readouterr().out)["rows"]
    assert (row["task"], row["scene"], row["protocol"]) == ("denoising", "denoising_cave", "none")
    assert row["left_out"] == {}
    each = [row["metrics"][f"mpsnr_{name}"] for name in _noisy.CASES]
    assert row["metrics"]["mpsnr"] == pytest.approx(np.mean(each))
    before = (files / "rows.jsonl").read_bytes()
    assert cli.main(line) == 0
    assert (files / "rows.jsonl").read_bytes() == before


def trial(task: str, scene: str, method: str) -> Trial:
    return Trial(task=task, scene=scene, method=method, split=SplitConfig(protocol="none"), seed=0)


def test_a_trial_of_super_resolution(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYPERSIGMA_DATA", str(files))
    row = run_trial(trial("super_resolution", "sharpening_cave", "hypersigma-tiny"), "cpu")
    assert {f"ergas_{name}" for name in ("ratio_2", "ratio_4", "ratio_8", "rgb_4")} <= set(row["metrics"])
    assert row["left_out"] == {}
    assert key_of(json.loads(json.dumps(row)))


def test_sizes_are_of_networks_alone(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYPERSIGMA_DATA", str(files))
    with pytest.raises(
        ConfigError, match="denoising has no network of any size; give hypersigma-tiny, or set mode=trained"
    ):
        run_trial(trial("denoising", "denoising_cave", "hypersigma-base"), "cpu")


def test_an_image_with_wavelengths_of_its_own_keeps_them(tmp_path: Path) -> None:
    waves = (500.0, 600.0, 700.0, 800.0)
    write_envi(
        tmp_path,
        ramp(),
        data_name="HyMap02_Berlin_Urban_Gradient_2009.bsq",
        header_name="HyMap02_Berlin_Urban_Gradient_2009.hdr",
        wavelength=braces(waves),
        wavelength_units="nanometers",
    )
    clean = _clean.berlin(tmp_path)
    np.testing.assert_array_equal(clean.wavelengths, waves)
    np.testing.assert_allclose(clean.image, ramp() / ramp().max(), rtol=1e-6)
    assert not clean.approximate


@pytest.mark.parametrize("read", [_clean.pavia_university, _clean.cave, _clean.hysu, _clean.berlin])
def test_clean_images_have_a_peak_of_one_and_ascending_wavelengths(read: _clean.Read) -> None:
    try:
        clean = read(None)
    except HypersigmaError as error:
        pytest.skip(f"files are elsewhere: {error}")
    assert clean.image.max() == 1
    assert clean.image.dtype == np.float32
    assert clean.wavelengths.shape == (len(clean.image),)
    assert (np.diff(clean.wavelengths) > 0).all()
