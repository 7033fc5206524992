"""Super-resolution: a scene on smaller pixels, by itself or with a sharper companion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypersigma.tasks.super_resolution.inputs import Inputs, load_inputs

if TYPE_CHECKING:
    from hypersigma.tasks.super_resolution.report import findings
    from hypersigma.tasks.super_resolution.task import TASK

__all__ = ["TASK", "Inputs", "findings", "load_inputs"]


def __getattr__(name: str) -> Any:
    """What needs torch, imported when it is asked for: the command line lists the room without it."""
    if name == "TASK":
        from hypersigma.tasks.super_resolution.task import TASK

        return TASK
    if name == "findings":
        from hypersigma.tasks.super_resolution.report import findings

        return findings
    raise AttributeError(name)
