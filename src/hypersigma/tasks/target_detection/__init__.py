"""Target detection: a score for every pixel of how much it is like a given spectrum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypersigma.tasks._lazy import lazily
from hypersigma.tasks.target_detection.inputs import Inputs, load_inputs

if TYPE_CHECKING:
    from hypersigma.tasks._detection_report import findings
    from hypersigma.tasks.target_detection.task import TASK, frozen_detector

__all__ = ["TASK", "Inputs", "findings", "frozen_detector", "load_inputs"]

__getattr__ = lazily(
    TASK="hypersigma.tasks.target_detection.task",
    frozen_detector="hypersigma.tasks.target_detection.task",
    findings="hypersigma.tasks._detection_report",
)
