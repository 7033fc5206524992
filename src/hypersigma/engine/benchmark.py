"""Benchmarks: methods on named protocols and several seeds, each trial in a process of its own, results as JSONL.

A file of results is only ever appended to, a row a trial; rows that stand in it already are not run again.
"""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

from hypersigma import registry
from hypersigma.data.sampling import Protocol, SplitConfig
from hypersigma.engine.trial import OURS, Row, Trial, run_trial
from hypersigma.errors import ConfigError, HypersigmaError, InputError

_LOG = logging.getLogger(__name__)

DEFAULT_SIZE = "tiny"
_SCENES, _BASELINES = "hypersigma.data.scenes", "hypersigma.baselines"
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass(frozen=True, kw_only=True)
class BenchmarkConfig:
    """What a benchmark runs.

    Attributes:
        scenes: registered names, all whose files are here if empty.
        protocols: those to run, all that a scene names if empty; one that it does not name runs with its defaults.
        methods: baselines and `hypersigma-<size>`, all baselines of the scene's task and the tiny network if empty.
        seeds: of splits and methods; one at least, several to see the spread.
        num_per_class: labels of a class, as the scene's protocol says if None.
        weights: pre-trained weights of the network, or None to learn from scratch.
        settings: of the network, key=value.
    """

    scenes: tuple[str, ...] = ()
    protocols: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    num_per_class: int | None = None
    weights: str | None = None
    settings: tuple[str, ...] = ()


def plan(config: BenchmarkConfig) -> list[Trial]:
    """The trials of a benchmark, seed by seed, so that a benchmark cut short has all methods on the first seeds.

    Raises:
        ConfigError: a scene, protocol or method that does not exist, with a suggestion.
    """
    trials = []
    for name in config.scenes or _scenes_here():
        scene = registry.load(_SCENES, name)
        methods = _methods(scene.TASK, config.methods)
        for protocol in config.protocols or tuple(scene.PROTOCOLS):
            split = _split(name, scene.PROTOCOLS, protocol, config.num_per_class)
            trials += [
                Trial(
                    task=scene.TASK,
                    scene=name,
                    method=method,
                    split=split,
                    seed=seed,
                    weights=config.weights if method.startswith(OURS) else None,
                    settings=config.settings if method.startswith(OURS) else (),
                )
                for seed in config.seeds
                for method in methods
            ]
    return trials


def run(
    trials: Sequence[Trial],
    file: Path | None,
    *,
    device: str = "auto",
    num_jobs: int = 1,
    progress: Callable[[str, int, int], None] | None = None,
) -> list[Row]:
    """The rows of trials: those that stand in a file, and the rest run and appended to it.

    Each trial runs in a fresh process, so that one does not reuse memory that another left behind and its peak is
    its own.

    Args:
        trials: what to run.
        file: JSONL file of results, or None to keep none.
        device: where networks compute.
        num_jobs: processes at a time; they share the processor's cores evenly.
        progress: called with what, done, total after each trial.

    Raises:
        InputError: a line of the file is not a row of results.
        HypersigmaError: the system ended a trial, most likely for want of memory.
    """
    finished = {_key(row): row for row in (read_rows(file) if file else [])}
    rows = {key: finished.get(key) for key in (_key(trial.identity) for trial in trials)}
    missing = [trial for trial in trials if rows[_key(trial.identity)] is None]
    with _shared_cores(num_jobs), _pool(num_jobs) as pool:
        futures = [pool.submit(run_trial, trial, device) for trial in missing]
        try:
            for done, future in enumerate(as_completed(futures), start=1):
                row = future.result()
                rows[_key(row)] = row
                # written as soon as it is known, so that a kill costs the running trials only
                if file:
                    _append(file, row)
                if progress:
                    progress("trials", len(trials) - len(missing) + done, len(trials))
        except BrokenProcessPool as error:
            raise HypersigmaError(
                f"the system ended one of {num_jobs} trials that ran at a time, most likely for want of memory; "
                "give fewer --jobs: rows that are finished stand in the --json-file and are not run again"
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)
    return [row for row in rows.values() if row is not None]


def read_rows(file: Path) -> list[Row]:
    """The rows of a file of results, none if it does not exist yet; a last line cut short by a kill is left out.

    Raises:
        InputError: a line is not a row of results.
    """
    if not file.exists():
        return []
    rows = []
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    for number, line in enumerate(lines, start=1):
        # whoever was killed while writing leaves half a row; that trial runs again
        if number == len(lines) and not line.endswith("\n"):
            break
        try:
            row = json.loads(line)
            _key(row)
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{file}, line {number}: expected a row of benchmark results, found {line.strip()[:60]!r}; "
                "give another --json-file"
            ) from error
        rows.append(row)
    return rows


def _append(file: Path, row: Row) -> None:
    """Add a row; what a killed run left of an unfinished line is cut off first."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab+") as stream:
        stream.seek(0)
        content = stream.read()
        stream.truncate(content.rfind(b"\n") + 1)
        stream.write((json.dumps(row) + "\n").encode())


def _key(row: Row) -> str:
    """What tells the row of a trial from any other."""
    names = ("task", "scene", "protocol", "method", "seed", "split", "weights", "settings")
    return json.dumps([row[name] for name in names], sort_keys=True)


def _scenes_here() -> list[str]:
    """The scenes whose files are here; the others are named with what they lack."""
    here = []
    for name in registry.names(_SCENES):
        try:
            registry.load(_SCENES, name).load()
        except HypersigmaError as error:
            _LOG.warning("%s is left out: %s", name, error)
        else:
            here.append(name)
    return here


def _methods(task: str, chosen: Sequence[str]) -> tuple[str, ...]:
    """The methods of a task: those chosen, or the tiny network and every baseline.

    Raises:
        ConfigError: a method that does not exist, or is for another task.
    """
    known = [name for name in registry.names(_BASELINES) if task == registry.load(_BASELINES, name).TASK]
    for name in chosen:
        if not name.startswith(OURS) and name not in known:
            suggestion = registry.suggestion(name, [f"{OURS}{DEFAULT_SIZE}", *known])
            raise ConfigError(f"'{name}' is not a method for {task}: {suggestion}")
    return tuple(chosen) or (f"{OURS}{DEFAULT_SIZE}", *known)


def _split(scene: str, protocols: dict[str, SplitConfig], name: str, num_per_class: int | None) -> SplitConfig:
    """A protocol as the scene has it, else with its defaults; with another label budget if one is given.

    Raises:
        ConfigError: there is no such protocol.
    """
    known = [*protocols, *(other for other in get_args(Protocol) if other not in protocols)]
    if name not in known:
        raise ConfigError(f"{scene} has no protocol '{name}': {registry.suggestion(name, known)}")
    split = protocols.get(name) or SplitConfig(protocol=name)  # type: ignore[arg-type]
    return split if num_per_class is None else replace(split, num_per_class=num_per_class)


def _pool(num_jobs: int) -> ProcessPoolExecutor:
    """Processes that start afresh for every trial; spawned, as a fork of a process with threads may hang."""
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
