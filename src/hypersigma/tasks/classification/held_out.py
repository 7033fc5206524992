"""Answers to labels that whoever answers has not learned from: what the figures of a run are made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.labels import LabelledScene
from hypersigma.data.method import Fitted, Method
from hypersigma.metrics import bootstrap, confusion_matrix, expected_calibration_error, score
from hypersigma.tasks._contract import Held, Share
from hypersigma.tasks.classification.decision import Decision, pooled
from hypersigma.tiling import Window, blocks

_BLOCK = 64  # pixels; held-out labels are few, so only blocks that hold some are predicted


@dataclass(frozen=True, eq=False)
class Answers:
    """What was said of held-out labels.

    Attributes:
        probabilities: (K, n) of the classes.
        truth: (n,) the labels, 1..K.
    """

    probabilities: NDArray[np.float32]
    truth: NDArray[np.int32]

    @property
    def predicted(self) -> NDArray[np.int64]:
        """(n,) the likeliest classes."""
        classes: NDArray[np.int64] = self.probabilities.argmax(axis=0) + 1
        return classes

    @property
    def confidence(self) -> NDArray[np.float32]:
        """(n,) their probabilities."""
        highest: NDArray[np.float32] = self.probabilities.max(axis=0)
        return highest

    @property
    def correct(self) -> NDArray[np.bool_]:
        """(n,) whether they are right."""
        right: NDArray[np.bool_] = self.predicted == self.truth
        return right

    @property
    def matrix(self) -> NDArray[np.int64]:
        """(K + 1, K + 1) counts [truth, predicted]."""
        return confusion_matrix(self.truth, self.predicted, len(self.probabilities))

    def figures(self, seed: int) -> dict[str, float]:
        """Figures of merit by their short names."""
        low, high = bootstrap(self.matrix, "oa", seed=seed)
        ece = expected_calibration_error(self.confidence, self.correct)
        return score(self.matrix) | {"oa_low": low, "oa_high": high, "ece": ece}


def of_ensemble(decision: Decision, held: Sequence[Held]) -> Answers | None:
    """What the members of an ensemble say of the labels held out from them; None where none were."""
    if not held:
        return None
    probabilities, truth = pooled(decision, held)
    return Answers(probabilities, truth) if len(truth) else None


def cross_fitted(method: Method, shares: Sequence[Share], seed: int) -> Answers | None:
    """What a method says of each share's held-out labels, fitted anew on the rest; None where none are.

    Raises:
        InputError: the labels of a share are too few to fit the method on.
    """
    parts, truths = [], []
    for share in shares:
        if not any(scene.labels.any() for scene in share.held_out):
            continue
        fitted = method.fit([scene for scene in share.fitted if scene.labels.any()], seed)
        for scene in share.held_out:
            for window in _windows(fitted, scene):
                probabilities = fitted.predict(scene.cube, window)
                truth = scene.labels[window.slices]
                chosen = (truth > 0) & np.isfinite(probabilities).all(axis=0)
                parts.append(probabilities[:, chosen])
                truths.append(truth[chosen])
    if not parts:
        return None
    return Answers(np.concatenate(parts, axis=1), np.concatenate(truths))


def _windows(fitted: Fitted, scene: LabelledScene) -> Iterator[Window]:
    """Windows that hold the labels of a scene; the whole scene where the method takes it whole."""
    _, rows, cols = scene.cube.shape
    block = _BLOCK if fitted.tiling.tile is not None else max(rows, cols)
    return (window for window in blocks(rows, cols, block) if scene.labels[window.slices].any())
