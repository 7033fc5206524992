"""Denoising: a scene without its noise, and what was taken out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypersigma.tasks._lazy import lazily
from hypersigma.tasks.denoising.inputs import Inputs, load_inputs

if TYPE_CHECKING:
    from hypersigma.tasks.denoising.report import findings
    from hypersigma.tasks.denoising.task import TASK

__all__ = ["TASK", "Inputs", "findings", "load_inputs"]

__getattr__ = lazily(TASK="hypersigma.tasks.denoising.task", findings="hypersigma.tasks.denoising.report")
