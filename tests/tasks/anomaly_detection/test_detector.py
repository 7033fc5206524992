"""The tuning-free anomaly detector: whole, window by window, with features and without."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from hypersigma.baselines import rank_fusion
from hypersigma.baselines._detector import FittedDetector, fit_detector
from hypersigma.baselines.rank_fusion import RankFusion
from hypersigma.baselines.rx import GlobalRX
from hypersigma.cube import Cube
from hypersigma.data.detection import DetectionScene
from hypersigma.engine.predict import predict_scene
from hypersigma.errors import ConfigError
from hypersigma.tasks.anomaly_detection.config import AnomalyDetectionConfig
from hypersigma.tasks.anomaly_detection.detector import METHOD, AnomalyFusion
from hypersigma.tasks.anomaly_detection.task import frozen_detector
from hypersigma.tiling import Window, blocks
from tests.fakes.anomalies import COLS, HOLE, ROWS, odd_cube, quick_ranks, truth

CUBE = odd_cube(hole=True)


class Told:
    """Features that are two noisy bands and the truth; missing where the scene's data are."""

    weights = "told"

    def __init__(self, cube: Cube = CUBE) -> None:
        noise = np.random.default_rng(3).normal(size=(3, ROWS, COLS))
        noise[2] = 0.05 * noise[2] + 3.0 * truth()
        noise[:, ~np.isfinite(cube.read()).all(axis=0)] = np.nan
        self.array = noise.astype(np.float32)

    def read(self, cube: Cube, window: Window) -> Any:
        return self.array[:, *window.slices]


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Iterator[None]:
    with quick_ranks():
        yield


def scores(fitted: FittedDetector, side: int, backwards: bool = False) -> np.ndarray:
    """Scores of the scene, predicted in blocks of some side, from the first or from the last on."""
    found = np.zeros((ROWS, COLS), dtype=np.float32)
    every = list(blocks(ROWS, COLS, side))
    for block in every[::-1] if backwards else every:
        found[block.slices] = fitted.predict(CUBE, block)[0]
    return found


@pytest.mark.parametrize("describer", [None, Told()], ids=["bands", "features"])
def test_how_a_scene_is_cut_changes_no_score(describer: Told | None) -> None:
    fitted = fit_detector(AnomalyFusion(), DetectionScene(CUBE), 0, describer)
    whole = predict_scene(fitted, CUBE)["anomaly"]
    assert np.isnan(whole[HOLE]).all()
    assert np.isfinite(whole).sum() == ROWS * COLS - 12
    for side, backwards in ((7, False), (7, True), (24, False)):
        np.testing.assert_allclose(scores(fitted, side, backwards), whole, rtol=1e-4, atol=1e-4)


def test_features_add_to_what_bands_say() -> None:
    assert METHOD.describes
    plain = fit_detector(METHOD, DetectionScene(CUBE), 0)
    told = fit_detector(METHOD, DetectionScene(CUBE), 0, Told())
    assert not any(name.startswith("features") for name in plain.learned)
    assert any(name.startswith("features") for name in told.learned)
    mean = [predict_scene(one, CUBE)["anomaly"][truth()].mean() for one in (plain, told)]
    assert mean[1] > mean[0]


def test_with_no_weight_on_anything_else_it_is_rank_fusion() -> None:
    fitted = fit_detector(AnomalyFusion(found_weight=0.0, surroundings_weight=0.0), DetectionScene(CUBE), 0)
    plain = fit_detector(RankFusion(), DetectionScene(CUBE), 0)
    ranks = predict_scene(plain, CUBE)["anomaly"].astype(np.float64)
    np.testing.assert_allclose(predict_scene(fitted, CUBE)["anomaly"], -np.log10(1 - ranks + 1e-6), rtol=1e-3)


def test_a_pixel_alone_stands_above_a_region_of_its_kind() -> None:
    array = np.random.default_rng(5).normal(size=(4, 40, 40)).astype(np.float32)
    region, inside, alone = (slice(4, 14), slice(4, 14)), (slice(6, 12), slice(6, 12)), (30, 30)
    array[:, *region] = 9.0 + 0.1 * array[:, *region]
    array[:, *alone] = 9.0
    cube = Cube.from_array(array, name="region")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rank_fusion, "parts", lambda: (GlobalRX(),))
        plain, against = (
            _share_above(predict_scene(fit_detector(method, DetectionScene(cube), 0), cube)["anomaly"], inside, alone)
            for method in (replace(METHOD, surroundings_weight=0.0), replace(METHOD, surroundings=9))
        )
    assert plain > 0.3
    assert against < 0.1


def _share_above(scores: np.ndarray, region: tuple[slice, slice], pixel: tuple[int, int]) -> float:
    return float((scores[region] > scores[pixel]).mean())


def test_settings_of_the_task_reach_the_detector() -> None:
    given: dict[str, Any] = {"num_components": 7, "found_weight": 0.4, "target_share": 0.01, "false_alarm_rate": 0.02}
    given |= {"surroundings": 9, "surroundings_weight": 0.1}
    assert frozen_detector(AnomalyDetectionConfig(**given)) == AnomalyFusion(**given)
    # what is saved with either has the same defaults
    assert frozen_detector(AnomalyDetectionConfig()) == METHOD


@pytest.mark.parametrize(
    "changes",
    [
        {"num_components": 0},
        {"found_weight": -0.1},
        {"feature_weight": -0.1},
        {"surroundings_weight": -0.1},
        {"surroundings": 20},
        {"surroundings": -1},
    ],
)
def test_settings_that_cannot_be(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="num_components must be at least 1|surroundings must be an odd number"):
        AnomalyDetectionConfig(**changes)
