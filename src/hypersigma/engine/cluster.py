"""Work spread over processes or machines: the only file that knows Dask."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from typing import Any, TypeVar

from hypersigma.errors import InputError, MissingExtraError

T = TypeVar("T")
R = TypeVar("R")

Spread = Callable[[Callable[[T], R], Sequence[T]], Iterator[R]]
_AHEAD = 4  # tasks a worker; more would only fill the scheduler's memory


@contextmanager
def workers(num_jobs: int, scheduler: str | None = None) -> Iterator[Spread[Any, Any]]:
    """A function that calls another on many items and yields the results as they come, in no order.

    With one job everything happens in this process, in order. Otherwise a local cluster of processes is started, or
    the scheduler at an address is used. When the block ends, tasks that have not begun are forgotten.

    Args:
        num_jobs: processes of the local cluster.
        scheduler: address of a running Dask scheduler, such as "tcp://10.0.0.1:8786".

    Raises:
        MissingExtraError: Dask is not installed.
        InputError: no scheduler answers.
    """
    if num_jobs == 1 and scheduler is None:
        yield map
        return
    distributed = _distributed()
    if scheduler is not None:
        with closing(_connected(distributed, scheduler)) as client:
            yield lambda function, items: _spread(distributed, client, function, items)
        return
    # a status page at any free port of this machine only: the usual one may be taken
    local = distributed.LocalCluster(
        n_workers=num_jobs,
        threads_per_worker=1,
        # a mapped scene counts as memory, and a worker would be paused or killed for its size
        memory_limit=0,
        dashboard_address="127.0.0.1:0",
        silence_logs=40,
    )
    with local, closing(distributed.Client(local)) as client:
        yield lambda function, items: _spread(distributed, client, function, items)


def _connected(distributed: Any, scheduler: str) -> Any:
    try:
        return distributed.Client(scheduler, timeout=10)
    except (OSError, ValueError) as error:
        raise InputError(
            f"{scheduler}: no Dask scheduler answers there ({error}); start one with `dask scheduler`"
        ) from error


def _spread(distributed: Any, client: Any, function: Callable[[T], R], items: Sequence[T]) -> Iterator[R]:
    """Results as they come, with a few tasks a worker on the way at a time."""
    rest = iter(items)
    num_ahead = _AHEAD * max(1, len(client.scheduler_info(n_workers=-1)["workers"]))
    # pure=False: a task that writes a file is no function of its arguments
    first = [client.submit(function, item, pure=False) for item in islice(rest, num_ahead)]
    running = distributed.as_completed(first, with_results=False)
    try:
        for future in running:
            for item in islice(rest, 1):
                running.add(client.submit(function, item, pure=False))
            yield future.result()
    finally:
        client.cancel(list(running.futures))


def _distributed() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise MissingExtraError("distributed", "pretrain", "work on several processes or machines") from error
    return distributed
