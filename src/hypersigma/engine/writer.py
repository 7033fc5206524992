"""Work that a thread does behind its caller: writing results while the next ones are computed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any


@contextmanager
def written_behind(write: Callable[..., None]) -> Iterator[Callable[..., None]]:
    """A function that has a thread call `write` with its arguments, in order, one call ahead of the caller at most.

    All is written when the block ends. What `write` raises is raised by the next call, or at the end of the block.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer") as thread:
        last: list[Future[Any]] = []

        def put(*arguments: Any) -> None:
            # so that no more than one result waits in memory
            for earlier in last:
                earlier.result()
            last[:] = [thread.submit(write, *arguments)]

        yield put
        for future in last:
            future.result()
