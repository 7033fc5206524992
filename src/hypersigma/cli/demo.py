"""`hypersigma demo`: the main job on a real scene, beside classical methods on the same splits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from hypersigma.cli._common import DEFAULTS, Common
from hypersigma.cli._console import Console, Progress

if TYPE_CHECKING:
    from hypersigma.data.labels import LabelledScene
    from hypersigma.engine.model import Result
    from hypersigma.engine.trial import Row, Trial
    from hypersigma.products import Table

SCENE, PROTOCOL = "indian_pines", "random"
OURS = "hypersigma-tiny"
# the last is the strongest classical chain known here: beating weak ones alone would say little
METHODS = (OURS, "svm", "random_forest", "mnf_superpixels")
NUM_SEEDS = 3
SHOWN = ("method", "OA", "AA", "kappa", "seconds", "MB")  # what fits on a narrow terminal; the report shows all
PICTURE = "indian_pines.png"
RECIPE = Path(__file__).parents[1] / "recipes" / "classification" / "demo.yaml"


def demo(
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"])] = Path("demo-output"),
    overwrite: bool = False,
    settings: Annotated[tuple[str, ...], Parameter(name="--set")] = (),
    common: Common = DEFAULTS,
) -> None:
    """Classify Indian Pines from ten labels a class, three times, beside classical methods; takes minutes.

    Args:
        output: Folder for map, report and model of the first seed.
        overwrite: Replace an earlier result.
        settings: A setting of the network, key=value; may be repeated.
    """
    from hypersigma.engine.benchmark import run
    from hypersigma.engine.comparison import NOTE, tables
    from hypersigma.products import Text
    from hypersigma.writers import check_output, replaced_file

    console = Console(common)
    check_output(output, overwrite=overwrite)
    first, *others = trials(common.seed, (*recipe(), *settings))
    with console.progress() as progress:
        result, row, picture = run_first(first, common.device, progress)
        rows = [row, *run(others, None, device=common.device, progress=progress)]
    # the settings stand in the report; in the table they would crowd out the figures
    (found,) = tables([{**row, "settings": []} for row in rows])
    said = Text(
        "What was measured",
        "The model learned from ten labels a class (of a class of fewer than twenty, from half); all other labelled "
        "pixels of the scene are test pixels, which no method saw: the accuracy called test is measured on them. "
        f"The other figures at the top of this page come from labels held out from one member or another.\n\n{NOTE}",
    )
    result.report.metrics["oa_test"] = row["metrics"]["oa"]
    result.report.sections[:0] = [found, said]
    result.save(output, overwrite=overwrite)
    with replaced_file(output / PICTURE) as place:
        place.write_bytes(picture)
    console.table(_columns(found, SHOWN))
    console.text(f"Mean ± standard deviation over {NUM_SEEDS} seeds; seconds and memory of one.")
    console.written(output, tuple(result.layers), PICTURE, "report.html", "model")
    console.result({"rows": rows, "output": str(output)})


def trials(seed: int, settings: tuple[str, ...]) -> list[Trial]:
    """All trials, the first one ours on the first seed."""
    from hypersigma.engine.benchmark import BenchmarkConfig, plan

    config = BenchmarkConfig(
        scenes=(SCENE,),
        protocols=(PROTOCOL,),
        methods=METHODS,
        seeds=tuple(range(seed, seed + NUM_SEEDS)),
        settings=settings,
    )
    return plan(config)


def run_first(trial: Trial, device: str, progress: Progress) -> tuple[Result, Row, bytes]:
    """The trial whose map, report and model are kept: its result, its row, and a picture of it.

    It runs in this process, which has held no other model yet, so its memory is its own as that of the others is.
    """
    from hypersigma.config import with_settings
    from hypersigma.data.sampling import folds, only
    from hypersigma.engine.run import run
    from hypersigma.engine.trial import Scores
    from hypersigma.registry import load

    (scene,) = load("hypersigma.data.scenes", trial.scene).load()
    (split,) = folds([scene.labels], trial.split, trial.seed)[0]
    given = only(scene, split.train | split.validation)
    result = run(
        trial.task,
        scene.cube,
        labels=given.labels,
        legend=scene.legend,
        config=with_settings({"size": trial.method.removeprefix("hypersigma-")}, trial.settings),
        seed=trial.seed,
        device=device,
        progress=progress,
    )
    scores = Scores.none(len(scene.legend.names))
    scores.add(scene, split, {name: layer.array for name, layer in result.layers.items()})
    scores.count_near([split], trial.split.window_radius)
    scores.spend(result.report.seconds, result.report.peak_memory_mb)
    return result, scores.row(trial), _picture(scene, given, result)


def _picture(scene: LabelledScene, given: LabelledScene, result: Result) -> bytes:
    """Scene, labels given, map and confidence side by side."""
    from scipy.ndimage import maximum_filter

    from hypersigma.viz.panels import Panel, panels_figure
    from hypersigma.viz.quicklook import composite

    panels = [
        Panel("Scene", composite(scene.cube)),
        # single pixels would vanish where the picture is shown small
        Panel("Labels given, enlarged", maximum_filter(given.labels, 3)),
        Panel("Map", result.layers["map"].array),
        Panel("Confidence", result.layers["confidence"].array),
    ]
    return panels_figure(panels, scene.legend)


def _columns(table: Table, names: Sequence[str]) -> Table:
    """Some columns of a table."""
    places = [table.columns.index(name) for name in names]
    return replace(table, columns=tuple(names), rows=tuple(tuple(row[place] for place in places) for row in table.rows))


def recipe() -> tuple[str, ...]:
    """The settings of the demo's recipe as key=value."""
    from hypersigma.config import as_settings, read_yaml

    return tuple(as_settings(read_yaml(RECIPE)))
