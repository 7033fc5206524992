"""Denoising: a scene without its noise, and what was taken out of it."""

from __future__ import annotations

from hypersigma.tasks.denoising.inputs import Inputs, load_inputs
from hypersigma.tasks.denoising.report import findings
from hypersigma.tasks.denoising.task import TASK

__all__ = ["TASK", "Inputs", "findings", "load_inputs"]
