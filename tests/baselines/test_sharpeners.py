"""Classical ways to smaller pixels through the outer door, and each against its own definition."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hypersigma import registry
from hypersigma.baselines import cnmf
from hypersigma.baselines._sharpener import Enlarger, Fusion
from hypersigma.cube import Cube
from hypersigma.data.resize import resized
from hypersigma.data.sharpening import Match, matched
from hypersigma.data.wald import WaldConfig, back_projected
from hypersigma.engine.model import load_model
from hypersigma.engine.run import run
from hypersigma.errors import ConfigError, InputError
from hypersigma.metrics.restoration import mean_psnr
from tests.fakes.sharp import BANDS, FINE, SIDE, WAVES, coarse, companion, cube, truth

METHODS = {
    name: registry.load("hypersigma.baselines", name).METHOD
    for name in registry.names("hypersigma.baselines")
    if registry.load("hypersigma.baselines", name).TASK == "super_resolution"
}
ENLARGERS = [name for name, method in METHODS.items() if isinstance(method, Enlarger)]
FUSIONS = [name for name, method in METHODS.items() if isinstance(method, Fusion)]


def mixed() -> np.ndarray:
    """Reflectance (bands, rows, cols) of four materials that share each pixel."""
    generator = np.random.default_rng(100)
    shares = np.exp(3 * truth(100)[:4] / truth(100)[:4].std(axis=(1, 2), keepdims=True))
    spectra = np.maximum(generator.normal(0.3, 0.15, (BANDS, 4)), 0.02)
    return np.tensordot(spectra, shares / shares.sum(axis=0), axes=1).astype(np.float32)


@pytest.fixture(scope="module")
def match() -> Match:
    return matched(coarse(4), companion())


def test_they_are_registered() -> None:
    assert ENLARGERS == ["back_projection", "bicubic"]
    assert FUSIONS == ["cnmf", "gram_schmidt", "gsa", "hypersharpening"]


@pytest.mark.parametrize("name", ENLARGERS)
def test_a_scale_is_kept_and_serves_other_scenes(name: str, tmp_path: Path) -> None:
    result = run("super_resolution", coarse(4), method=name, scale=4)
    layer = result.layers["sharpened"]
    assert layer.array.shape == (BANDS, SIDE, SIDE)
    assert layer.georef == FINE
    np.testing.assert_array_equal(layer.wavelengths, WAVES)
    assert {"wald_mpsnr", "wald_mpsnr_bicubic"} <= result.report.metrics.keys()
    result.save(tmp_path / "out")
    again = load_model(tmp_path / "out").predict(coarse(8)).layers["sharpened"].array
    expected = run("super_resolution", coarse(8), method=name, scale=4).layers["sharpened"].array
    np.testing.assert_array_equal(again, expected)


@pytest.mark.parametrize("name", FUSIONS)
def test_a_companion_brings_detail(name: str, tmp_path: Path) -> None:
    image = mixed()
    result = run("super_resolution", coarse(4, image), method=name, companion=companion(image))
    layer = result.layers["sharpened"]
    assert layer.georef == FINE
    bicubic = run("super_resolution", coarse(4, image), method="bicubic", scale=4).layers["sharpened"].array
    assert mean_psnr(layer.array, image) > mean_psnr(bicubic, image) + 6
    metrics = result.report.metrics
    assert metrics["wald_mpsnr"] > metrics["wald_mpsnr_bicubic"]
    assert metrics["explained"] > 0.9
    result.save(tmp_path / "out")
    with pytest.raises(InputError, match="with a companion, and has none of scene"):
        load_model(tmp_path / "out").predict(coarse(4))


@pytest.mark.parametrize("name", FUSIONS)
def test_gaps_of_both_are_gaps_and_alone(name: str) -> None:
    image, sharp = coarse(4).read(), companion().read()
    image[:, 3, 3], sharp[1, 50, 60] = np.nan, np.nan
    scene, fine = cube(image, FINE.divided(1 / 4)), cube(sharp, FINE, "companion")
    found = run("super_resolution", scene, method=name, companion=fine, register=False).layers["sharpened"].array
    expected = np.zeros((SIDE, SIDE), dtype=bool)
    expected[12:16, 12:16] = expected[50, 60] = True
    np.testing.assert_array_equal(np.isnan(found), np.broadcast_to(expected, found.shape))


@pytest.mark.parametrize("name", FUSIONS)
def test_any_ratio_part_and_number_of_bands(name: str) -> None:
    """A companion of one band and odd pixels, in a corner of the scene; both show a plane."""
    georef = replace(FINE, transform=(3.6, 0.0, FINE.transform[2] + 11.0, 0.0, -3.6, FINE.transform[5] - 13.0))

    def plane(place: tuple[float, ...], height: int, width: int) -> np.ndarray:
        row, col = np.indices((height, width)) + 0.5
        x, y = place[2] + place[0] * col - FINE.transform[2], place[5] + place[4] * row - FINE.transform[5]
        return (0.5 + 1e-3 * (x + y)).astype(np.float32)

    large = FINE.divided(1 / 5)
    levels = np.array([0.5, 1.0, 1.5], dtype=np.float32)[:, None, None]
    scene = cube(levels * plane(large.transform, 19, 19), large)
    sharp = cube(plane(georef.transform, 40, 42)[None], georef, "companion")
    found = METHODS[name].fused(matched(scene, sharp), 0)
    expected = levels * plane(georef.transform, 40, 42)
    known = np.isfinite(found).all(axis=0)
    assert known.mean() > 0.9
    np.testing.assert_allclose(found[:, known], expected[:, known], atol=4e-3)


@pytest.mark.parametrize("name", FUSIONS)
def test_units_do_not_matter(name: str, match: Match) -> None:
    """The scene in other units and the companion with a gain and an offset."""
    scene, sharp = coarse(4), companion()
    other = matched(
        cube(1e4 * scene.read(), FINE.divided(1 / 4)), cube(300 * sharp.read() + 20, FINE, "companion"), "gaussian"
    )
    found, expected = METHODS[name].fused(other, 0), METHODS[name].fused(match, 0)
    # how fast updates come closer depends on the offset
    assert np.abs(found / 1e4 - expected).mean() < (5e-3 if name == "cnmf" else 1e-4)


def test_enlargers_by_their_definitions() -> None:
    image, config = coarse(4).read(), WaldConfig(scale=3)
    bicubic = resized(image, (72, 72))
    np.testing.assert_array_equal(METHODS["bicubic"].enlarged(image, 3), bicubic)
    expected = back_projected(bicubic, image, config, rounds=10)
    np.testing.assert_array_equal(METHODS["back_projection"].enlarged(image, 3), expected)


def test_gram_schmidt_of_one_band_takes_its_image_from_the_companion(match: Match) -> None:
    """Of a scene of one band the mean of bands is the band: what comes out is the companion in its mean and spread."""
    alone = matched(cube(coarse(4).read()[2:3], FINE.divided(1 / 4)), cube(companion().read()[:1], FINE, "companion"))
    found = METHODS["gram_schmidt"].fused(alone, 0)[0].astype(np.float64)
    band, pan = alone.image[0].astype(np.float64), alone.coarse[0].astype(np.float64)
    expected = (alone.sharp[0] - pan.mean()) * band.std() / pan.std() + band.mean()
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("name", ["gram_schmidt", "gsa"])
def test_substitution_in_double_precision(name: str, match: Match) -> None:
    """Pan-sharpening by one band, as the textbook writes it for each band."""
    one = matched(coarse(4), cube(companion().read()[1:2], FINE, "companion"))
    bands, pan = (image.reshape(len(image), -1).astype(np.float64) for image in (one.image, one.coarse))
    pan, fine_pan = pan[0], one.sharp[0].astype(np.float64)
    fine = np.stack([one.onto(band.astype(np.float64)) for band in one.image])
    if name == "gsa":
        design = np.column_stack([bands.T, np.ones(bands.shape[1])])
        told = np.linalg.pinv(design, rcond=1e-7) @ pan
        coarse_intensity, intensity = design @ told, np.tensordot(told[:-1], fine, axes=1) + told[-1]
    else:
        coarse_intensity, intensity = bands.mean(axis=0), fine.mean(axis=0)
        fine_pan = (fine_pan - pan.mean()) * coarse_intensity.std() / pan.std() + coarse_intensity.mean()
    expected = np.stack(
        [
            layer + np.cov(band, coarse_intensity)[0, 1] / np.var(coarse_intensity, ddof=1) * (fine_pan - intensity)
            for layer, band in zip(fine, bands, strict=True)
        ]
    )
    np.testing.assert_allclose(METHODS[name].fused(one, 0), expected, atol=2e-4)


def test_groups_go_with_the_companion_that_they_resemble() -> None:
    """Two uncorrelated images in two bands each: the companion of each brings no detail to the other."""
    generator = np.random.default_rng(100)
    first, second = (truth(seed)[0] for seed in (100, 101))
    scene = coarse(4, np.stack([first, second, 2 * first, 3 * second]))
    noise = 0.02 * generator.standard_normal((SIDE, SIDE)).astype(np.float32)
    found, other = (
        METHODS["gsa"].fused(matched(scene, cube(np.stack([first, sharp]), FINE, "companion"), "gaussian"), 0)
        for sharp in (second, second + noise)
    )
    np.testing.assert_allclose(found[[0, 2]], other[[0, 2]], atol=1e-6)
    assert np.abs(found[1] - other[1]).max() > 0.01


def test_constant_bands_stay() -> None:
    image = coarse(4).read()
    image[4] = 0.25
    flat = companion().read()
    flat[2] = 0.5
    scene, sharp = cube(image, FINE.divided(1 / 4)), cube(flat, FINE, "companion")
    for name in FUSIONS:
        found = METHODS[name].fused(matched(scene, sharp), 0)
        np.testing.assert_allclose(found[4], 0.25, atol=0.03 if name == "cnmf" else 1e-5)


def test_hypersharpening_agrees_with_a_regression(match: Match) -> None:
    design = np.column_stack([np.ones(match.coarse[0].size), match.coarse.reshape(3, -1).T.astype(np.float64)])
    numbers = match.image.reshape(BANDS, -1).T.astype(np.float64)
    told = np.linalg.pinv(design) @ numbers
    left = (numbers - design @ told).T.reshape(match.image.shape)
    expected = np.tensordot(told[1:].T, match.sharp, axes=1) + told[0][:, None, None]
    expected += np.stack([match.onto(band) for band in left])
    np.testing.assert_allclose(METHODS["hypersharpening"].fused(match, 0), expected, atol=1e-5)


def test_updates_bring_factors_closer_and_keep_them_non_negative() -> None:
    generator = np.random.default_rng(100)
    spectra, shares = generator.random((9, 3)), generator.random((3, 50))
    image = (spectra @ shares).astype(np.float32)
    start = np.full((3, 50), 0.3, dtype=np.float32)
    errors = [
        np.abs(spectra @ cnmf._fitted(image, spectra.astype(np.float32), start, updates) - image).mean()
        for updates in (1, 10, 100, 1000)
    ]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 1e-2 * errors[0]
    found = cnmf._alternated(image, generator.random((9, 3)).astype(np.float32), start, 2000)
    assert all((factor >= 0).all() for factor in found)
    np.testing.assert_allclose(found[0] @ found[1], image, atol=0.02)


def test_responses_are_found() -> None:
    generator = np.random.default_rng(100)
    scene = generator.random((6, 400)).astype(np.float32)
    weights = np.array([[0.5, 0.5, 0, 0, 0, 0], [0, 0, 0, 0.2, 0.3, 0.5]])
    constants = np.array([0.1, 0.2])
    found, offsets = cnmf._responses(scene, (weights @ scene + constants[:, None]).astype(np.float32))
    np.testing.assert_allclose(found, weights, atol=1e-5)
    np.testing.assert_allclose(offsets[:, 0], constants, atol=1e-5)


def test_a_factorisation_is_drawn_by_its_seed(match: Match) -> None:
    first, again, other = (METHODS["cnmf"].fused(match, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert np.nanmin(first) >= 0


def test_what_is_refused() -> None:
    for name in FUSIONS:
        with pytest.raises(InputError, match=f"'{name}' takes its detail from a sharper image; give --companion"):
            run("super_resolution", coarse(4), method=name, scale=4)
    for name in ENLARGERS:
        with pytest.raises(InputError, match=f"'{name}' uses no companion; give --scale 4"):
            run("super_resolution", coarse(4), method=name, companion=companion())
    with pytest.raises(ConfigError, match="rounds of back-projection are 0"):
        run("super_resolution", coarse(4), method="back_projection", scale=2, config={"rounds": 0})
    with pytest.raises(ConfigError, match="num_endmembers, rounds and updates are 0, 3 and 300"):
        run("super_resolution", coarse(4), method="cnmf", companion=companion(), config={"num_endmembers": 0})
    with pytest.raises(ConfigError, match="the transfer is 2"):
        run("super_resolution", coarse(4), method="bicubic", scale=2, config={"transfer": 2.0})


def test_a_scene_without_a_place_can_be_enlarged() -> None:
    scene = Cube.from_array(coarse(4).read())
    assert run("super_resolution", scene, method="bicubic", scale=2).layers["sharpened"].georef is None


def test_a_scene_without_a_complete_pixel_is_refused() -> None:
    image = coarse(4).read()
    image[0, ::2], image[1, 1::2] = np.nan, np.nan
    with pytest.raises(InputError, match="no pixel has numbers in all 12 bands"):
        run("super_resolution", Cube.from_array(image, name="striped"), method="bicubic", scale=2)
