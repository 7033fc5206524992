"""Unmixing: which materials a scene is made of, and how much of each is in a pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypersigma.tasks._lazy import lazily
from hypersigma.tasks.unmixing.inputs import Inputs, load_inputs

if TYPE_CHECKING:
    from hypersigma.tasks.unmixing.report import findings
    from hypersigma.tasks.unmixing.task import TASK, frozen_detector

__all__ = ["TASK", "Inputs", "findings", "frozen_detector", "load_inputs"]

__getattr__ = lazily(
    TASK="hypersigma.tasks.unmixing.task",
    frozen_detector="hypersigma.tasks.unmixing.task",
    findings="hypersigma.tasks.unmixing.report",
)
