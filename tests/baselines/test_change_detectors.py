"""Every registered change detector keeps the outer door's promises, and agrees with plain formulas."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from scipy.linalg import eigh
from sklearn.metrics import f1_score, roc_auc_score

from hypersigma import registry
from hypersigma.baselines import _change
from hypersigma.baselines._change import ChangeDetector, FittedChange
from hypersigma.baselines.cva import ChangeVector
from hypersigma.baselines.forest_difference import DifferenceForest
from hypersigma.baselines.ir_mad import ReweightedAlteration
from hypersigma.baselines.isfa import SlowFeatures
from hypersigma.baselines.pca_cva import ComponentChangeVector
from hypersigma.baselines.svm_difference import DifferenceMachine
from hypersigma.cube import Cube
from hypersigma.data.labels import LabelledScene
from hypersigma.data.pair import CHANGED, LEGEND, UNCHANGED, Pair
from hypersigma.data.thresholds import otsu
from hypersigma.engine.predict import load_fitted, predict_scene
from hypersigma.errors import ConfigError, HypersigmaError, InputError
from hypersigma.tiling import Window
from tests.fakes.dates import BANDS, COLS, HOLES, ROWS, dates, labelled_pair, numbers, pair_of, truth

SCORING, LEARNING = ("cva", "ir_mad", "isfa", "pca_cva"), ("forest_difference", "svm_difference")
NAMES = SCORING + LEARNING
SCENE = labelled_pair(holes=True)
WINDOWS = (Window(0, 0, 11, 30), Window(9, 13, 15, 17), Window(12, 30, 1, 1), Window(ROWS - 1, 3, 1, 9))


def method(name: str) -> ChangeDetector:
    """The registered detector, with fewer trees where it has any."""
    chosen: ChangeDetector = registry.load("hypersigma.baselines", name).METHOD
    return replace(chosen, num_trees=20) if isinstance(chosen, DifferenceForest) else chosen


@cache
def fitted(name: str) -> FittedChange:
    """The detector fitted on the pair that most tests share."""
    return method(name).fit([SCENE], seed=3)


def scores_of(model: FittedChange, cube: Cube = SCENE.cube) -> np.ndarray:
    return model.predict(cube, cube.window)[0]


def unlabelled(pair: Pair) -> LabelledScene:
    return LabelledScene(pair, np.zeros(pair.shape[1:], dtype=np.int32), LEGEND)


def standardised(seed: int = 0) -> list[np.ndarray]:
    """Both dates (bands, n) in double precision, each band of mean 0 and variance 1."""
    flat = [array.reshape(BANDS, -1).astype(np.float64) for array in numbers(seed)]
    return [(date - date.mean(axis=1, keepdims=True)) / date.std(axis=1, keepdims=True) for date in flat]


def test_all_detectors_are_registered() -> None:
    package = "hypersigma.baselines"
    found = [name for name in registry.names(package) if registry.load(package, name).TASK == "change_detection"]
    assert set(NAMES) <= set(found)


@pytest.mark.parametrize("name", NAMES)
def test_scores_are_numbers_where_both_dates_have_data(name: str) -> None:
    scores = fitted(name).predict(SCENE.cube, SCENE.cube.window)
    assert scores.dtype == np.float32
    assert scores.shape == (1, ROWS, COLS)
    assert sorted(map(tuple, np.argwhere(~np.isfinite(scores[0])).tolist())) == sorted(HOLES)


@pytest.mark.parametrize("name", NAMES)
def test_what_changed_scores_higher(name: str) -> None:
    known = np.isfinite(scores_of(fitted(name)))
    assert roc_auc_score(truth()[known] == CHANGED, scores_of(fitted(name))[known]) > 0.95
    other = pair_of(7)
    assert roc_auc_score(truth().ravel() == CHANGED, scores_of(fitted(name), other).ravel()) > 0.9


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same(name: str) -> None:
    again = method(name).fit([SCENE], seed=3)
    np.testing.assert_array_equal(scores_of(again), scores_of(fitted(name)))


@pytest.mark.parametrize("name", NAMES)
def test_window_by_window_gives_the_whole(name: str) -> None:
    whole = scores_of(fitted(name))
    for window in WINDOWS:
        part = fitted(name).predict(SCENE.cube, window)[0]
        # sums over squares are the same numbers in another order
        np.testing.assert_allclose(part, whole[window.slices], rtol=1e-4, atol=1e-4 * np.nanmax(whole))


@pytest.mark.parametrize("name", NAMES)
def test_how_a_scene_is_cut_into_tiles_changes_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = predict_scene(method(name).fit([SCENE], seed=3), SCENE.cube)
    monkeypatch.setattr(_change, "_TILE", 16)
    tiled = predict_scene(method(name).fit([SCENE], seed=3), SCENE.cube)
    if name in SCORING:
        np.testing.assert_allclose(tiled["change"], arrays["change"], rtol=1e-5, atol=1e-5)
        np.testing.assert_array_equal(tiled["map"], arrays["map"])
    else:
        # the order of what is learned from hangs on tiles, and a forest on that order
        assert np.mean(tiled["map"] == arrays["map"]) > 0.98


@pytest.mark.parametrize("name", NAMES)
def test_the_map_is_what_passes_the_threshold(name: str) -> None:
    model = fitted(name)
    arrays = predict_scene(model, SCENE.cube)
    threshold = 0.5 if model.learns else otsu(arrays["change"])
    np.testing.assert_array_equal(arrays["map"] == CHANGED, arrays["change"] > threshold)
    np.testing.assert_array_equal(arrays["map"] == 0, np.isnan(arrays["change"]))
    score, _ = model.layers(arrays, None)
    assert score.units == ("probability" if name in LEARNING else "score")
    assert model.learns == (name in LEARNING)


@pytest.mark.parametrize("name", NAMES)
def test_a_saved_detector_gives_the_same(name: str, tmp_path: Path) -> None:
    fitted(name).save(tmp_path / "model")
    again = load_fitted(tmp_path)
    assert isinstance(again, FittedChange)
    assert (again.method, again.bands, again.seed) == (fitted(name).method, fitted(name).bands, 3)
    np.testing.assert_array_equal(scores_of(again), scores_of(fitted(name)))
    other = pair_of(5)
    for key, values in predict_scene(fitted(name), other).items():
        np.testing.assert_array_equal(predict_scene(again, other)[key], values)


@pytest.mark.parametrize("name", SCORING)
def test_scores_hang_on_no_label(name: str) -> None:
    np.testing.assert_array_equal(
        scores_of(method(name).fit([unlabelled(SCENE.cube)], seed=0)), scores_of(fitted(name))
    )


@pytest.mark.parametrize("name", NAMES)
def test_no_light_matters(name: str) -> None:
    before, after = numbers()
    brighter = Pair.of(Cube.from_array(before), Cube.from_array((1.7 * after - 0.3).astype(np.float32)))
    plain = Pair.of(Cube.from_array(before), Cube.from_array(after))
    # both dates are standardised by their own numbers
    one, other = (
        scores_of(method(name).fit([LabelledScene(pair, truth(), LEGEND)], 0), pair) for pair in (plain, brighter)
    )
    np.testing.assert_allclose(other, one, rtol=0.02, atol=0.02 * one.max())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("num_bands", [1, 20])
def test_one_band_and_more_than_are_kept(name: str, num_bands: int) -> None:
    scene = labelled_pair(num_bands=num_bands)
    scores = scores_of(method(name).fit([scene], seed=0), scene.cube)
    assert np.isfinite(scores).all()
    if num_bands > 1:
        # reweighting that many variates takes more pixels than these
        least = 0.6 if name == "ir_mad" else 0.9
        assert roc_auc_score(truth().ravel() == CHANGED, scores.ravel()) > least


@pytest.mark.parametrize("name", NAMES)
def test_dates_that_are_alike_have_finite_scores(name: str) -> None:
    before, _ = dates()
    scene = LabelledScene(Pair.of(before, before), truth(), LEGEND)
    assert np.isfinite(scores_of(method(name).fit([scene], seed=0), scene.cube)).all()
    flat = Cube.from_array(np.full((BANDS, ROWS, COLS), 0.4, dtype=np.float32))
    scene = LabelledScene(Pair.of(flat, flat), truth(), LEGEND)
    assert np.isfinite(scores_of(method(name).fit([scene], seed=0), scene.cube)).all()


@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_pair_is_refused(name: str) -> None:
    before, _ = dates()
    with pytest.raises(InputError, match="before is a single scene; .* give BEFORE and AFTER"):
        method(name).fit([LabelledScene(before, truth(), LEGEND)], seed=0)
    with pytest.raises(InputError, match="single scene"):
        fitted(name).predict(before, before.window)
    nothing = np.full((BANDS, ROWS, COLS), np.nan, dtype=np.float32)
    empty = Pair.of(Cube.from_array(nothing), before)
    with pytest.raises(InputError, match="0 pixels have data on both dates"):
        scores_of(method(name).fit([LabelledScene(empty, truth(), LEGEND)], 0), empty)


@pytest.mark.parametrize("name", LEARNING)
def test_a_pair_of_other_bands_is_refused(name: str) -> None:
    for other in (pair_of(num_bands=BANDS - 1), pair_of(wavelengths=430.0 + 100.0 * np.arange(BANDS))):
        with pytest.raises(InputError, match="use pairs of the same bands"):
            fitted(name).predict(other, other.window)
        with pytest.raises(InputError, match="use pairs of the same bands"):
            method(name).fit([SCENE, LabelledScene(other, truth(), LEGEND)], seed=0)


@pytest.mark.parametrize("name", LEARNING)
def test_several_pairs_are_learned_from(name: str, tmp_path: Path) -> None:
    half = truth()
    half[:, COLS // 2 :] = 0
    model = method(name).fit([LabelledScene(pair_of(1), half, LEGEND), labelled_pair(2)], seed=0)
    assert len(model.labels) == ROWS * COLS * 3 // 2
    # each pair is left out in turn to settle from which probability on a pixel counts as changed
    assert 0.0 < model.level < 1.0
    assert f"from a probability of {model.level:.2f}" in model.notes[0]
    model.save(tmp_path)
    again = load_fitted(tmp_path)
    assert (again.level, fitted(name).level, fitted(name).notes) == (model.level, 0.5, ())
    arrays = predict_scene(again, pair_of(3))
    np.testing.assert_array_equal(arrays["map"] == CHANGED, arrays["change"] > model.level)
    assert roc_auc_score(truth().ravel() == CHANGED, scores_of(model, pair_of(3)).ravel()) > 0.95


def test_the_level_is_the_best_of_all_over_pairs_left_out() -> None:
    scenes = [labelled_pair(1), replace(labelled_pair(2), labels=np.where(truth() == 2, 2, 1).astype(np.int32))]
    # the second pair's labels are worth less: a quarter of them is wrong
    wrong = np.random.default_rng(0).random((ROWS, COLS)) < 0.25
    scenes[1] = replace(scenes[1], labels=np.where(wrong, 3 - scenes[1].labels, scenes[1].labels))
    model = method("forest_difference").fit(scenes, seed=0)
    scores, truths = [], []
    for asked, taught in (scenes, scenes[::-1]):
        blind = method("forest_difference").fit([taught], seed=0)
        scores.append(scores_of(blind, asked.cube).ravel())
        truths.append(asked.labels.ravel() == CHANGED)
    score, known = np.concatenate(scores), np.concatenate(truths)
    best = max(f1_score(known, score >= cut) for cut in np.unique(score))
    assert f1_score(known, score > model.level) == pytest.approx(best, abs=1e-3)


@pytest.mark.parametrize("name", LEARNING)
def test_labels_of_both_kinds_are_needed(name: str) -> None:
    for value, said in ((CHANGED, "0 unchanged and"), (UNCHANGED, "and 0 changed")):
        labels = np.where(truth() == value, value, 0).astype(np.int32)
        with pytest.raises(InputError, match=rf"labels with data: .*{said}.* pixels; some of both"):
            method(name).fit([replace(SCENE, labels=labels)], seed=0)
    labels = np.zeros((ROWS, COLS), dtype=np.int32)
    labels[HOLES[0]] = CHANGED
    for none in (labels, np.zeros_like(labels)):
        with pytest.raises(InputError, match="no labelled pixel has data on both dates"):
            method(name).fit([replace(SCENE, labels=none)], seed=0)


def test_of_very_many_labels_a_draw_is_learned_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_change, "_MOST_UNCHANGED", 100)
    monkeypatch.setattr(_change, "_MOST_CHANGED", 40)
    model = method("svm_difference").fit([labelled_pair()], seed=1)
    assert np.bincount(model.labels).tolist() == [0, 100, 40]
    assert roc_auc_score(truth().ravel() == CHANGED, scores_of(model, pair_of()).ravel()) > 0.9


@pytest.mark.parametrize(
    ("kind", "wrong", "said"),
    [
        (ReweightedAlteration, {"rounds": 0}, "rounds must be at least 1, not 0"),
        (SlowFeatures, {"rounds": -1}, "rounds must be at least 1"),
        (ComponentChangeVector, {"num_components": 0}, "num_components must be at least 1"),
        (DifferenceMachine, {"sides": (3, 4)}, "odd numbers of pixels"),
        (DifferenceForest, {"sides": (-1,)}, "odd numbers of pixels"),
    ],
)
def test_settings_that_cannot_be(kind: type, wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        kind(**wrong)


def test_damaged_models_are_told_of(tmp_path: Path) -> None:
    fitted("svm_difference").save(tmp_path / "model")
    description, arrays = (tmp_path / "model" / name for name in ("change.yaml", "change.safetensors"))
    kept, stored = description.read_text(encoding="utf-8"), load_file(arrays)
    for other in ("hypersigma.baselines.rx", "hypersigma.cube", "os.path", "hypersigma.no.such"):
        description.write_text(kept.replace("hypersigma.baselines.svm_difference", other), encoding="utf-8")
        with pytest.raises(InputError, match="no detector"):
            load_fitted(tmp_path)
    for other in ("FittedChange", "Pair", "Nothing"):
        description.write_text(kept.replace("DifferenceMachine", other), encoding="utf-8")
        with pytest.raises(InputError, match=f"'{other}' is no detector"):
            load_fitted(tmp_path)
    for damaged in (kept.replace("cost", "coast"), kept.replace("count: 8", "count: many"), "a: [", ""):
        description.write_text(damaged, encoding="utf-8")
        with pytest.raises(HypersigmaError, match=r"change\.yaml"):
            load_fitted(tmp_path)
    description.write_text(kept, encoding="utf-8")
    save_file({"samples": stored["samples"]}, arrays)
    with pytest.raises(InputError, match="missing or damaged"):
        load_fitted(tmp_path)
    arrays.write_bytes(b"short")
    with pytest.raises(InputError, match="missing or damaged"):
        load_fitted(tmp_path)
    arrays.unlink()
    with pytest.raises(InputError, match="missing or damaged"):
        load_fitted(tmp_path)
    description.unlink()
    with pytest.raises(InputError, match="no model here"):
        load_fitted(tmp_path)


# agreement with plain formulas in double precision


def test_change_vectors_are_the_plain_formula() -> None:
    before, after = standardised()
    pair = pair_of()
    found = scores_of(ChangeVector().fit([unlabelled(pair)], 0), pair).ravel()
    np.testing.assert_allclose(found, np.linalg.norm(before - after, axis=0), rtol=1e-3)


@pytest.mark.parametrize("num_components", [1, 3, BANDS, BANDS + 5])
def test_components_of_change_vectors_are_the_plain_formula(num_components: int) -> None:
    before, after = standardised()
    difference = before - after
    left, _, _ = np.linalg.svd(difference - difference.mean(axis=1, keepdims=True), full_matrices=False)
    expected = np.linalg.norm(left[:, :num_components].T @ difference, axis=0)
    pair = pair_of()
    found = scores_of(ComponentChangeVector(num_components=num_components).fit([unlabelled(pair)], 0), pair)
    np.testing.assert_allclose(found.ravel(), expected, rtol=2e-3, atol=1e-3)


def test_one_round_of_alteration_is_the_root_of_chi_square() -> None:
    before, after = standardised()
    joint = np.cov(np.concatenate([before, after]), ddof=0)
    xx, xy, yy = joint[:BANDS, :BANDS], joint[:BANDS, BANDS:], joint[BANDS:, BANDS:]
    squares, left = eigh(xy @ np.linalg.solve(yy, xy.T), xx)
    correlations = np.sqrt(squares)
    right = np.linalg.solve(yy, xy.T) @ left / correlations
    variates = (left.T @ before - right.T @ after) / np.sqrt(2 * (1 - correlations))[:, None]
    pair = pair_of()
    found = scores_of(ReweightedAlteration(rounds=1).fit([unlabelled(pair)], 0), pair).ravel()
    np.testing.assert_allclose(found, np.linalg.norm(variates, axis=0), rtol=5e-3)


def test_one_round_of_slow_features_is_the_root_of_chi_square() -> None:
    before, after = standardised()
    values, vectors = eigh(np.cov(before - after, ddof=0), (np.cov(before, ddof=0) + np.cov(after, ddof=0)) / 2)
    variates = vectors.T @ (before - after) / np.sqrt(values)[:, None]
    pair = pair_of()
    found = scores_of(SlowFeatures(rounds=1).fit([unlabelled(pair)], 0), pair).ravel()
    np.testing.assert_allclose(found, np.linalg.norm(variates, axis=0), rtol=5e-3)


def test_features_are_both_dates_their_difference_and_means_over_squares() -> None:
    generator = np.random.default_rng(0)
    before, after = generator.normal(size=(2, 2, 12, 13)).astype(np.float32)
    before[:, 5, 6] = after[:, 5, 6] = np.nan
    detector = DifferenceMachine(sides=(3, 5))
    assert detector.margin == 2
    found = detector.evidence({}, before, after)
    stack = np.concatenate([before, after, before - after]).astype(np.float64)
    assert found.shape == (18, 8, 9)
    np.testing.assert_array_equal(found[:6], stack[:, 2:-2, 2:-2].astype(np.float32))
    for first, reach in ((6, 1), (12, 2)):
        for row, col in ((2, 2), (4, 5), (6, 7), (9, 10)):
            square = stack[:, row - reach : row + reach + 1, col - reach : col + reach + 1]
            expected = np.nanmean(square, axis=(1, 2))
            np.testing.assert_allclose(found[first : first + 6, row - 2, col - 2], expected, atol=1e-5)
    assert np.isnan(found[:, 3, 4]).all()
