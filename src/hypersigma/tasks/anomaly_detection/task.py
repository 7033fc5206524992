"""Anomaly detection as a task: its network, its loss, its score."""

from __future__ import annotations

from dataclasses import fields
from typing import ClassVar

from torch import Tensor

from hypersigma.nn.detection import AnomalyNetwork, anomaly_loss
from hypersigma.tasks._contract import Batch
from hypersigma.tasks._detection_task import DetectionTask, labels_of
from hypersigma.tasks.anomaly_detection.config import AnomalyDetectionConfig
from hypersigma.tasks.anomaly_detection.detector import AnomalyFusion


class AnomalyDetection(DetectionTask):
    """A network with two logits a pixel; its score is their difference."""

    name: ClassVar[str] = "anomaly_detection"
    Config = AnomalyDetectionConfig
    Network = AnomalyNetwork

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """Cross-entropy over the pixels with a pseudo-label."""
        return {"loss": anomaly_loss(self.network(**self.told(batch.image)), labels_of(batch))}

    def scores(self, image: Tensor) -> Tensor:
        logits: Tensor = self.network(**self.told(image))
        return logits[:, 1] - logits[:, 0]


TASK = AnomalyDetection


def frozen_detector(config: AnomalyDetectionConfig) -> AnomalyFusion:
    """The tuning-free detector that the settings ask for."""
    return AnomalyFusion(**{field.name: getattr(config, field.name) for field in fields(AnomalyFusion)})
