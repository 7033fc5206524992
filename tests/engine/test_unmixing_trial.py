"""Trials of unmixing, and the tables that are made of their rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from hypersigma.baselines.vca_fcls import VertexLeastSquares
from hypersigma.data.unmixing import UnmixingScene
from hypersigma.data.unmixing_targets import KnownTarget
from hypersigma.engine.comparison import note_of, tables
from hypersigma.engine.unmixing_trial import unmixing_figures
from hypersigma.errors import InputError
from tests.fakes.mixtures import mixed, scene, shares


class Blind(VertexLeastSquares):
    """A method that must see nothing of a truth."""

    def fit(self, inputs: Sequence[UnmixingScene], seed: int) -> Any:
        assert all(not each.has_truth and not each.materials and not each.truth_targets for each in inputs)
        return super().fit(inputs, seed)


def test_figures_are_means_over_scenes_and_of_each() -> None:
    first, second = scene(), scene(noise=0.02)
    second = replace(second, cube=replace(second.cube, name="noisy"))
    figures = unmixing_figures(Blind(), [first, second], 0)
    for key in ("sad", "armse", "rmse", "mae"):
        assert figures[key] == pytest.approx((figures[f"{key}_mixed"] + figures[f"{key}_noisy"]) / 2)
    assert figures["sad_noisy"] > figures["sad_mixed"]
    assert figures["residual"] > 0


def test_targets_of_known_area_are_scored_where_there_are_any() -> None:
    ground = np.zeros(shares().shape[1:], dtype=bool)
    ground[1:6, 1:6] = True  # pure clay
    first = replace(scene(), truth_targets=(KnownTarget(0, ground, 20.0, "square"),))
    figures = unmixing_figures(Blind(), [first], 0)
    # 25 pixels of clay are found where 20 are said to be
    assert figures["area"] == figures["area_square"] == pytest.approx(0.25, abs=0.01)
    assert figures["inside"] < 0.02
    other = replace(scene(noise=0.02), truth_targets=())
    figures = unmixing_figures(Blind(), [first, replace(other, cube=replace(other.cube, name="noisy"))], 0)
    assert figures["area_mixed"] == figures["area_square_mixed"] == pytest.approx(0.25, abs=0.01)
    assert "area" not in figures
    assert "area_noisy" not in figures


def test_a_scene_without_a_truth_is_no_trial() -> None:
    with pytest.raises(InputError, match="has no truth"):
        unmixing_figures(Blind(), [UnmixingScene(mixed(), 3)], 0)


def row(method: str, seed: int, **metrics: float) -> dict[str, Any]:
    return {
        "task": "unmixing",
        "scene": "toy",
        "protocol": "none",
        "method": method,
        "seed": seed,
        "weights": None,
        "settings": [],
        "seconds": 1.0,
        "peak_memory_mb": 10.0,
        "metrics": metrics,
    }


def test_the_best_method_stands_first() -> None:
    rows = [row("vca_fcls", seed, sad=0.3, armse=0.2 + 0.02 * seed) for seed in (0, 1)]
    (table,) = tables([*rows, row("hypersigma-tiny", 0, sad=0.1, armse=0.05)])
    assert table.title == "toy"
    assert table.columns == ("method", "seeds", "SAD", "RMSE", "seconds")
    assert [line[0] for line in table.rows] == ["hypersigma-tiny", "vca_fcls"]
    assert table.rows[1][3] == "0.2100 ± 0.0141"
    assert note_of(["unmixing"]).startswith("SAD: mean spectral angle")


def test_scenes_of_one_module_stand_beside_each_other() -> None:
    one = row("vca_fcls", 0, sad=0.2, armse=0.1, sad_a=0.2, armse_a=0.1, armse_b=0.3)
    _, table = tables([one])
    assert table.columns == ("method", "a", "b")
    assert table.rows == (("vca_fcls", "0.2000 / 0.1000", "0.3000"),)


def test_targets_stand_beside_each_other() -> None:
    one = row("vca_fcls", 0, armse=0.1, armse_a=0.1, armse_b=0.3, area_a=0.2, inside_a=0.05, outside_a=0.01)
    _, _, table = tables([one])
    assert table.title == "toy: area / inside / outside by scene"
    assert table.rows == (("vca_fcls", "0.2000 / 0.0500 / 0.0100", ""),)
