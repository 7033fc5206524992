"""Anomaly detection: a score for every pixel of how little it is like the rest of the scene."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypersigma.tasks._lazy import lazily
from hypersigma.tasks.anomaly_detection.inputs import Inputs, load_inputs

if TYPE_CHECKING:
    from hypersigma.tasks._detection_report import findings
    from hypersigma.tasks.anomaly_detection.task import TASK, frozen_detector

__all__ = ["TASK", "Inputs", "findings", "frozen_detector", "load_inputs"]

__getattr__ = lazily(
    TASK="hypersigma.tasks.anomaly_detection.task",
    frozen_detector="hypersigma.tasks.anomaly_detection.task",
    findings="hypersigma.tasks._detection_report",
)
