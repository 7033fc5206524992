"""Change detection as a task."""

from __future__ import annotations

from hypersigma.tasks.change_detection.config import ChangeDetectionConfig
from hypersigma.tasks.change_detection.fusion import ChangeFusion


class ChangeDetection:
    name = "change_detection"
    Config = ChangeDetectionConfig


TASK = ChangeDetection


def frozen_detector(config: ChangeDetectionConfig) -> ChangeFusion:
    """The detector on classical evidence that the settings ask for."""
    return ChangeFusion(num_trees=config.num_trees, cost=config.cost)
