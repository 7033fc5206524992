"""Denoising by its Python door: what comes out, what is kept, what is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hypersigma.cube import ArraySource, Cube
from hypersigma.data.denoised_maps import angles
from hypersigma.engine.model import load_model
from hypersigma.engine.run import run
from hypersigma.errors import ConfigError, InputError
from hypersigma.metrics.restoration import mean_psnr
from hypersigma.tasks.denoising import task
from tests.fakes.fields import crops, field_cube

QUICK = {"subspace": {"rounds": 1, "patches": {"reach": 4, "sides": [4], "members": [12]}}}
NOISY, CLEAN = field_cube(crops()), field_cube(crops(), noise=0.0)


def changed(cube: Cube, array: np.ndarray) -> Cube:
    return replace(cube, source=ArraySource(array.astype(np.float32)))


def test_layers_and_figures() -> None:
    result = run("denoising", NOISY, truth=CLEAN, config=QUICK)
    before, true = NOISY.read(), CLEAN.read()
    denoised, residual, angle = (result.layers[name] for name in ("denoised", "residual", "angle"))
    assert mean_psnr(denoised.array, true) > mean_psnr(before, true) + 10
    np.testing.assert_allclose(denoised.array + residual.array, before, atol=1e-6)
    np.testing.assert_array_equal(denoised.wavelengths, NOISY.wavelengths)
    assert (denoised.kind, denoised.units, angle.kind, angle.units) == ("cube", "reflectance", "score", "radians")
    metrics = result.report.metrics
    assert metrics["mpsnr"] == pytest.approx(mean_psnr(denoised.array, true))
    assert metrics["noise_median"] == pytest.approx(0.03, rel=0.1)
    assert metrics["removed_rms"] == pytest.approx(0.03, rel=0.1)
    assert metrics["rank"] <= 3
    titles = [section.title for section in result.report.sections]
    assert {"Before and after: fields 0", "Noise of every band: fields 0", "Against the truth"} <= set(titles)
    assert result.report.settings["method"] == "hypersigma-frozen"


def test_a_scene_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its report tells of the model by which it was denoised."""
    shapes = []
    find = task.found_model

    def counted(read, shape, config):
        shapes.append(shape)
        return find(read, shape, config)

    monkeypatch.setattr(task, "found_model", counted)
    image = np.tile(NOISY.read(), (1, 3, 1))
    result = run("denoising", Cube.from_array(image), config=QUICK)
    assert shapes.count(image.shape) == 1
    assert result.report.metrics["rank"] >= 1


def test_a_scene_of_interpolated_spectra_stays_as_it_is_and_is_told() -> None:
    own = NOISY.read()[::3].astype(np.float64)
    image = np.stack([own[:-1], (2 * own[:-1] + own[1:]) / 3, (own[:-1] + 2 * own[1:]) / 3], axis=1)
    image = image.reshape(-1, *own.shape[1:]).astype(np.float32)
    result = run("denoising", Cube.from_array(image), config=QUICK)
    np.testing.assert_allclose(result.layers["denoised"].array, image, atol=1e-5)
    assert result.report.metrics["striped_columns"] == 0
    assert any("57 bands have next to no noise beside the others" in note for note in result.report.notes)


def test_pixels_without_data_and_negative_ones_are_told_and_left() -> None:
    image = NOISY.read()
    image[:, 3, 4] = np.nan
    image[5, 7, 8] = np.nan
    image[2, 0, 0] = -0.5
    result = run("denoising", changed(NOISY, image), config=QUICK)
    found = result.layers["denoised"].array
    np.testing.assert_array_equal(np.isnan(found), np.isnan(image))
    np.testing.assert_array_equal(found[:, 7, 8], image[:, 7, 8])
    assert np.isnan(result.layers["angle"].array[3, 4])
    told = " ".join(result.report.notes)
    assert "2 pixels lack numbers in some band" in told
    assert "1 pixels of the scene and" in told


def test_bands_that_hold_nothing_are_left_out() -> None:
    image = NOISY.read()
    image[[4, 9]] = 0.0
    result = run("denoising", changed(NOISY, image), config=QUICK)
    assert len(result.layers["denoised"].array) == len(image) - 2
    assert len(result.layers["residual"].wavelengths) == len(image) - 2
    assert any("2 of 60 bands left out: zero in every pixel" in note for note in result.report.notes)


