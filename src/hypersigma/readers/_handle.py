"""An open file that every process and thread opens for itself, when it first reads."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Handle(Generic[T]):
    """What `opener` returns, made once per process and thread and never pickled.

    Files of GDAL and HDF5 must not be shared between threads, nor live on across a fork; a cube that holds a
    handle may still be sent to workers, which open the file anew.
    """

    def __init__(self, opener: Callable[[], T]) -> None:
        self._opener = opener
        self._open = threading.local()

    def __call__(self) -> T:
        """The open file of this process and thread."""
        if getattr(self._open, "process", None) != os.getpid():
            self._open.value = self._opener()
            self._open.process = os.getpid()
        value: T = self._open.value
        return value

    def __getstate__(self) -> dict[str, Any]:
        # an open file or a map of gigabytes must not travel to workers
        return {"opener": self._opener}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["opener"])  # type: ignore[misc]
