"""Names of a room that are imported when they are asked for: listing the rooms must not cost the import of torch."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any


def lazily(**homes: str) -> Callable[[str], Any]:
    """The `__getattr__` of a package, for names that are those of other modules.

    Args:
        homes: the module of each name.
    """

    def found(name: str) -> Any:
        if name not in homes:
            raise AttributeError(name)
        return getattr(importlib.import_module(homes[name]), name)

    return found
