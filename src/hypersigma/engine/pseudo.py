"""A network fitted on what a coarse detector is sure of; no truth is seen anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypersigma.baselines._detector import Detector, fit_detector
from hypersigma.data.detection import DetectionScene, only_scene
from hypersigma.data.pseudo_labels import pseudo_labelled
from hypersigma.data.score_maps import score_name
from hypersigma.engine.fitted import NeuralFitted
from hypersigma.engine.neural import NeuralMethod
from hypersigma.engine.predict import predict_scene


@dataclass(frozen=True, kw_only=True)
class PseudoLabelMethod:
    """A network and the coarse detector whose scores it learns from.

    Attributes:
        network: how the network is fitted; detector: the coarse one.
    """

    network: NeuralMethod
    detector: Detector

    @property
    def config(self) -> Any:
        """Settings of the task."""
        return self.network.config

    def fit(self, inputs: Sequence[DetectionScene], seed: int) -> NeuralFitted:
        """Fit the network on the lowest and the highest scores of the coarse detector.

        Raises:
            InputError: there is no scene or several, or it lacks data.
        """
        scene = only_scene(inputs)
        coarse = predict_scene(fit_detector(self.detector, scene, seed), scene.cube)
        scores = coarse[score_name(self.detector.task)]
        labelled = pseudo_labelled(scene, scores, self.config.background_share, self.config.target_share)
        return self.network.fit([labelled], seed)

    def chosen_weights(self, inputs: Sequence[DetectionScene]) -> str | None:
        """The weights that the network begins with; None for random ones."""
        return self.network.chosen_weights(inputs)
