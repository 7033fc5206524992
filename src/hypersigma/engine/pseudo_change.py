"""A network of change detection, fitted on labels, or where there are none on pixels whose scores leave no doubt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hypersigma.baselines._change import ChangeDetector
from hypersigma.data.change_maps import CHANGE, MAP
from hypersigma.data.labels import LabelledScene
from hypersigma.data.pair import CHANGED, UNCHANGED
from hypersigma.engine.fitted import NeuralFitted
from hypersigma.engine.neural import NeuralMethod
from hypersigma.engine.predict import predict_scene
from hypersigma.errors import InputError

_SURE = 0.5  # share of what is mapped as changed, the highest scores, and of the rest, the lowest, that is learned from


@dataclass(frozen=True, kw_only=True)
class TaughtOrPseudo:
    """A network, and the detector whose scores it learns from where nothing is labelled.

    Attributes:
        network: how the network is fitted; detector: what scores pairs without labels.
    """

    network: NeuralMethod
    detector: ChangeDetector

    @property
    def config(self) -> Any:
        """Settings of the task."""
        return self.network.config

    def fit(self, inputs: Sequence[LabelledScene], seed: int) -> NeuralFitted:
        """Fit the network on the labels of all pairs, or on what the detector is sure of.

        Raises:
            InputError: a scene is no pair, labels lack one of the two classes, or the scores part nothing.
        """
        if any(scene.labels.any() for scene in inputs):
            return self.network.fit([scene for scene in inputs if scene.labels.any()], seed)
        return self.network.fit([self._sure(scene, seed) for scene in inputs], seed)

    def chosen_weights(self, inputs: Sequence[LabelledScene]) -> str | None:
        """The weights that the network begins with; None for random ones."""
        return self.network.chosen_weights(inputs)

    def _sure(self, scene: LabelledScene, seed: int) -> LabelledScene:
        """The pair with labels where scores leave no doubt."""
        arrays = predict_scene(self.detector.fit([scene], seed), scene.cube)
        score, mapped = arrays[CHANGE], arrays[MAP]
        labels = np.zeros(mapped.shape, dtype=np.int32)
        for value, share in ((UNCHANGED, _SURE), (CHANGED, 1 - _SURE)):
            own = mapped == value
            if not own.any():
                raise InputError(
                    f"{scene.cube.name}: the scores of the pair do not part in changed and unchanged pixels, so that "
                    "there is nothing to learn from; give --labels"
                )
            level = np.quantile(score[own], share)
            labels[own & (score <= level if value == UNCHANGED else score >= level)] = value
        return replace(scene, labels=labels)
