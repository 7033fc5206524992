"""How a change detector does on pairs of dates: counts add up over folds and scenes, scores are pooled and by scene."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.change_maps import CHANGE, MAP
from hypersigma.data.labels import LabelledScene
from hypersigma.data.pair import CHANGED
from hypersigma.data.sampling import Split
from hypersigma.metrics.change import change_scores
from hypersigma.metrics.classification import confusion_matrix
from hypersigma.metrics.detection import detection_scores

_POOLED = ("auc", "ap")


@dataclass
class ChangeScores:
    """What adds up over the folds and scenes of a trial.

    Attributes:
        matrices: (3, 3) counts [truth, mapped] of each scene's test pixels.
        scores: of each scene's test pixels; truths: whether they changed.
    """

    matrices: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    scores: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    truths: dict[str, NDArray[np.bool_]] = field(default_factory=dict)

    def add(self, scene: LabelledScene, split: Split, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Score one predicted pair on its test pixels."""
        name, truth = scene.cube.name, scene.labels[split.test]
        self.matrices[name] = confusion_matrix(truth, arrays[MAP][split.test], CHANGED)
        self.scores[name] = arrays[CHANGE][split.test]
        self.truths[name] = truth == CHANGED

    def figures(self) -> dict[str, float]:
        """Figures of all test pixels together; of several scenes also those of each, and their means."""
        scores, truths = (np.concatenate(list(parts.values())) for parts in (self.scores, self.truths))
        figures = change_scores(np.sum(list(self.matrices.values()), axis=0)) | _areas(scores, truths)
        if len(self.matrices) > 1:
            own = {
                name: change_scores(matrix) | _areas(self.scores[name], self.truths[name])
                for name, matrix in self.matrices.items()
            }
            for key, of in (("f1", "f1_changed"), *((key, key) for key in _POOLED)):
                values = {name: found[of] for name, found in own.items() if of in found}
                figures |= {f"{key}_{name}": value for name, value in values.items()}
                if values:
                    figures[f"mean_{key}"] = float(np.mean(list(values.values())))
        return figures


def _areas(scores: NDArray[np.float32], truth: NDArray[np.bool_]) -> dict[str, float]:
    found = detection_scores(scores, truth)
    return {key: found[key] for key in _POOLED if key in found}
