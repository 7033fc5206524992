"""`run`: a task on scenes, from files to layers, a report and a model."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hypersigma import config as configuration
from hypersigma import registry
from hypersigma.data.method import Fitted, Method
from hypersigma.engine.measure import measured
from hypersigma.engine.methods import network_method, structured
from hypersigma.engine.model import Model, Progress, Result, Scene, mapped, opened
from hypersigma.engine.summary import class_shares, masked_notes, scene_files, scene_notes, scenes_line
from hypersigma.errors import ConfigError
from hypersigma.products import Report

__all__ = ["Result", "run"]

_TASKS, _BASELINES = "hypersigma.tasks", "hypersigma.baselines"


def run(
    task: str,
    *scenes: Scene,
    weights: str | None = None,
    method: str | None = None,
    config: Any = None,
    seed: int = 0,
    device: str = "auto",
    progress: Progress | None = None,
    work: Path | None = None,
    **inputs: Any,
) -> Result:
    """Fit a task where it needs it, and apply it to the scenes.

    Args:
        task: registered name, such as "classification".
        scenes: cubes, or paths of scenes.
        weights: pre-trained weights, a folder or a size; None for those that come with the package where they suit
            settings and scenes; "none" to learn from scratch.
        method: name of a classical method to use instead of the network.
        config: settings: keys and values, a YAML file, or the dataclass of the task or method.
        seed: rules every random draw.
        device: where a network computes: auto, cpu, cuda or cuda:N.
        progress: called with (phase, done, total).
        work: folder in which an interrupted fit is kept, and resumed from.
        inputs: what the task takes beside scenes, such as labels (files or arrays).

    Raises:
        ConfigError: there is no such task, method, setting, device or input.
        InputError: a scene or an input cannot be read, or does not allow the task.
    """
    room = registry.load(_TASKS, task)
    _check_inputs(task, room.load_inputs, inputs, len(scenes))
    chosen: Any
    if method is None:
        chosen = network_method(task, config, weights=weights, device=device, progress=progress, work=work)
    else:
        chosen = _classical(task, method, config, weights)
    loaded = room.load_inputs([opened(scene) for scene in scenes], **inputs)
    given = {
        # what has no network has no size
        "method": method or f"hypersigma-{getattr(chosen, 'size', None) or chosen.config.size}",
        "weights": _told(chosen, loaded),
        "seed": seed,
        "scenes": scene_files([scene.cube for scene in loaded]),
        "inputs": {key: _plain(value) for key, value in inputs.items() if value is not None},
    }
    return _carried_out(task, chosen, loaded, seed, given, progress)


def _carried_out(
    task: str, chosen: Method, loaded: Sequence[Any], seed: int, given: Mapping[str, Any], progress: Progress | None
) -> Result:
    """The result of a method on a task's inputs, after checking all that can be checked before; `given` is reported."""
    cubes = [scene.cube for scene in loaded]
    with measured() as cost:
        fitted = chosen.fit(loaded, seed)
        layers = mapped(fitted, cubes, progress)
    network = _as_network(fitted)
    # what was fitted without a network may hold what a report shows: spectra, or what a scene is made of
    telling = fitted if hasattr(fitted, "libraries") or hasattr(fitted, "model") else network
    findings = registry.load(_TASKS, task).findings(loaded, chosen, telling, seed, layers)
    told = [*findings.notes, *getattr(fitted, "notes", ())]
    report = Report(
        task=task,
        scene=scenes_line(cubes),
        settings={**given, "config": configuration.unstructure(getattr(network or chosen, "config", chosen))},
        seed=seed,
        seconds=cost.seconds,
        peak_memory_mb=cost.peak_memory_mb,
        metrics=findings.metrics,
        layers=tuple(layers),
        sections=[*findings.sections, *class_shares(layers.values())],
        notes=[*told, *scene_notes(cubes), *masked_notes(layers.values())],
    )
    return Result(
        layers=layers,
        report=report,
        model=Model(fitted=fitted),
        objects=tuple(findings.objects),
        libraries=tuple(getattr(fitted, "libraries", ())),
    )


def _check_inputs(task: str, load: Callable[..., Any], inputs: Mapping[str, Any], num_scenes: int) -> None:
    """Refuse inputs that a task does not take, and a lack of those that it needs.

    Raises:
        ConfigError: with the names it takes.
    """
    _, *parameters = inspect.signature(load).parameters.values()
    known = [parameter.name for parameter in parameters]
    for name in inputs:
        if name not in known:
            raise ConfigError(f"{task} takes no input '{name}': {registry.suggestion(name, known)}")
    missing = [item.name for item in parameters if item.default is item.empty and inputs.get(item.name) is None]
    if missing:
        raise ConfigError(f"{task} needs {', '.join(missing)}: give {missing[0]}=... beside the scenes")
    if not num_scenes:
        raise ConfigError(f"{task} needs a scene: a path, or a cube from open_cube")


def _classical(task: str, name: str, config: Any, weights: str | None) -> Method:
    """A classical method for a task.

    Raises:
        ConfigError: there is no such method or setting, it is for another task, or it takes no weights.
    """
    from hypersigma.weights.encoders import SCRATCH

    module = registry.load(_BASELINES, name)
    if task != module.TASK:
        fitting = [other for other in registry.names(_BASELINES) if task == registry.load(_BASELINES, other).TASK]
        raise ConfigError(
            f"'{name}' is a method for {module.TASK}; for {task} there are {', '.join(fitting) or 'none'}"
        )
    if weights not in (None, SCRATCH):
        raise ConfigError(f"'{name}' is a classical method and takes no weights; leave out weights or method")
    method: Method = module.METHOD if config is None else structured(config, type(module.METHOD))
    return method


def _told(chosen: Method, loaded: Sequence[Any]) -> str | None:
    """The weights that a network begins with, as a report tells them."""
    # what is classical knows of none
    return chosen.chosen_weights(loaded) if hasattr(chosen, "chosen_weights") else None


def _as_network(fitted: Fitted) -> Any:
    """The fitted network; None where the method is a classical one."""
    from hypersigma.engine.fitted import NeuralFitted

    return fitted if isinstance(fitted, NeuralFitted) else None


def _plain(value: Any) -> Any:
    """An input as a report tells it: files by their names, arrays by their shape."""
    if isinstance(value, np.ndarray):
        return f"array of {' x '.join(str(length) for length in value.shape)}"
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, int | float | bool) else str(value)
