"""Trials of restorations, and the tables that are made of their rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from hypersigma.baselines.pca_denoising import METHOD as COMPONENTS
from hypersigma.data.restoration import RestorationScene
from hypersigma.engine.comparison import note_of, tables
from hypersigma.engine.methods import network_method
from hypersigma.engine.restoration_trial import restored_figures
from hypersigma.errors import InputError
from hypersigma.metrics.restoration import restoration_scores
from tests.fakes.sharp import coarse, companion, cube, truth


def noisy(name: str, deviation: float) -> RestorationScene:
    clean = truth()[:, :48, :40]
    drawn = np.random.default_rng(100).standard_normal(clean.shape).astype(np.float32)
    return RestorationScene(cube=cube(clean + np.float32(deviation) * drawn, name=name), truth=cube(clean))


@dataclass(frozen=True)
class Blind:
    """A method that must see nothing of a truth, and refuses scenes with a companion."""

    method: Any

    def fit(self, inputs: Sequence[RestorationScene], seed: int) -> Any:
        assert all(each.truth is None for each in inputs)
        if inputs[0].companion is not None:
            raise InputError("nothing is done with a companion")
        return self.method.fit(inputs, seed)


def test_figures_are_means_over_scenes_and_of_each() -> None:
    outcome = restored_figures(Blind(COMPONENTS), [noisy("calm", 0.02), noisy("loud", 0.1)], "denoising", 0)
    assert not outcome.left_out
    assert outcome.seconds > 0
    for key in ("mpsnr", "mssim", "sam", "ergas"):
        each = [outcome.metrics[f"{key}_{name}"] for name in ("calm", "loud")]
        assert outcome.metrics[key] == pytest.approx(np.mean(each))
    assert outcome.metrics["mpsnr_calm"] > outcome.metrics["mpsnr_loud"] + 5


def test_angles_of_denoised_spectra_are_those_of_clipped_images() -> None:
    scene = noisy("loud", 0.3)
    found = COMPONENTS.fit([scene], 0).predict(scene.cube, replace_window(scene))
    metrics = restored_figures(COMPONENTS, [scene], "denoising", 0).metrics
    assert scene.truth is not None
    clipped = restoration_scores(np.clip(found, 1e-4, 1), np.clip(scene.truth.read(), 1e-4, 1))
    assert metrics["sam"] == pytest.approx(clipped["sam"], rel=1e-4)


def replace_window(scene: RestorationScene) -> Any:
    from hypersigma.tiling import Window

    return Window(0, 0, *scene.cube.shape[1:])


def test_a_scene_that_a_method_does_not_take_is_left_out_by_name() -> None:
    larger = replace(coarse(4), name="ratio_4")
    scenes = [
        RestorationScene(cube=larger, truth=cube(truth()), scale=4),
        RestorationScene(cube=replace(larger, name="rgb_4"), truth=cube(truth()), companion=companion()),
    ]
    method = network_method("super_resolution", {"detail": "interpolated"})
    partly = restored_figures(Blind(method), scenes, "super_resolution", 0)
    assert partly.left_out == {"rgb_4": "nothing is done with a companion"}
    assert set(partly.metrics) == {f"{key}_ratio_4" for key in ("mpsnr", "mssim", "sam", "ergas")}
    wholly = restored_figures(method, scenes, "super_resolution", 0)
    assert wholly.metrics["mpsnr_rgb_4"] > wholly.metrics["mpsnr_ratio_4"]
    assert wholly.metrics["ergas_ratio_4"] == pytest.approx(partly.metrics["ergas_ratio_4"])


def test_a_method_that_takes_no_scene_has_no_figures() -> None:
    scene = RestorationScene(cube=coarse(4), truth=cube(truth()), companion=companion())
    outcome = restored_figures(Blind(None), [scene], "super_resolution", 0)
    assert outcome.metrics == {}
    assert list(outcome.left_out) == ["scene"]


def test_a_scene_without_a_truth_is_scored_by_what_was_taken_out() -> None:
    metrics = restored_figures(COMPONENTS, [replace(noisy("loud", 0.1), truth=None)], "denoising", 0).metrics
    assert set(metrics) == {"noise_left", "removed_to_noise", "band_correlation", "pixel_correlation"}
    assert metrics["noise_left"] < 0.6
    assert metrics["removed_to_noise"] == pytest.approx(1, abs=0.2)


def row(method: str, seed: int, **metrics: float) -> dict[str, Any]:
    told = {"task": "denoising", "scene": "toy", "protocol": "none", "method": method, "seed": seed}
    costs = {"weights": None, "settings": [], "seconds": 1.0, "peak_memory_mb": 10.0, "left_out": {}}
    return told | costs | {"metrics": metrics}


def test_the_best_method_stands_first_and_one_without_means_last() -> None:
    rows = [row("nlm", seed, mpsnr=30.0 + seed, sam=2.0) for seed in (0, 1)]
    rows += [row("partial", 0, mpsnr_a=40.0, sam_a=1.0), row("hypersigma-tiny", 0, mpsnr=35.0, sam=1.0)]
    means, each = tables(rows)
    assert means.title == "toy"
    assert means.columns == ("method", "seeds", "MPSNR", "SAM", "seconds")
    assert [line[0] for line in means.rows] == ["hypersigma-tiny", "nlm", "partial"]
    assert means.rows[1][2] == "30.5000 ± 0.7071"
    assert each.rows == (("hypersigma-tiny", ""), ("nlm", ""), ("partial", "40.00 / 1.00"))
    assert "peak of 1" in note_of(["super_resolution"])
