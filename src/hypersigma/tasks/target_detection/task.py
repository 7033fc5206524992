"""Target detection as a task: its network, its loss, its score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, ClassVar

import torch
from torch import Tensor

from hypersigma.data.front_end import FrontEnd
from hypersigma.data.pseudo_labels import PseudoScene
from hypersigma.nn.detection import TargetNetwork, target_loss
from hypersigma.tasks._contract import Batch, ChannelReader
from hypersigma.tasks._detection_task import DetectionTask, labels_of
from hypersigma.tasks.target_detection.config import TargetDetectionConfig
from hypersigma.tasks.target_detection.detector import TargetFusion


class TargetDetection(DetectionTask):
    """A network whose score is the inner product of a pixel's features and the embedded target."""

    name: ClassVar[str] = "target_detection"
    Config = TargetDetectionConfig
    Network = TargetNetwork
    target: Tensor

    def __init__(self, config: Any, front_end: FrontEnd) -> None:
        super().__init__(config, front_end)
        # known before training, so it is a state and not a parameter
        self.register_buffer("target", torch.zeros(front_end.num_channels))

    def prepare(self, inputs: Sequence[PseudoScene], readers: Sequence[ChannelReader]) -> None:
        """Bring the target to the channels of the scene."""
        assert inputs[0].spectrum is not None
        self.target.copy_(torch.from_numpy(readers[0].alike(inputs[0].spectrum)))

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """Binary cross-entropy over the pixels with a pseudo-label."""
        return {
            "loss": target_loss(self.scores(batch.image), labels_of(batch), published=self.config.loss == "published")
        }

    def scores(self, image: Tensor) -> Tensor:
        channels = self.target[None, :, None, None]
        # the target is brought to canonical bands as a picture of it would be
        target = (channels if self.canonical is None else self.canonical(channels))[..., 0, 0]
        result: Tensor = self.network(target=target, **self.told(image))
        return result


TASK = TargetDetection


def frozen_detector(config: TargetDetectionConfig) -> TargetFusion:
    """The tuning-free detector that the settings ask for."""
    return TargetFusion(**{field.name: getattr(config, field.name) for field in fields(TargetFusion)})
