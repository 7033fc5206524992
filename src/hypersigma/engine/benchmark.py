"""Benchmarks: methods on named protocols and several seeds, each trial in a process of its own, results as JSONL."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

from hypersigma import registry
from hypersigma.data.sampling import Protocol, SplitConfig
from hypersigma.engine import jobs
from hypersigma.engine.trial import OURS, Row, Trial, run_trial
from hypersigma.errors import ConfigError, HypersigmaError

_LOG = logging.getLogger(__name__)

DEFAULT_SIZE = "tiny"
SCENES, _BASELINES = "hypersigma.data.scenes", "hypersigma.baselines"


@dataclass(frozen=True, kw_only=True)
class BenchmarkConfig:
    """What a benchmark runs.

    Attributes:
        scenes: registered names, all whose files are here if empty.
        protocols: those to run, all that a scene names if empty; one that it does not name runs with its defaults.
        methods: baselines and `hypersigma-<size>`, all baselines of the scene's task and the tiny network if empty.
        seeds: of splits and methods; one at least, several to see the spread.
        num_per_class: budgets of labels of a class, as the scene's protocol says if empty.
        weights: pre-trained weights of the network, as of `NeuralMethod`.
        settings: of the network, key=value.
    """

    scenes: tuple[str, ...] = ()
    protocols: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    num_per_class: tuple[int, ...] = ()
    weights: str | None = None
    settings: tuple[str, ...] = ()


def plan(config: BenchmarkConfig) -> list[Trial]:
    """The trials of a benchmark, seed by seed, so that a benchmark cut short has all methods on the first seeds.

    Raises:
        ConfigError: a scene, protocol or method that does not exist, with a suggestion.
    """
    trials = []
    for name in config.scenes or scenes_here(_task_of(config.methods)):
        scene = registry.load(SCENES, name)
        methods = _methods(scene.TASK, config.methods)
        for protocol in config.protocols or tuple(scene.PROTOCOLS):
            trials += [
                Trial(
                    task=scene.TASK,
                    scene=name,
                    method=method,
                    split=split_of(name, scene.PROTOCOLS, protocol, num_per_class),
                    seed=seed,
                    weights=config.weights if method.startswith(OURS) else None,
                    settings=config.settings if method.startswith(OURS) else (),
                )
                for num_per_class in config.num_per_class or (None,)
                for seed in config.seeds
                for method in methods
                if protocol != "none" or not _needs_labels(method)
            ]
    return trials


def run(
    trials: Sequence[Trial],
    file: Path | None,
    *,
    device: str = "auto",
    num_jobs: int = 1,
    progress: jobs.Progress | None = None,
) -> list[Row]:
    """The rows of trials, each of them a job of its own: see `jobs.run`."""
    return jobs.run(jobs_of(trials), file, device=device, num_jobs=num_jobs, progress=progress)


def jobs_of(trials: Sequence[Trial]) -> list[jobs.Job]:
    """Trials as jobs of their own: each starts in a fresh process."""
    return [jobs.Job(trials=(trial,), work=_each) for trial in trials]


def _each(trials: Sequence[Trial], device: str) -> list[Row]:
    """The rows of trials that share nothing."""
    return [run_trial(trial, device) for trial in trials]


def _task_of(methods: Sequence[str]) -> str | None:
    """The task that baselines are for, None without any.

    Raises:
        ConfigError: a baseline does not exist, or they are for several tasks.
    """
    tasks = {registry.load(_BASELINES, name).TASK for name in methods if not name.startswith(OURS)}
    if len(tasks) > 1:
        raise ConfigError(f"the methods are for {' and '.join(sorted(tasks))}; give those of one task, or name scenes")
    return next(iter(tasks), None)


def scenes_here(task: str | None = None) -> list[str]:
    """The scenes of a task, or of any, whose files are here; the others are named with what they lack."""
    here = []
    for name in registry.names(SCENES):
        scene = registry.load(SCENES, name)
        if task not in (None, scene.TASK):
            continue
        try:
            scene.load()
        except HypersigmaError as error:
            _LOG.warning("%s is left out: %s", name, error)
        else:
            here.append(name)
    return here


def _needs_labels(method: str) -> bool:
    """Whether a method has nothing to say without labels."""
    return not method.startswith(OURS) and getattr(registry.load(_BASELINES, method).METHOD, "needs_labels", False)


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


def split_of(scene: str, protocols: dict[str, SplitConfig], name: str, num_per_class: int | None = None) -> SplitConfig:
    """A protocol as the scene has it, else with its defaults; with another label budget if one is given.

    Raises:
        ConfigError: there is no such protocol.
    """
    known = [*protocols, *(other for other in get_args(Protocol) if other not in protocols)]
    if name not in known:
        raise ConfigError(f"{scene} has no protocol '{name}': {registry.suggestion(name, known)}")
    split = protocols.get(name) or SplitConfig(protocol=name)  # type: ignore[arg-type]
    return split if num_per_class is None else replace(split, num_per_class=num_per_class)
