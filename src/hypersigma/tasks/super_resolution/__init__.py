"""Super-resolution: a scene on smaller pixels, by itself or with a sharper companion."""

from __future__ import annotations

from hypersigma.tasks.super_resolution.inputs import Inputs, load_inputs
from hypersigma.tasks.super_resolution.report import findings
from hypersigma.tasks.super_resolution.task import TASK

__all__ = ["TASK", "Inputs", "findings", "load_inputs"]
