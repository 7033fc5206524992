"""One thread for the linear algebra of many small windows."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any

from threadpoolctl import ThreadpoolController


def one_thread() -> AbstractContextManager[Any]:
    """While it is entered, BLAS and OpenMP run in one thread.

    To look for their libraries takes milliseconds, as long as a small window does; they are looked for anew only where
    modules have been imported since.
    """
    limited: AbstractContextManager[Any] = _libraries(len(sys.modules)).limit(limits=1)
    return limited


@lru_cache(maxsize=1)
def _libraries(num_modules: int) -> ThreadpoolController:
    return ThreadpoolController()
