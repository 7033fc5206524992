"""Classification: a label for every pixel of a scene from a few labelled ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypersigma.tasks._lazy import lazily
from hypersigma.tasks.classification.inputs import Inputs, load_inputs

if TYPE_CHECKING:
    from hypersigma.tasks.classification.report import findings
    from hypersigma.tasks.classification.task import TASK

__all__ = ["TASK", "Inputs", "findings", "load_inputs"]

__getattr__ = lazily(TASK="hypersigma.tasks.classification.task", findings="hypersigma.tasks.classification.report")
