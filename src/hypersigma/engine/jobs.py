"""Trials worked off in processes of their own, each row written to a file of results as soon as it is known.

Rows that stand in the file already are not run again.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hypersigma.engine.results import append_row, key_of, read_rows
from hypersigma.engine.trial import Row, Trial
from hypersigma.errors import HypersigmaError

_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True)
class Job:
    """Trials that share costly work, so that one process runs them all.

    Attributes:
        trials: what is tried.
        work: their rows, given those that are still to run and the device; a function of a module, so that another
            process finds it.
    """

    trials: tuple[Trial, ...]
    work: Callable[[Sequence[Trial], str], list[Row]]


def run(
    jobs: Sequence[Job],
    file: Path | None,
    *,
    device: str = "auto",
    num_jobs: int = 1,
    progress: Progress | None = None,
) -> list[Row]:
    """The rows of all trials: those that stand in a file, and the rest run and appended to it.

    Each job runs in a fresh process, so that one does not reuse memory that another left behind and its peak is
    its own.

    Args:
        jobs: what to run.
        file: JSONL file of results, or None to keep none.
        device: where networks compute.
        num_jobs: processes at a time; they share the processor's cores evenly.
        progress: called with what, done, total after each job.

    Raises:
        InputError: a line of the file is not a row of results.
        HypersigmaError: the system ended a job, most likely for want of memory.
    """
    finished = {key_of(row): row for row in (read_rows(file) if file else [])}
    keys = [key_of(trial.identity) for job in jobs for trial in job.trials]
    rows = {key: finished[key] for key in keys if key in finished}
    done = len(rows)
    with _shared_cores(num_jobs), _pool(num_jobs) as pool:
        left = [(job, [trial for trial in job.trials if key_of(trial.identity) not in rows]) for job in jobs]
        futures = [pool.submit(job.work, trials, device) for job, trials in left if trials]
        try:
            for future in as_completed(futures):
                for row in future.result():
                    rows[key_of(row)] = row
                    # written as soon as it is known, so that a kill costs the running jobs only
                    if file:
                        append_row(file, row)
                    done += 1
                if progress:
                    progress("trials", done, len(keys))
        except BrokenProcessPool as error:
            raise HypersigmaError(
                f"the system ended one of {num_jobs} trials that ran at a time, most likely for want of memory; "
                "give fewer --jobs: rows that are finished stand in the --json-file and are not run again"
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)
    return [rows[key] for key in keys]


def _pool(num_jobs: int) -> ProcessPoolExecutor:
    """Processes that start afresh for every job; spawned, as a fork of a process with threads may hang."""
    return ProcessPoolExecutor(num_jobs, mp_context=multiprocessing.get_context("spawn"), max_tasks_per_child=1)


@contextmanager
def _shared_cores(num_jobs: int) -> Iterator[None]:
    """The environment in which processes started now take their share of the cores and no more."""
    before = {name: os.environ.get(name) for name in _THREADS}
    share = str(max((os.cpu_count() or 1) // num_jobs, 1))
    os.environ.update({name: os.environ.get(name) or share for name in _THREADS})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
