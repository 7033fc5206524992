"""Labels that are held out: each once, none learned from where it is asked about, and none where they are too few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from hypersigma.baselines.cva import ChangeVector
from hypersigma.baselines.svm_difference import DifferenceMachine
from hypersigma.cube import Cube
from hypersigma.data.change_maps import change_arrays
from hypersigma.data.labels import LabelledScene
from hypersigma.data.pair import CHANGED, Pair
from hypersigma.errors import InputError
from hypersigma.tasks.change_detection.held_out import held_out_answers
from hypersigma.tiling import Window
from tests.fakes.dates import COLS, HOLES, ROWS, labelled_pair, pair_of, truth


@dataclass
class Remembering:
    """A method that says 1 where it has learned from a label, else a number below 0.5 that tells the pixel."""

    seen: list[list[np.ndarray]] = field(default_factory=list)
    fails: int = 0

    def fit(self, inputs: Sequence[LabelledScene], seed: int) -> Remembering:
        self.seen.append([scene.labels for scene in inputs])
        if len(self.seen) <= self.fails:
            raise InputError("too few")
        return self

    def predict(self, cube: Cube, window: Window) -> np.ndarray:
        places = np.arange(ROWS * COLS).reshape(ROWS, COLS) / (2 * ROWS * COLS)
        known = sum((labels > 0).astype(int) for labels in self.seen[-1]) > 0
        return np.where(known, 1.0, places)[window.slices][None].astype(np.float32)

    def finish(self, quantities: np.ndarray, cube: Cube, window: Window) -> dict[str, Any]:
        return change_arrays(quantities, 0.5)


def test_every_label_is_asked_about_once_and_never_learned_from_there() -> None:
    method, labels = Remembering(), truth()
    labels[::3] = 0
    answers = held_out_answers([replace(labelled_pair(), labels=labels)], method, seed=0)
    assert len(method.seen) == 4
    assert answers.scores.max() < 0.5
    # each answer tells which pixel it is of
    places = np.round(answers.scores.astype(float) * 2 * ROWS * COLS).astype(int)
    assert np.sort(places).tolist() == np.flatnonzero(labels).tolist()
    np.testing.assert_array_equal(answers.truth, labels.ravel()[places])
    assert (answers.mapped == 1).all()


def test_whole_squares_are_held_out() -> None:
    method = Remembering()
    answers = held_out_answers([labelled_pair()], method, seed=0)
    assert answers.block == 8
    for (labels,) in method.seen:
        for row in range(0, ROWS, 8):
            for col in range(0, COLS, 8):
                assert len(np.unique(labels[row : row + 8, col : col + 8] == 0)) == 1
    shares = [np.mean(labels == 0) for (labels,) in method.seen]
    assert sum(shares) == pytest.approx(1.0)
    assert min(shares) > 0.15


def test_the_seed_draws_the_squares() -> None:
    drawn = []
    for seed in (0, 0, 1):
        method = Remembering()
        held_out_answers([labelled_pair()], method, seed)
        drawn.append(method.seen[0][0])
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert (drawn[0] != drawn[2]).any()


def test_folds_that_cannot_be_fitted_are_left_out() -> None:
    answers = held_out_answers([labelled_pair()], Remembering(fails=2), seed=0)
    assert 0.3 * ROWS * COLS < len(answers.truth) < 0.7 * ROWS * COLS
    with pytest.raises(InputError, match="labels are too few, or too close together") as caught:
        held_out_answers([labelled_pair()], Remembering(fails=4), seed=0)
    assert isinstance(caught.value.__cause__, InputError)


@pytest.mark.parametrize("method", [DifferenceMachine(), ChangeVector()])
def test_labels_of_one_square_are_too_close_together(method: Any) -> None:
    labels = np.zeros((ROWS, COLS), dtype=np.int32)
    labels[:8, :8] = truth()[:8, :8]
    with pytest.raises(InputError, match="labels are too few, or too close together"):
        held_out_answers([replace(labelled_pair(), labels=labels)], method, seed=0)


def test_pixels_without_data_are_not_asked_about() -> None:
    answers = held_out_answers([labelled_pair(holes=True)], DifferenceMachine(), seed=0)
    assert len(answers.truth) == ROWS * COLS - len(HOLES)
    assert np.isfinite(answers.scores).all()


def test_a_method_that_learns_nothing_is_scored_by_its_own_threshold() -> None:
    pair = pair_of()
    answers = held_out_answers([labelled_pair()], ChangeVector(), seed=0)
    fitted = ChangeVector().fit([labelled_pair()], 0)
    whole = fitted.finish(fitted.predict(pair, pair.window), pair, pair.window)
    assert answers.scores.max() > 1.0
    assert np.sum(answers.mapped == CHANGED) == np.sum(whole["map"] == CHANGED)
    assert np.mean(answers.mapped == answers.truth) > 0.95


def test_several_pairs_are_held_out_together() -> None:
    few = np.zeros((ROWS, COLS), dtype=np.int32)
    few[4, 4], few[0, 0] = 2, 1
    scenes = [labelled_pair(0), replace(labelled_pair(1), labels=few)]
    answers = held_out_answers(scenes, DifferenceMachine(), seed=0)
    assert len(answers.truth) == ROWS * COLS + 2
    assert isinstance(scenes[0].cube, Pair)
