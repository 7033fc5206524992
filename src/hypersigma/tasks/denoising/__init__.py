"""Denoising: a scene without its noise, and what was taken out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypersigma.tasks.denoising.inputs import Inputs, load_inputs

if TYPE_CHECKING:
    from hypersigma.tasks.denoising.report import findings
    from hypersigma.tasks.denoising.task import TASK

__all__ = ["TASK", "Inputs", "findings", "load_inputs"]


def __getattr__(name: str) -> Any:
    """What needs torch, imported when it is asked for: the command line lists the room without it."""
    if name == "TASK":
        from hypersigma.tasks.denoising.task import TASK

        return TASK
    if name == "findings":
        from hypersigma.tasks.denoising.report import findings

        return findings
    raise AttributeError(name)
