"""One trial: nothing of the test side reaches the method, and the figures are those of the test side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from hypersigma import registry
from hypersigma.cube import Cube
from hypersigma.data.labels import LabelledScene
from hypersigma.data.method import Tiling
from hypersigma.data.sampling import SplitConfig
from hypersigma.engine.trial import Trial, run_trial
from hypersigma.errors import ConfigError
from hypersigma.palette import default_legend
from hypersigma.tiling import Window

SIDE = 24


def scene(seed: int = 0) -> LabelledScene:
    """Two classes in left and right half of a noisy scene; the first band is the class."""
    labels = np.ones((SIDE, SIDE), dtype=np.int32)
    labels[:, SIDE // 2 :] = 2
    labels[0] = 0
    array = np.random.default_rng(seed).normal(size=(3, SIDE, SIDE)).astype(np.float32)
    array[0] = labels
    array[0, 0] = np.where(np.arange(SIDE) < SIDE // 2, 1, 2)
    return LabelledScene(Cube.from_array(array, name=f"toy{seed}"), labels, default_legend(("left", "right")))


@dataclass
class Oracle:
    """A method that reads the class from the first band, and remembers what it was given."""

    wrong: bool = False
    given: list[Sequence[LabelledScene]] = field(default_factory=list)

    def fit(self, inputs: Sequence[LabelledScene], seed: int) -> Oracle:
        self.given.append(inputs)
        return self

    @property
    def tiling(self) -> Tiling:
        return Tiling()

    def predict(self, cube: Cube, window: Window) -> NDArray[np.float32]:
        first = cube.read(window, bands=[0])[0]
        right = np.stack([first == 1, first == 2]).astype(np.float32)
        return right[::-1] if self.wrong else right

    def finish(self, quantities: NDArray[np.float32], cube: Cube, window: Window) -> Mapping[str, NDArray[Any]]:
        return {"map": (quantities.argmax(axis=0) + 1).astype(np.uint8), "confidence": quantities.max(axis=0)}


@pytest.fixture
def oracle(monkeypatch: pytest.MonkeyPatch) -> Oracle:
    """Registers the scene `toy` (three scenes) and the baseline `oracle`, and nothing else."""
    method = Oracle()
    rooms = {
        ("hypersigma.data.scenes", "toy"): SimpleNamespace(
            load=lambda: [scene(seed) for seed in range(3)], HELD_OUT={"cities": [("toy2", "toy0")]}
        ),
        ("hypersigma.baselines", "oracle"): SimpleNamespace(METHOD=method),
    }
    real = registry.load
    monkeypatch.setattr(registry, "load", lambda room, name: rooms.get((room, name)) or real(room, name))
    return method


def trial(**changes: Any) -> Trial:
    settings = {"task": "classification", "scene": "toy", "method": "oracle", "split": SplitConfig(), "seed": 0}
    return Trial(**(settings | changes))


def test_a_perfect_method_scores_one(oracle: Oracle) -> None:
    row = run_trial(trial(), "cpu")
    assert row["protocol"] == "random"
    figures = row["metrics"]
    assert all(figures[name] == 1 for name in ("oa", "aa", "kappa", "f1", "oa_low", "oa_high"))
    assert figures["ece"] == 0
    assert 0 < figures["test_in_windows"] <= 1
    assert row["seconds"] >= 0


def test_a_method_that_is_always_wrong_scores_zero(oracle: Oracle) -> None:
    oracle.wrong = True
    figures = run_trial(trial(), "cpu")["metrics"]
    assert figures["oa"] == 0
    assert figures["ece"] == 1


def test_a_method_sees_its_label_budget_and_no_test_label(oracle: Oracle) -> None:
    run_trial(trial(split=SplitConfig(num_per_class=6, num_validation=2)), "cpu")
    for given in oracle.given[0]:
        assert [int((given.labels == value).sum()) for value in (1, 2)] == [6, 6]


def test_scenes_left_out_are_not_even_seen_without_labels(oracle: Oracle) -> None:
    run_trial(trial(split=SplitConfig(protocol="tiles", num_per_class=None, num_folds=3)), "cpu")
    assert [len(given) for given in oracle.given] == [2, 2, 2]
    left_out = [{"toy0", "toy1", "toy2"} - {scene.cube.name for scene in given} for given in oracle.given]
    assert sorted(name for names in left_out for name in names) == ["toy0", "toy1", "toy2"]


def test_scenes_are_held_out_by_the_names_of_their_module(oracle: Oracle) -> None:
    row = run_trial(trial(split=SplitConfig(protocol="cities")), "cpu")
    assert row["protocol"] == "cities"
    assert [scene.cube.name for scene in oracle.given[0]] == ["toy1"]
    run_trial(trial(split=SplitConfig(protocol="leave_one_out")), "cpu")
    assert [len(given) for given in oracle.given[1:]] == [2, 2, 2]


def test_without_labels_a_method_is_given_the_scene_itself(oracle: Oracle) -> None:
    run_trial(trial(split=SplitConfig(protocol="none")), "cpu")
    assert [[scene.cube.name for scene in given] for given in oracle.given] == [["toy0"], ["toy1"], ["toy2"]]
    assert not any(scene.labels.any() for given in oracle.given for scene in given)


def test_fields_give_the_figure_without_cut_classes(oracle: Oracle) -> None:
    row = run_trial(trial(split=SplitConfig(protocol="fields", num_per_class=5)), "cpu")
    assert "oa_whole_fields" in row["metrics"]


def test_the_same_trial_gives_the_same_figures(oracle: Oracle) -> None:
    assert run_trial(trial(), "cpu")["metrics"] == run_trial(trial(), "cpu")["metrics"]


def test_an_unknown_method_is_told_the_nearest(oracle: Oracle) -> None:
    with pytest.raises(ConfigError, match="did you mean 'svm'"):
        run_trial(trial(method="svn"), "cpu")
