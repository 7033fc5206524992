"""Super-resolution by its Python door: what comes out, what is kept, what is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hypersigma.cube import ArraySource, Cube
from hypersigma.engine.model import load_model
from hypersigma.engine.run import run
from hypersigma.errors import ConfigError, InputError
from hypersigma.georef import LookupTable
from hypersigma.metrics.restoration import mean_psnr
from tests.fakes.sharp import BANDS, FINE, SIDE, WAVES, coarse, companion, truth


def changed(cube: Cube, array: np.ndarray) -> Cube:
    return replace(cube, source=ArraySource(array))


def test_a_scale() -> None:
    result = run("super_resolution", coarse(4), scale=4)
    layer = result.layers["sharpened"]
    assert layer.array.shape == (BANDS, SIDE, SIDE)
    assert layer.georef == FINE
    assert (layer.kind, layer.units) == ("cube", "reflectance")
    np.testing.assert_array_equal(layer.wavelengths, WAVES)
    metrics = result.report.metrics
    assert metrics["ratio"] == 4
    assert {"wald_mpsnr", "wald_mpsnr_bicubic", "wald_sam", "wald_ergas"} <= metrics.keys()
    assert "explained" not in metrics
    titles = [section.title for section in result.report.sections]
    assert titles[1:] == ["Made coarser and sharpened again: scene", "Before and after: scene"]


def test_a_companion() -> None:
    result = run("super_resolution", coarse(4), companion=companion())
    alone = run("super_resolution", coarse(4), scale=4)
    layer, metrics = result.layers["sharpened"], result.report.metrics
    assert layer.georef == FINE
    assert metrics["ratio"] == pytest.approx(4)
    assert metrics["explained"] > 0.9
    assert metrics["wald_mpsnr"] > metrics["wald_mpsnr_bicubic"] + 3
    assert mean_psnr(layer.array, truth()) > mean_psnr(alone.layers["sharpened"].array, truth()) + 10


def test_the_part_that_a_companion_shows() -> None:
    image = truth()[:, 10:71, 20:89]
    moved = replace(FINE, transform=(2.0, 0.0, 300040.0, 0.0, -2.0, 4999980.0))
    result = run("super_resolution", coarse(3), companion=companion(image, moved))
    layer = result.layers["sharpened"]
    assert layer.array.shape == image.shape
    assert layer.georef == moved
    known = np.isfinite(layer.array).all(axis=0)
    assert known.mean() > 0.9
    assert mean_psnr(layer.array, image) > 35
    assert any("sharpened where the companion lies" in note for note in result.report.notes)


def test_a_companion_of_other_ground_is_told() -> None:
    result = run("super_resolution", coarse(4), companion=companion(truth(seed=7)))
    assert result.report.metrics["explained"] < 0.3
    assert any("the companion makes it worse than bicubic" in note for note in result.report.notes)


def test_a_companion_that_lies_elsewhere_is_moved() -> None:
    off = companion(georef=replace(FINE, transform=(2.0, 0.0, 300008.0, 0.0, -2.0, 4999994.0)))
    result = run("super_resolution", coarse(4), companion=off)
    np.testing.assert_allclose(result.layers["sharpened"].georef.transform, FINE.transform, atol=0.8)
    assert result.report.metrics["explained"] > 0.9
    assert any("companion was moved by" in note for note in result.report.notes)
    left = run("super_resolution", coarse(4), companion=off, register=False)
    assert left.report.metrics["explained"] < 0.5


def test_a_saved_scale_serves_other_scenes(tmp_path: Path) -> None:
    run("super_resolution", coarse(4), scale=2).save(tmp_path / "out")
    model = load_model(tmp_path / "out")
    result = model.predict(coarse(8)).layers["sharpened"]
    assert result.georef == FINE.divided(1 / 4)
    expected = run("super_resolution", coarse(8), scale=2).layers["sharpened"].array
    np.testing.assert_array_equal(result.array, expected)


def test_a_saved_companion_does_not(tmp_path: Path) -> None:
    run("super_resolution", coarse(4), companion=companion()).save(tmp_path / "out")
    with pytest.raises(InputError, match="with a companion, and has none of scene"):
        load_model(tmp_path / "out").predict(coarse(4))


def test_several_scenes_without_a_place() -> None:
    first, second = (replace(coarse(scale), georef=None, name=f"at {scale}") for scale in (4, 8))
    result = run("super_resolution", first, second, scale=2)
    assert result.layers["at 8_sharpened"].array.shape == (BANDS, 24, 24)
    assert result.layers["at 4_sharpened"].georef is None
    assert result.report.metrics["at 4_ratio"] == 2


def test_gaps_and_negative_numbers_are_told() -> None:
    image = coarse(4).read()
    image[:, 3, 3] = np.nan
    image[2, 9, 9] = -0.2
    result = run("super_resolution", changed(coarse(4), image), scale=2)
    found = np.isnan(result.layers["sharpened"].array)
    assert found[:, 6:8, 6:8].all()
    assert found.sum() == 4 * BANDS
    told = " ".join(result.report.notes)
    assert "1 pixels lack numbers in some band" in told
    assert "1 pixels of the scene and" in told


def test_a_scene_too_small_to_be_measured() -> None:
    small = changed(coarse(4), coarse(4).read()[:, :6, :7])
    result = run("super_resolution", small, scale=4)
    assert result.layers["sharpened"].array.shape == (BANDS, 24, 28)
    assert any("nothing was measured" in note for note in result.report.notes)
    assert result.report.metrics == {"ratio": 4}


def test_a_companion_with_gaps_all_over_leaves_nothing_to_measure() -> None:
    sharp = companion().read()
    sharp[:, ::16, ::16] = np.nan
    result = run("super_resolution", coarse(4), companion=changed(companion(), sharp), register=False)
    assert np.isfinite(result.layers["sharpened"].array).all(axis=0).sum() == SIDE**2 - 36
    assert any("nothing was measured" in note for note in result.report.notes)


def test_what_is_refused() -> None:
    scene = coarse(4)
    with pytest.raises(InputError, match="a scale and a companion"):
        run("super_resolution", scene, scale=4, companion=companion())
    with pytest.raises(InputError, match="2 scenes and one companion"):
        run("super_resolution", scene, scene, companion=companion())
    for scale in (1, 0.5, -2, 2.5, float("nan"), float("inf")):
        with pytest.raises(InputError, match="a whole number from 2 on is needed"):
            run("super_resolution", scene, scale=scale)
    indices = np.zeros(scene.shape[1:], dtype=np.int32)
    table = LookupTable(FINE.transform, FINE.crs, rows=indices, cols=indices, size=scene.shape[1:])
    for given in ({"scale": 2}, {"companion": companion()}):
        with pytest.raises(InputError, match="sensor geometry"):
            run("super_resolution", replace(scene, georef=table), **given)


@pytest.mark.parametrize(("key", "value"), [("transfer", 1.0), ("rounds", -1), ("mode", "learned")])
def test_settings_that_make_no_sense(key: str, value: object) -> None:
    with pytest.raises(ConfigError, match=key):
        run("super_resolution", coarse(4), scale=2, config={key: value})
