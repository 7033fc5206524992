"""How figures grow with networks and corpora: several folders of weights, probed and fine-tuned on the same splits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any

import numpy as np

from hypersigma import registry
from hypersigma.engine.benchmark import SCENES, jobs_of, scenes_here
from hypersigma.engine.comparison import spread
from hypersigma.engine.jobs import Job
from hypersigma.engine.probe import PROBE, Name, run_probes
from hypersigma.engine.probe_features import FROZEN
from hypersigma.engine.probe_plan import splits_of
from hypersigma.engine.trial import OURS, Row, Trial
from hypersigma.products import Table
from hypersigma.viz.scaling import Measured, scaling_picture
from hypersigma.weights.encoders import load_encoders

BUDGETS = (10,)
NOTE = (
    "Mean ± standard deviation over seeds. Parameters of the encoders; images seen in pre-training, and distinct "
    "patches that they were drawn from, as the weights' own card says."
)
_COLUMNS = ("weights", "parameters", "images", "patches", "method", "seeds", "OA", "AA")


@dataclass(frozen=True, kw_only=True)
class ScalingConfig:
    """What is compared.

    Attributes:
        weights: folders that pre-training wrote.
        scenes: registered names, all of classification whose files are here if empty.
        protocols: `random` and all that a scene names if empty.
        seeds: of splits and networks.
        budgets: labels of a class.
        fine_tune: whether networks that begin with the weights are fitted too, which takes much longer.
        settings: of these networks, key=value.
    """

    weights: tuple[str, ...]
    scenes: tuple[str, ...] = ()
    protocols: tuple[str, ...] = ()
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    budgets: tuple[int, ...] = BUDGETS
    fine_tune: bool = False
    settings: tuple[str, ...] = ()


def plan(config: ScalingConfig) -> list[Job]:
    """The jobs: probes of one folder and scene together, each fine-tuned network alone.

    Raises:
        ConfigError: there is no such scene or protocol.
        WeightsError: there are no such weights; or they are of no named size, where networks are fine-tuned.
    """
    jobs = []
    for scene in config.scenes or scenes_here("classification"):
        splits = splits_of(scene, config.protocols, config.budgets)
        shared = {"task": registry.load(SCENES, scene).TASK, "scene": scene}
        for weights in config.weights:
            encoders = load_encoders(weights)
            each = [{"split": split, "seed": seed} for split in splits for seed in config.seeds]
            probes = tuple(_trials(str(Name(PROBE, "linear", FROZEN)), weights, shared, each))
            jobs.append(Job(trials=probes, work=partial(run_probes, FROZEN)))
            if config.fine_tune:
                method = f"{OURS}{encoders.size}"
                jobs += jobs_of(_trials(method, weights, shared, each, config.settings))
    return jobs


def _trials(
    method: str,
    weights: str,
    shared: dict[str, Any],
    each: Iterable[dict[str, Any]],
    settings: tuple[str, ...] = (),
) -> list[Trial]:
    return [Trial(method=method, weights=weights, settings=settings, **shared, **one) for one in each]


def scaling_tables(rows: Iterable[Row]) -> list[Table]:
    """One table for each scene and split, the smallest network first."""

    def ground(row: Row) -> tuple[str, str, str]:
        return row["scene"], row["protocol"], str(row["split"])

    tables = []
    for (scene, protocol, _), group in groupby(sorted(rows, key=ground), key=ground):
        own = list(group)
        title = f"{scene}, {protocol}, {own[0]['split']['num_per_class']} labels a class"
        lines = [_line(of_weights) for of_weights in _by_weights(own)]
        tables.append(Table(title, _COLUMNS, tuple(lines)))
    return tables


def _line(rows: Sequence[Row]) -> tuple[str, ...]:
    """The line of a folder of weights and a method."""
    seen = rows[0]["pretraining"]
    figures = [[row["metrics"][name] for row in rows] for name in ("oa", "aa")]
    counts = ["unknown" if seen[name] is None else f"{seen[name]:,}" for name in ("parameters", "images", "patches")]
    return rows[0]["weights"], *counts, rows[0]["method"], str(len(rows)), *map(spread, figures)


def _by_weights(rows: Iterable[Row]) -> list[list[Row]]:
    """Rows by method and weights, smaller networks and corpora first."""

    def order(row: Row) -> tuple[Any, ...]:
        seen = row["pretraining"]
        # Methods are named by size: fine-tuned networks of all sizes are one kind.
        return row["method"].startswith(OURS), seen["parameters"], seen["patches"] or 0, row["weights"]

    return [list(group) for _, group in groupby(sorted(rows, key=order), key=order)]


def picture(rows: Iterable[Row]) -> bytes:
    """OA over the parameters of the encoders, and over what they have seen, as PNG bytes."""

    def ground(row: Row) -> tuple[str, str, int, bool]:
        return row["scene"], row["protocol"], row["split"]["num_per_class"], row["method"].startswith(OURS)

    series: dict[str, list[Measured]] = {}
    for (scene, protocol, budget, tuned), group in groupby(sorted(rows, key=ground), key=ground):
        name = f"{scene}, {protocol}, {budget} labels, {'fine-tuned' if tuned else 'linear probe'}"
        series[name] = [_measured(of_weights) for of_weights in _by_weights(group)]
    return scaling_picture(series)


def _measured(rows: Sequence[Row]) -> Measured:
    """What stands in the picture for a folder of weights."""
    values = [row["metrics"]["oa"] for row in rows]
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    return Measured(**rows[0]["pretraining"], value=float(np.mean(values)), deviation=deviation)
