"""Unmixing: which materials a scene is made of, and how much of each is in a pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypersigma.tasks.unmixing.inputs import Inputs, load_inputs

if TYPE_CHECKING:
    from hypersigma.tasks.unmixing.report import findings
    from hypersigma.tasks.unmixing.task import TASK, frozen_detector

__all__ = ["TASK", "Inputs", "findings", "frozen_detector", "load_inputs"]


def __getattr__(name: str) -> Any:
    """What needs torch, imported when it is asked for: the command line lists the room without it."""
    if name in ("TASK", "frozen_detector"):
        from hypersigma.tasks.unmixing import task

        return getattr(task, name)
    if name == "findings":
        from hypersigma.tasks.unmixing.report import findings

        return findings
    raise AttributeError(name)