def test_a_saved_model_finds_the_noise_of_other_scenes(tmp_path: Path) -> None:
    run("denoising", NOISY, config=QUICK).save(tmp_path / "out")
    model = load_model(tmp_path / "out")
    again = model.predict(NOISY).layers["denoised"].array
    np.testing.assert_array_equal(again, run("denoising", NOISY, config=QUICK).layers["denoised"].array)
    noisier = field_cube(crops(), None, seed=3, noise=0.2)
    clean = model.predict(noisier).layers["denoised"]
    assert clean.wavelengths is None
    assert mean_psnr(clean.array, CLEAN.read()) > mean_psnr(noisier.read(), CLEAN.read()) + 10


def test_several_scenes() -> None:
    other = field_cube(crops(24, 30), seed=1)
    result = run("denoising", NOISY, other, config=QUICK)
    assert result.layers["fields 1_angle"].array.shape == (24, 30)
    assert {"fields 0_rank", "fields 1_rank"} <= result.report.metrics.keys()


def test_a_scene_smaller_than_a_patch() -> None:
    assert run("denoising", field_cube(crops(3, 4))).layers["denoised"].array.shape == (60, 3, 4)


def test_what_is_refused() -> None:
    with pytest.raises(InputError, match="60 bands of 24 x 30 pixels; those of fields 0 are needed"):
        run("denoising", NOISY, truth=field_cube(crops(24, 30)))
    with pytest.raises(InputError, match="2 scenes and one truth"):
        run("denoising", NOISY, NOISY, truth=CLEAN)
    with pytest.raises(ConfigError, match="takes no weights"):
        run("denoising", NOISY, weights="tiny")
    image = NOISY.read()
    image[::2, :20], image[1::2, 20:] = np.nan, np.nan
    with pytest.raises(InputError, match="no pixel has numbers in all 60 bands"):
        run("denoising", changed(NOISY, image))


def test_angles_between_spectra() -> None:
    one, other = np.zeros((2, 1, 3), np.float32), np.zeros((2, 1, 3), np.float32)
    one[:, 0, 0], other[:, 0, 0] = (1, 0), (2, 2e-4)
    one[:, 0, 1], other[:, 0, 1] = (1, 0), (0, 3)
    np.testing.assert_allclose(angles(one, other), [[1e-4, np.pi / 2, np.nan]], rtol=1e-6)


def test_a_target_keeps_the_answer_of_its_matched_filter() -> None:
    target = 0.3 + 0.1 * np.cos(np.arange(60) / 3.0)
    image = NOISY.read()
    image[:, 20, 21] = target
    scene = replace(changed(NOISY, image), quantity="reflectance")
    config = {"subspace": {"patches": QUICK["subspace"]["patches"]}}
    plain = run("denoising", scene, config=config)
    guarded = run("denoising", scene, target="20,21", config=config)
    metrics = guarded.report.metrics
    kept = [metrics[f"target_kept_{share}"] for share in ("1", "0.5", "0.2")]
    np.testing.assert_allclose(kept, 1.0, atol=0.05)
    # what comes back is one direction of all bands
    more = guarded.layers["denoised"].array - plain.layers["denoised"].array
    singular = np.linalg.svd(more.reshape(60, -1), compute_uv=False)
    assert singular[1] < 1e-3 * singular[0]


def test_no_data_in_whole_numbers_and_the_ends_of_their_type() -> None:
    image = np.rint(100 + 600 * (NOISY.read() - 0.3)).clip(0, 255).astype(np.uint8)
    image[:, 5:8, 5:8] = 255
    image[10, 20:24, 20:24] = 0
    image[image == 7] = 8
    image[:, 0, 0] = 7
    scene = replace(NOISY, source=ArraySource(image), nodata=7.0)
    result = run("denoising", scene, config=QUICK)
    layer = result.layers["denoised"]
    assert layer.array.dtype == np.uint8
    assert layer.nodata == 7
    assert (layer.array[:, 0, 0] == 7).all()
    # no other pixel takes the number of no data
    assert np.count_nonzero(layer.array == 7) == 60
    told = " ".join(result.report.notes)
    assert "lie at the ends of uint8" in told
    assert "1 pixels lack numbers in some band" in told
