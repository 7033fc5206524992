"""The tuning-free target detector: the plain formula, whole and window by window."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hypersigma.baselines._detector import FittedDetector, fit_detector
from hypersigma.data.detection import DetectionScene
from hypersigma.data.target_files import read_target
from hypersigma.engine.predict import predict_scene
from hypersigma.errors import ConfigError, InputError
from hypersigma.tasks.target_detection.config import TargetDetectionConfig
from hypersigma.tasks.target_detection.detector import METHOD, TargetFusion
from hypersigma.tasks.target_detection.task import frozen_detector
from hypersigma.tiling import blocks
from tests.fakes.anomalies import COLS, HOLE, ROWS, material, odd_cube, truth

CUBE = odd_cube(hole=True)
SCENE = DetectionScene(CUBE, target=read_target(CUBE, material()))


def test_it_is_the_product_of_coherence_and_matched_filter() -> None:
    fitted = fit_detector(TargetFusion(loading=0.0, cleaned=0.0, smoothing=0.0, compact=0.0), SCENE, 0)
    found = predict_scene(fitted, CUBE)["target"]
    pixels = CUBE.read().reshape(12, -1).astype(np.float64)
    known = np.isfinite(pixels).all(axis=0)
    mean, covariance = pixels[:, known].mean(axis=1), np.cov(pixels[:, known], bias=True)
    centred, target = pixels - mean[:, None], material() - mean
    precision = np.linalg.inv(covariance)
    inner = target @ precision @ centred
    strength = inner / (target @ precision @ target)
    coherence = inner / np.sqrt((target @ precision @ target) * np.einsum("bn,bc,cn->n", centred, precision, centred))
    expected = (np.maximum(strength, 0) * np.maximum(coherence, 0)).reshape(ROWS, COLS)
    np.testing.assert_allclose(found, expected, rtol=2e-2, atol=2e-3)
    assert np.isnan(found[HOLE]).all()


@pytest.mark.parametrize("changes", [{}, {"compact": 0.0}, {"smoothing": 0.0}], ids=str)
def test_how_a_scene_is_cut_changes_no_score(changes: dict[str, float]) -> None:
    fitted: FittedDetector = fit_detector(TargetFusion(**changes), SCENE, 0)
    whole = predict_scene(fitted, CUBE)["target"]
    found = np.zeros_like(whole)
    for block in list(blocks(ROWS, COLS, 12))[::-1]:
        found[block.slices] = fitted.predict(CUBE, block)[0]
    np.testing.assert_allclose(found, whole, rtol=1e-4, atol=1e-5)
    assert found[truth()].min() > np.nanmax(found[~truth()])


def test_settings_of_the_task_reach_the_detector() -> None:
    config = TargetDetectionConfig(loading=0.1, cleaned=0.0, smoothing=1.0, compact=0.0, false_alarm_rate=0.02)
    expected = TargetFusion(loading=0.1, cleaned=0.0, smoothing=1.0, compact=0.0, false_alarm_rate=0.02)
    assert frozen_detector(config) == expected
    assert frozen_detector(TargetDetectionConfig()) == METHOD
    assert not METHOD.describes


@pytest.mark.parametrize("changes", [{"loading": -1.0}, {"smoothing": -0.1}, {"compact": -1.0}, {"cleaned": 1.0}])
def test_settings_that_cannot_be(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="loading, smoothing and compact must be 0 or more, cleaned"):
        TargetDetectionConfig(**changes)


def test_without_a_target_it_says_so() -> None:
    with pytest.raises(InputError, match="no target spectrum was given"):
        fit_detector(TargetFusion(), DetectionScene(CUBE), 0)
