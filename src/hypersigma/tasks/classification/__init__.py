"""Classification: a label for every pixel of a scene from a few labelled ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypersigma.tasks.classification.inputs import Inputs

if TYPE_CHECKING:
    from hypersigma.tasks.classification.task import Classification as TASK

__all__ = ["TASK", "Inputs"]


def __getattr__(name: str) -> Any:
    """The task itself, imported when it is needed: the command line lists the room without importing torch."""
    if name == "TASK":
        from hypersigma.tasks.classification.task import Classification

        return Classification
    raise AttributeError(name)
