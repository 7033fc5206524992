"""Change detection: what differs between two dates of the same ground."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypersigma.tasks.change_detection.inputs import Inputs, load_inputs

if TYPE_CHECKING:
    from hypersigma.tasks.change_detection.report import findings
    from hypersigma.tasks.change_detection.task import TASK, frozen_detector

__all__ = ["TASK", "Inputs", "findings", "frozen_detector", "load_inputs"]


def __getattr__(name: str) -> Any:
    """What needs torch, imported when it is asked for: the command line lists the room without it."""
    if name in ("TASK", "frozen_detector"):
        from hypersigma.tasks.change_detection import task

        return getattr(task, name)
    if name == "findings":
        from hypersigma.tasks.change_detection.report import findings

        return findings
    raise AttributeError(name)
