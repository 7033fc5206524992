"""`hypersigma benchmark`: named protocols, several seeds, baselines beside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from hypersigma.cli._common import DEFAULTS, Common
from hypersigma.cli._console import Console
from hypersigma.config import as_settings, read_yaml
from hypersigma.errors import ConfigError

if TYPE_CHECKING:
    from hypersigma.engine.jobs import Job
    from hypersigma.products import Table

    Measure = tuple[list[Job], Callable[[list[dict[str, Any]]], list[Table]], str]

_SEVERAL = Parameter(consume_multiple=True)
_NUM_SEEDS = 5


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Choice:
    """What is measured.

    Attributes:
        protocol: How labels are split (random, fields, blocks, left, right, tiles, cities, leave_one_out, none,
            published), all of the scene's by default.
        methods: Baselines and hypersigma-SIZE, all baselines and hypersigma-tiny by default.
        seeds: Of splits and methods, five from --seed on by default.
        num_per_class: Labels of a class, one budget or several; as the protocol says by default, 5 and 10 with --probe.
        weights: Pre-trained weights, as for run.
        config: YAML file of settings of the network, such as a recipe.
        settings: A setting of the network, key=value, over those of the file; may be repeated.
    """

    protocol: Annotated[tuple[str, ...], _SEVERAL] = ()
    methods: Annotated[tuple[str, ...], _SEVERAL] = ()
    seeds: Annotated[tuple[int, ...], _SEVERAL] = ()
    num_per_class: Annotated[tuple[int, ...], _SEVERAL] = ()
    weights: str | None = None
    config: Path | None = None
    settings: Annotated[tuple[str, ...], Parameter(name="--set")] = ()


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Instead:
    """What is measured instead of methods.

    Attributes:
        probe: Frozen features of --weights, by simple classifiers on them, beside classical and random features.
        scaling: Folders of weights whose probes are drawn over the size of network and corpus.
        fine_tune: With --scaling, also networks that begin with the weights and are trained on.
    """

    probe: bool = False
    scaling: Annotated[tuple[str, ...], _SEVERAL] = ()
    fine_tune: bool = False


EVERYTHING, METHODS = Choice(), Instead()


def benchmark(
    *scenes: str,
    choice: Choice = EVERYTHING,
    instead: Instead = METHODS,
    jobs: int = 1,
    json_file: Path | None = None,
    common: Common = DEFAULTS,
) -> None:
    """Measure methods on benchmark scenes: figures with their spread, seconds and memory, baselines beside.

    Args:
        scenes: Names of scenes, all whose files are here by default; HYPERSIGMA_DATA names a folder with files.
        jobs: Trials at a time.
        json_file: File that results are appended to, a row a trial; rows in it already are not run again. With
            --scaling a picture of the same name stands beside it.
    """
    from hypersigma.engine.jobs import run

    console = Console(common)
    seeds = choice.seeds or tuple(range(common.seed, common.seed + _NUM_SEEDS))
    if instead.probe and instead.scaling:
        raise ConfigError("--probe and --scaling are two measurements; give one of them")
    if instead.scaling:
        planned, tables, note = _scaling(scenes, choice, seeds, instead)
    else:
        planned, tables, note = (_probes if instead.probe else _methods)(scenes, choice, seeds)
    with console.progress() as progress:
        rows = run(planned, json_file, device=common.device, num_jobs=jobs, progress=progress)
    for table in tables(rows):
        console.table(table)
    console.text(note)
    if instead.scaling and json_file:
        console.text(f"{_drawn(rows, json_file.with_suffix('.png'))}: the picture")
    console.result({"rows": rows})


def _drawn(rows: list[dict[str, Any]], place: Path) -> Path:
    """The file of a picture of scaling."""
    from hypersigma.engine.scaling import picture
    from hypersigma.writers import replaced_file

    with replaced_file(place) as partial:
        partial.write_bytes(picture(rows))
    return place


def _methods(scenes: tuple[str, ...], choice: Choice, seeds: tuple[int, ...]) -> Measure:
    """Methods on scenes: what is run, the tables of its rows, and what stands below them."""
    from hypersigma.engine import benchmark as engine
    from hypersigma.engine.comparison import note_of, tables

    config = engine.BenchmarkConfig(
        scenes=scenes,
        protocols=choice.protocol,
        methods=choice.methods,
        seeds=seeds,
        num_per_class=choice.num_per_class,
        weights=choice.weights,
        settings=_settings(choice),
    )
    trials = engine.plan(config)
    return engine.jobs_of(trials), tables, note_of({trial.task for trial in trials})


def _probes(scenes: tuple[str, ...], choice: Choice, seeds: tuple[int, ...]) -> Measure:
    """Probes of features: what is run, the tables of its rows, and what stands below them."""
    from hypersigma.engine.probe_plan import BUDGETS, ProbeConfig, plan
    from hypersigma.engine.probe_tables import NOTE, probe_tables

    if choice.methods or choice.config or choice.settings:
        raise ConfigError(
            "--probe runs the same probes with the same settings: leave out --methods, --config and --set"
        )
    config = ProbeConfig(
        scenes=scenes,
        protocols=choice.protocol,
        seeds=seeds,
        budgets=choice.num_per_class or BUDGETS,
        weights=choice.weights,
    )
    return plan(config), probe_tables, NOTE


def _scaling(scenes: tuple[str, ...], choice: Choice, seeds: tuple[int, ...], instead: Instead) -> Measure:
    """Several weights: what is run, the tables of its rows, and what stands below them."""
    from hypersigma.engine.scaling import BUDGETS, NOTE, ScalingConfig, plan, scaling_tables

    if choice.methods or choice.weights:
        raise ConfigError("--scaling names the weights and runs its own methods: leave out --methods and --weights")
    config = ScalingConfig(
        weights=instead.scaling,
        scenes=scenes,
        protocols=choice.protocol,
        seeds=seeds,
        budgets=choice.num_per_class or BUDGETS,
        fine_tune=instead.fine_tune,
        settings=_settings(choice),
    )
    return plan(config), scaling_tables, NOTE


def _settings(choice: Choice) -> tuple[str, ...]:
    """Settings of the network: those of a file, and over them those given one by one."""
    return (*(as_settings(read_yaml(choice.config)) if choice.config else ()), *choice.settings)
