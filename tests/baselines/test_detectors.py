"""Every registered detector keeps the outer door's promises; the anomaly detectors agree with plain formulas."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import spectral

from hypersigma.baselines._detector import FittedDetector
from hypersigma.baselines.component_residual import ComponentResidual
from hypersigma.baselines.isolation_forest import IsolationForestDetector
from hypersigma.baselines.rx import GlobalRX
from hypersigma.baselines.rx_components import RXComponents
from hypersigma.data.detection import DetectionScene
from hypersigma.engine.predict import load_fitted, predict_scene
from hypersigma.errors import ConfigError, InputError
from hypersigma.products import Layer
from hypersigma.tiling import Window
from tests.baselines.detection_scenes import (
    BANDS,
    COLS,
    EMPTY,
    PLANTED,
    ROWS,
    as_cube,
    emptied,
    method,
    names,
    numbers,
    planted,
    scene,
)

ANOMALY, TARGET = names("anomaly_detection"), names("target_detection")
NAMES = ANOMALY + TARGET
# these subtract directions that a scene of few bands does not have
SUBSPACE = ("component_residual", "osp")
WHITENING = ("rx", "matched_filter", "ace", "cem")
SCENE = scene(emptied(planted(numbers())))


@cache
def fitted(name: str) -> FittedDetector:
    """The detector fitted on the scene that most tests share."""
    return method(name).fit([SCENE], seed=3)


def scores_of(model: FittedDetector, inputs: DetectionScene) -> np.ndarray:
    return model.predict(inputs.cube, inputs.cube.window)[0]


def test_all_detectors_are_registered() -> None:
    assert {"rx", "rx_components", "local_rx", "kernel_rx", "collaborative", "area_filter"} <= set(ANOMALY)
    assert {"component_residual", "isolation_forest", "rank_fusion"} <= set(ANOMALY)
    assert {"matched_filter", "ace", "cem", "osp", "sam"} <= set(TARGET)


@pytest.mark.parametrize("name", NAMES)
def test_scores_are_numbers_where_there_is_data_and_nothing_elsewhere(name: str) -> None:
    scores = fitted(name).predict(SCENE.cube, SCENE.cube.window)
    assert scores.dtype == np.float32
    assert scores.shape == (1, ROWS, COLS)
    empty = np.zeros((ROWS, COLS), dtype=bool)
    empty[tuple(np.transpose(EMPTY))] = True
    np.testing.assert_array_equal(np.isnan(scores[0]), empty)
    assert np.isfinite(scores[0][~empty]).all()


@pytest.mark.parametrize("name", NAMES)
def test_what_is_planted_scores_highest(name: str) -> None:
    scores = scores_of(fitted(name), SCENE)
    found = scores[tuple(np.transpose(PLANTED))]
    # a Gaussian spreads scores over the neighbours of a pixel, and a scene's own corners are rare too
    assert np.nanmean(scores < found.min()) > 0.9
    assert np.nanmax(scores) in found or name in ("area_filter", "rank_fusion", "isolation_forest", "kernel_rx")


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same(name: str) -> None:
    again = method(name).fit([SCENE], seed=3)
    np.testing.assert_array_equal(scores_of(again, SCENE), scores_of(fitted(name), SCENE))
    assert again.threshold == fitted(name).threshold


@pytest.mark.parametrize("name", NAMES)
def test_window_by_window_gives_the_whole(name: str) -> None:
    whole, cube = scores_of(fitted(name), SCENE), SCENE.cube
    scale = np.nanmax(np.abs(whole))
    for window in (Window(0, 0, 11, 30), Window(9, 13, 15, 17), Window(7, 13, 1, 1), Window(20, 3, 1, 9)):
        part = fitted(name).predict(cube, window)[0]
        np.testing.assert_allclose(part, whole[window.slices], rtol=1e-6, atol=1e-6 * scale)


@pytest.mark.parametrize("name", NAMES)
def test_a_saved_detector_gives_the_same(name: str, tmp_path: Path) -> None:
    fitted(name).save(tmp_path / "model")
    again = load_fitted(tmp_path)
    assert isinstance(again, FittedDetector)
    assert again.method == fitted(name).method
    assert (again.threshold, again.bands, again.seed) == (fitted(name).threshold, fitted(name).bands, 3)
    np.testing.assert_array_equal(scores_of(again, SCENE), scores_of(fitted(name), SCENE))
    arrays = predict_scene(again, SCENE.cube)
    np.testing.assert_array_equal(arrays["mask"] == 0, np.isnan(scores_of(again, SCENE)))


@pytest.mark.parametrize("name", NAMES)
def test_the_mask_is_what_passes_the_threshold(name: str) -> None:
    model = fitted(name)
    quantities = model.predict(SCENE.cube, SCENE.cube.window)
    arrays = model.finish(quantities, SCENE.cube, SCENE.cube.window)
    score, mask = model.layers(arrays, None)
    assert isinstance(score, Layer)
    assert score.name == ("target" if name in TARGET else "anomaly")
    assert np.isfinite(model.threshold)
    np.testing.assert_array_equal(mask.array == 2, quantities[0] > model.threshold)
    assert (mask.array == 2).sum() <= 0.06 * ROWS * COLS


@pytest.mark.parametrize("name", NAMES)
def test_a_scene_of_one_band(name: str) -> None:
    inputs = scene(emptied_in_one(planted(numbers(1))))
    if name in SUBSPACE:
        with pytest.raises(InputError, match="1 bands"):
            method(name).fit([inputs], seed=0)
        return
    scores = scores_of(method(name).fit([inputs], seed=0), inputs)
    np.testing.assert_array_equal(np.isnan(scores), np.isnan(inputs.cube.read()[0]))


def emptied_in_one(array: np.ndarray) -> np.ndarray:
    array[:, 7, 13] = np.nan
    return array


@pytest.mark.parametrize("name", NAMES)
def test_fewer_pixels_than_bands_are_told_of(name: str) -> None:
    inputs = scene(numbers(30, 4, 5))
    model = method(name).fit([inputs], seed=0)
    assert np.isfinite(scores_of(model, inputs)).all()
    assert any("pixels for 30 bands" in note for note in model.notes) == (name in WHITENING)


@pytest.mark.parametrize("name", NAMES)
def test_a_constant_band_does_no_harm(name: str) -> None:
    array = planted(numbers())
    array[5] = 0.7
    inputs = scene(array, target=np.where(np.arange(BANDS) == 5, 0.7, array[:, *PLANTED[0]].astype(float)))
    scores = scores_of(method(name).fit([inputs], seed=0), inputs)
    assert np.isfinite(scores).all()
    assert np.mean(scores < scores[PLANTED[0]]) > (0.7 if name == "isolation_forest" else 0.9)


@pytest.mark.parametrize("name", NAMES)
def test_a_scene_of_one_spectrum_has_finite_scores(name: str) -> None:
    array = np.full((BANDS, 12, 13), 0.4, dtype=np.float32)
    inputs = scene(array)
    assert np.isfinite(scores_of(method(name).fit([inputs], seed=0), inputs)).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_scene_without_data_is_refused(name: str) -> None:
    inputs = scene(np.full((BANDS, 9, 10), np.nan, dtype=np.float32))
    with pytest.raises(InputError):
        method(name).fit([inputs], seed=0)


@pytest.mark.parametrize("name", NAMES)
def test_another_scene_without_data_has_no_scores(name: str) -> None:
    nothing = as_cube(np.full((BANDS, 9, 10), np.nan, dtype=np.float32))
    assert np.isnan(fitted(name).predict(nothing, nothing.window)).all()


@pytest.mark.parametrize("name", NAMES)
def test_scenes_of_other_bands_are_refused(name: str) -> None:
    others = [as_cube(numbers(BANDS + 1)), replace(SCENE.cube, wavelengths=SCENE.cube.wavelengths + 30.0)]
    for other in others:
        with pytest.raises(InputError, match="same bands"):
            fitted(name).predict(other, other.window)


@pytest.mark.parametrize("name", NAMES)
def test_bands_that_are_not_valid_are_not_looked_at(name: str) -> None:
    array = planted(numbers())
    array[4] = np.nan
    cube = replace(as_cube(array), valid=np.arange(BANDS) != 4, reasons=("",) * BANDS)
    inputs = replace(SCENE, cube=cube)
    without = scene(np.delete(array, 4, axis=0), target=np.delete(SCENE.target.spectrum, 4))
    first, second = (method(name).fit([item], seed=0) for item in (inputs, without))
    np.testing.assert_array_equal(scores_of(first, inputs), scores_of(second, without))


@pytest.mark.parametrize("name", NAMES)
def test_one_scene_is_learned_from(name: str) -> None:
    for inputs in ([], [SCENE, SCENE]):
        with pytest.raises(InputError, match="background of one"):
            method(name).fit(inputs, seed=0)


@pytest.mark.parametrize("rate", [0.0, 1.0, -0.1, float("nan")])
def test_a_false_alarm_rate_is_a_share(rate: float) -> None:
    with pytest.raises(ConfigError, match="false_alarm_rate"):
        GlobalRX(false_alarm_rate=rate)


def test_a_damaged_model_is_told_of(tmp_path: Path) -> None:
    fitted("rx").save(tmp_path / "model")
    description = tmp_path / "model" / "detector.yaml"
    kept = description.read_text(encoding="utf-8")
    description.write_text(kept.replace("hypersigma.baselines.rx", "hypersigma.cube"), encoding="utf-8")
    with pytest.raises(InputError, match="no detector"):
        load_fitted(tmp_path)
    description.write_text(kept.replace("hypersigma.baselines.rx", "os.path"), encoding="utf-8")
    with pytest.raises(InputError, match="no detector"):
        load_fitted(tmp_path)
    description.write_text(kept.replace("hypersigma.baselines.rx", "hypersigma.no.such"), encoding="utf-8")
    with pytest.raises(InputError, match="no detector"):
        load_fitted(tmp_path)
    description.write_text(kept, encoding="utf-8")
    (tmp_path / "model" / "detector.safetensors").write_bytes(b"short")
    with pytest.raises(InputError, match="missing or damaged"):
        load_fitted(tmp_path)


# agreement with Spectral Python and with plain formulas


def random_array(num_bands: int = 20, rows: int = 30, cols: int = 40) -> np.ndarray:
    """A scene of correlated Gaussian spectra about 20, well conditioned."""
    rng = np.random.default_rng(5)
    mixing = rng.normal(size=(num_bands, num_bands)) + 4.0 * np.eye(num_bands)
    array = 20.0 + np.einsum("bk,krc->brc", mixing, rng.normal(size=(num_bands, rows, cols)))
    return array.astype(np.float32)


def test_global_rx_is_that_of_spectral_python() -> None:
    array = random_array()
    inputs = scene(array)
    theirs = spectral.rx(array.transpose(1, 2, 0).astype(np.float64))
    np.testing.assert_allclose(scores_of(GlobalRX().fit([inputs], 0), inputs), theirs, rtol=1e-3)


def test_rx_on_all_components_is_global_rx_and_on_few_the_plain_formula() -> None:
    array = random_array()
    inputs = scene(array)
    whole = scores_of(GlobalRX().fit([inputs], 0), inputs)
    every = scores_of(RXComponents(num_components=20).fit([inputs], 0), inputs)
    np.testing.assert_allclose(every, whole, rtol=1e-3)
    flat = array.reshape(20, -1).astype(np.float64)
    centred = flat - flat.mean(axis=1, keepdims=True)
    values, vectors = np.linalg.eigh(np.cov(flat))
    few = (((vectors[:, -6:].T @ centred) ** 2) / values[-6:, None]).sum(axis=0)
    found = scores_of(RXComponents(num_components=6).fit([inputs], 0), inputs)
    np.testing.assert_allclose(found.ravel(), few, rtol=1e-3)


def test_the_component_residual_is_the_plain_formula() -> None:
    array = random_array()
    inputs = scene(array)
    flat = array.reshape(20, -1).astype(np.float64)
    centred = flat - flat.mean(axis=1, keepdims=True)
    _, vectors = np.linalg.eigh(np.cov(flat))
    expected = ((vectors[:, :15].T @ centred) ** 2).sum(axis=0)
    found = scores_of(ComponentResidual(num_components=5).fit([inputs], 0), inputs)
    np.testing.assert_allclose(found.ravel(), expected, rtol=1e-3)


def test_another_seed_grows_another_forest() -> None:
    first, second = (IsolationForestDetector(num_trees=20).fit([SCENE], seed=seed) for seed in (0, 1))
    assert not np.array_equal(scores_of(first, SCENE), scores_of(second, SCENE), equal_nan=True)
