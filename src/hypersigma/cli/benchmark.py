"""`hypersigma benchmark`: named protocols, several seeds, baselines beside."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from hypersigma.cli._common import DEFAULTS, Common
from hypersigma.cli._console import Console
from hypersigma.config import as_settings, read_yaml

_SEVERAL = Parameter(consume_multiple=True)
_NUM_SEEDS = 5


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Choice:
    """What is measured.

    Attributes:
        protocol: How labels are split (random, fields, blocks, tiles, published), all of the scene's by default.
        methods: Baselines and hypersigma-SIZE, all baselines and hypersigma-tiny by default.
        seeds: Of splits and methods, five from --seed on by default.
        num_per_class: Labels of a class, as the protocol says by default.
        weights: Pre-trained weights of the network; without it the network learns from scratch.
        config: YAML file of settings of the network, such as a recipe.
        settings: A setting of the network, key=value, over those of the file; may be repeated.
    """

    protocol: Annotated[tuple[str, ...], _SEVERAL] = ()
    methods: Annotated[tuple[str, ...], _SEVERAL] = ()
    seeds: Annotated[tuple[int, ...], _SEVERAL] = ()
    num_per_class: int | None = None
    weights: str | None = None
    config: Path | None = None
    settings: Annotated[tuple[str, ...], Parameter(name="--set")] = ()


EVERYTHING = Choice()


def benchmark(
    *scenes: str,
    choice: Choice = EVERYTHING,
    jobs: int = 1,
    json_file: Path | None = None,
    common: Common = DEFAULTS,
) -> None:
    """Measure methods on benchmark scenes: figures with their spread, seconds and memory, baselines beside.

    Args:
        scenes: Names of scenes, all whose files are here by default; HYPERSIGMA_DATA names a folder with files.
        jobs: Trials at a time.
        json_file: File that results are appended to, a row a trial; rows in it already are not run again.
    """
    from hypersigma.engine import benchmark as engine
    from hypersigma.engine.comparison import NOTE, tables

    console = Console(common)
    config = engine.BenchmarkConfig(
        scenes=scenes,
        protocols=choice.protocol,
        methods=choice.methods,
        seeds=choice.seeds or tuple(range(common.seed, common.seed + _NUM_SEEDS)),
        num_per_class=choice.num_per_class,
        weights=choice.weights,
        settings=(*(as_settings(read_yaml(choice.config)) if choice.config else ()), *choice.settings),
    )
    trials = engine.plan(config)
    with console.progress() as progress:
        rows = engine.run(trials, json_file, device=common.device, num_jobs=jobs, progress=progress)
    for table in tables(rows):
        console.table(table)
    console.text(NOTE)
    console.result({"rows": rows})
