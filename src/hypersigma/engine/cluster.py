"""Work spread over processes or machines: the only file that knows Dask."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import closing, contextmanager
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from hypersigma.errors import HypersigmaError, InputError, MissingExtraError

T = TypeVar("T")
R = TypeVar("R")

Spread = Callable[[Callable[[T], R], Sequence[T]], Iterator[R]]
_ENVIRONMENT, _KEPT_BYTES = "distributed.nanny.pre-spawn-environ", 256 << 20
_LARGEST_BYTES = 32 << 20  # the most that the C library takes
_RETRIES = 2  # of what fails by no mistake of a person, such as a network that is away for a moment
_DEATHS = 2  # workers that one item may cost before it is given up with the next
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
    with _client(num_jobs, scheduler) as client:
        yield lambda function, items: _spread(client, function, items)


def attempted(
    function: Callable[[T], R], items: Sequence[T], num_jobs: int, scheduler: str | None = None
) -> Iterator[tuple[T, R | Exception]]:
    """Each item with its result as it comes, or with what went wrong there; the rest goes on.

    An item whose worker dies goes to another worker, and one that fails by no mistake of a person is tried again.

    Args:
        function: what is done; of a module, so that other processes find it.
        items: what with.
        num_jobs: processes of the local cluster; with one all happens in this process.
        scheduler: address of a running Dask scheduler.

    Raises:
        MissingExtraError: Dask is not installed.
        InputError: no scheduler answers.
    """
    if num_jobs == 1 and scheduler is None:
        for item in items:
            try:
                yield item, function(item)
            except Exception as error:
                yield item, error
        return
    with _client(num_jobs, scheduler) as client:
        yield from _attempts(client, partial(_tried, function), items)


def _tried(function: Callable[[T], R], item: T) -> R | HypersigmaError:
    """What a worker does: a mistake of a person is a result, which is not tried again."""
    try:
        return function(item)
    except HypersigmaError as error:
        return error


def _attempts(client: Any, function: Callable[[T], R], items: Sequence[T]) -> Iterator[tuple[T, R | Exception]]:
    """Items and results as they come; a worker has one at a time, so that its death costs no other."""
    rest = iter(items)
    under_way = {}

    def submitted(item: T) -> Any:
        future = client.submit(function, item, pure=False, retries=_RETRIES)
        under_way[future] = item
        return future

    running = _distributed().as_completed([submitted(item) for item in islice(rest, _num_workers(client))])
    try:
        for future in running:
            yield under_way.pop(future), _result(future)
            for item in islice(rest, 1):
                running.add(submitted(item))
    finally:
        client.cancel(list(running.futures))


def _result(future: Any) -> Any:
    """The result of a task that ended, or what went wrong."""
    killed = _distributed().scheduler.KilledWorker
    try:
        return future.result()
    except killed:
        return HypersigmaError(
            f"all {_DEATHS + 1} workers that tried it died, most likely for want of memory; give it fewer --jobs"
        )
    except CancelledError:
        return HypersigmaError("the scheduler was lost; the same command goes on with what is left")
    except Exception as error:
        return error


def _num_workers(client: Any) -> int:
    return max(1, len(client.scheduler_info(n_workers=-1)["workers"]))


@contextmanager
def _client(num_jobs: int, scheduler: str | None) -> Iterator[Any]:
    """A client of the scheduler at an address, or of a local cluster of so many processes."""
    distributed = _distributed()
    if scheduler is not None:
        with closing(_connected(distributed, scheduler)) as client:
            yield client
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
        yield client


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
            "distributed.scheduler.allowed-failures": _DEATHS,
        }
    )


def _connected(distributed: Any, scheduler: str) -> Any:
    try:
        return distributed.Client(scheduler, timeout=10)
    except (OSError, ValueError) as error:
        raise InputError(
            f"{scheduler}: no Dask scheduler answers there ({error}); start one with `dask scheduler`"
        ) from error


def _spread(client: Any, function: Callable[[T], R], items: Sequence[T]) -> Iterator[R]:
    """Results as they come, with a few tasks a worker on the way at a time."""
    rest = iter(items)
    num_ahead = _AHEAD * _num_workers(client)
    # pure=False: a task that writes a file is no function of its arguments
    first = [client.submit(function, item, pure=False) for item in islice(rest, num_ahead)]
    running = _distributed().as_completed(first, with_results=False)
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
