"""Which probes are run: scenes, label budgets, protocols and seeds, a job for each source of features of a scene."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from hypersigma import registry
from hypersigma.data.other_sensor import VNIR_CAMERA
from hypersigma.data.sampling import SplitConfig
from hypersigma.engine.benchmark import SCENES, scenes_here, split_of
from hypersigma.engine.jobs import Job
from hypersigma.engine.probe import CARRIED, PROBE, SENSOR, Name, run_probes
from hypersigma.engine.probe_features import FROZEN, RANDOM, RAW, SMOOTHED, STACK, kinds_of
from hypersigma.engine.trial import Trial
from hypersigma.weights.encoders import load_encoders

MARK = str(Name(PROBE, "forest", STACK))  # what features are to beat
BUDGETS = (5, 10)
_ESTIMATORS = ("linear", "knn")
# The sensor whose bands the others' are made from, for it sees all that they see.
_WIDEST, _OTHERS = "AVIRIS", ("enmap", "prisma", VNIR_CAMERA)


@dataclass(frozen=True, kw_only=True)
class ProbeConfig:
    """What is probed.

    Attributes:
        scenes: registered names, all of classification whose files are here if empty.
        protocols: `random` and all that a scene names if empty.
        seeds: of splits.
        budgets: labels of a class.
        weights: of the encoders; without them classical features alone are probed.
    """

    scenes: tuple[str, ...] = ()
    protocols: tuple[str, ...] = ()
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    budgets: tuple[int, ...] = BUDGETS
    weights: str | None = None


def plan(config: ProbeConfig) -> list[Job]:
    """The jobs of probes, one for each source of features of a scene.

    Raises:
        ConfigError: there is no such scene or protocol.
        WeightsError: there are no such weights.
    """
    methods = _methods(config.weights)
    jobs = []
    for scene in config.scenes or scenes_here("classification"):
        module = registry.load(SCENES, scene)
        splits = splits_of(scene, config.protocols, config.budgets)
        for source, names in methods.items():
            weights = config.weights if source in (FROZEN, RANDOM) else None
            shared = {"task": module.TASK, "scene": scene, "weights": weights}
            trials = [
                Trial(method=str(name), split=split, seed=seed, **shared)
                for split in splits
                for seed in config.seeds
                for name in names
            ]
            if weights:
                trials += _carried(config, module, splits, source, shared)
            jobs.append(Job(trials=tuple(trials), work=partial(run_probes, source)))
    return jobs


def splits_of(scene: str, protocols: Sequence[str], budgets: Sequence[int]) -> list[SplitConfig]:
    """The splits of a scene: every protocol, `random` and all that it names by default, with every budget.

    Raises:
        ConfigError: there is no such scene or protocol.
    """
    named = registry.load(SCENES, scene).PROTOCOLS
    chosen = protocols or tuple({"random": None} | named)
    return [split_of(scene, named, protocol, budget) for budget in budgets for protocol in chosen]


def _methods(weights: str | None) -> dict[str, list[Name]]:
    """The probes of each source of features."""
    kinds = {RAW: [RAW], SMOOTHED: [SMOOTHED]}
    if weights is not None:
        encoders = load_encoders(weights)
        kinds |= {source: list(kinds_of(encoders, source)) for source in (RANDOM, FROZEN)}
    methods = {
        source: [Name(PROBE, estimator, kind) for kind in own for estimator in _ESTIMATORS]
        for source, own in kinds.items()
    }
    methods[SMOOTHED].append(Name.of(MARK))
    return methods


def _carried(
    config: ProbeConfig, module: Any, splits: list[SplitConfig], source: str, shared: dict[str, Any]
) -> Iterator[Trial]:
    """Probes that are carried over to other sensors, where a scene's own sees all that those see."""
    if module.load()[0].cube.sensor != _WIDEST:
        return
    for split in splits:
        if split.protocol == "random" and split.num_per_class == max(config.budgets):
            for sensor in _OTHERS:
                for seed in config.seeds:
                    name = Name(CARRIED, "linear", source)
                    yield Trial(method=str(name), split=split, seed=seed, settings=(f"{SENSOR}{sensor}",), **shared)
