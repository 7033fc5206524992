"""Super-resolution: a scene on smaller pixels, by itself or with a sharper companion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypersigma.tasks._lazy import lazily
from hypersigma.tasks.super_resolution.inputs import Inputs, load_inputs

if TYPE_CHECKING:
    from hypersigma.tasks.super_resolution.report import findings
    from hypersigma.tasks.super_resolution.task import TASK

__all__ = ["TASK", "Inputs", "findings", "load_inputs"]

__getattr__ = lazily(TASK="hypersigma.tasks.super_resolution.task", findings="hypersigma.tasks.super_resolution.report")
