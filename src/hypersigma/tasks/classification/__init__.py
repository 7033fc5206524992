"""Classification: a label for every pixel of a scene from a few labelled ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypersigma.tasks.classification.inputs import Inputs, load_inputs

if TYPE_CHECKING:
    from hypersigma.tasks.classification.report import findings
    from hypersigma.tasks.classification.task import Classification as TASK

__all__ = ["TASK", "Inputs", "findings", "load_inputs"]


def __getattr__(name: str) -> Any:
    """What needs torch, imported when it is asked for: the command line lists the room without it."""
    if name == "TASK":
        from hypersigma.tasks.classification.task import Classification

        return Classification
    if name == "findings":
        from hypersigma.tasks.classification.report import findings

        return findings
    raise AttributeError(name)
