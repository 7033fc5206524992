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
_ENVIRONMENT, _KEPT_BYTES = "distributed.nanny.pre-spawn-environ", 256 << 20
_LARGEST_BYTES = 32 << 20  # the most that the C library takes
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
    with (
        _settings(),
        # a status page at any free port of this machine only: the usual one may be taken
        distributed.LocalCluster(
            n_workers=num_jobs,
            threads_per_worker=1,
            # a mapped scene counts as memory, and a worker would be paused or killed for its size
            memory_limit=0,
            dashboard_address="127.0.0.1:0",
            silence_logs=40,
        ) as local,
        closing(distributed.Client(local)) as client,
    ):
        yield lambda function, items: _spread(distributed, client, function, items)


def _settings() -> Any:
    """A context in which workers are started that keep freed memory for the next patch, and keep quiet.

    By Dask's choice they would give it back at once, and to get it anew costs as much as the work on it.
    """
    import dask

    return dask.config.set(
        {
            f"{_ENVIRONMENT}.MALLOC_TRIM_THRESHOLD_": _KEPT_BYTES,
            # naming one threshold freezes the other at 128 kB, below any patch
            f"{_ENVIRONMENT}.MALLOC_MMAP_THRESHOLD_": _LARGEST_BYTES,
            # what goes wrong in a task is raised here; workers would only tell how they are shut down
            f"{_ENVIRONMENT}.DASK_LOGGING__DISTRIBUTED": "critical",
        }
    )


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
