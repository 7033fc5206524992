"""Change detection: what differs between two dates of the same ground."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypersigma.tasks._lazy import lazily
from hypersigma.tasks.change_detection.inputs import Inputs, load_inputs

if TYPE_CHECKING:
    from hypersigma.tasks.change_detection.report import findings
    from hypersigma.tasks.change_detection.task import TASK, frozen_detector

__all__ = ["TASK", "Inputs", "findings", "frozen_detector", "load_inputs"]

__getattr__ = lazily(
    TASK="hypersigma.tasks.change_detection.task",
    frozen_detector="hypersigma.tasks.change_detection.task",
    findings="hypersigma.tasks.change_detection.report",
)
