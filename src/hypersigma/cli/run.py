"""`hypersigma run TASK SCENE...`: fit where the task needs it, predict, write layers, a report and the model.

Every registered task is a command of its own here, made when it is asked for: the fields of its `Inputs`
dataclass become flags beside those that all tasks share.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from hypersigma.cli._common import DEFAULTS, Common
from hypersigma.cli._console import Console
from hypersigma.cli._scenes import PLAIN, SceneOptions
from hypersigma.config import read_yaml, with_settings
from hypersigma.registry import load, names

if TYPE_CHECKING:
    from hypersigma.engine.model import Result
    from hypersigma.products import Report

run = App(name="run", help="Fit where the task needs it, predict, write layers, a report and the model.")
for _task in names("hypersigma.tasks"):
    run.command(f"{__name__}:{_task}", name=_task)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """What may be chosen for a run of any task.

    Attributes:
        output: Folder for layers, report and model.
        weights: Pre-trained weights: a size (tiny, small ...), a folder, or none to learn from scratch; by default
            those of the network's size that come with the package.
        method: Name of a classical method to use instead of the network.
        config: YAML file of settings.
        settings: A setting, key=value, over those of the file; may be repeated.
        overwrite: Replace the output folder if it exists.
    """

    output: Annotated[Path, Parameter(name=["--output", "-o"])]
    weights: str | None = None
    method: str | None = None
    config: Path | None = None
    settings: Annotated[tuple[str, ...], Parameter(name="--set")] = ()
    overwrite: bool = False


def __getattr__(task: str) -> Callable[..., None]:
    """The command of a task, looked up by the command line when that task is run."""
    # Python asks modules for names like __path__, too
    if task.startswith("_"):
        raise AttributeError(task)
    room = load("hypersigma.tasks", task)
    return command_of(task, room.Inputs, (room.__doc__ or task).splitlines()[0])


def command_of(task: str, inputs_type: type, summary: str) -> Callable[..., None]:
    """A task as a command.

    Args:
        task: registered name.
        inputs_type: the task's `Inputs`, a dataclass of paths, names and numbers; its fields become flags.
        summary: one sentence for the help.
    """

    def run_task(
        scene: Path,
        /,
        *others: Path,
        options: RunOptions,
        inputs: Any,
        opening: SceneOptions = PLAIN,
        common: Common = DEFAULTS,
    ) -> None:
        _run(task, (scene, *others), options, inputs, opening, common)

    run_task.__doc__ = f"""{summary}

    Args:
        scene: File of the scene.
        others: Files of further scenes, where the task takes more than one.
    """
    # which type it is, is known only now; the command line reads flags from annotations
    run_task.__annotations__["inputs"] = Annotated[inputs_type, Parameter(name="*")]
    if all(field.default is not MISSING for field in fields(inputs_type)):
        run_task.__kwdefaults__ = {**(run_task.__kwdefaults__ or {}), "inputs": inputs_type()}
    return run_task


def _run(
    task: str, scenes: tuple[Path, ...], options: RunOptions, inputs: Any, opening: SceneOptions, common: Common
) -> None:
    """Run a task on scenes as the flags say, and save what comes out."""
    from hypersigma.engine.model import work_folder
    from hypersigma.products import Table
    from hypersigma.writers import check_output
    from hypersigma.writers.report_json import content

    console = Console(common)
    # before hours of work, not after them
    check_output(options.output, overwrite=options.overwrite)
    result = _result(task, scenes, options, inputs, opening, common)
    result.save(options.output, overwrite=options.overwrite)
    shutil.rmtree(work_folder(options.output), ignore_errors=True)
    for note in result.report.notes:
        console.note(f"note: {note}")
    console.table(Table(task, ("figure", "value"), tuple(_figures(result.report))))
    beside = [f"{objects.name}.geojson" for objects in result.objects]
    beside += [f"{library.name}.{suffix}" for library in result.libraries for suffix in ("sli", "csv")]
    console.written(options.output, tuple(result.layers), *beside, "report.html", "model")
    console.result(content(result.report) | {"output": str(options.output)})


def _result(
    task: str, scenes: tuple[Path, ...], options: RunOptions, inputs: Any, opening: SceneOptions, common: Common
) -> Result:
    """What comes out of the engine, its progress shown."""
    from hypersigma.engine.model import work_folder
    from hypersigma.engine.run import run as run_engine

    with Console(common).progress() as progress:
        return run_engine(
            task,
            *(opening.open(scene) for scene in scenes),
            weights=options.weights,
            method=options.method,
            config=_config(options),
            seed=common.seed,
            device=common.device,
            progress=progress,
            work=work_folder(options.output),
            **{field.name: getattr(inputs, field.name) for field in fields(inputs)},
        )


def _config(options: RunOptions) -> Any:
    """The settings: the file itself where nothing is put over it, so that a mistake in it is told with its name."""
    if not options.settings:
        return options.config
    return with_settings(read_yaml(options.config) if options.config else {}, options.settings)


def _figures(report: Report) -> Iterator[tuple[str, str | float]]:
    """The figures of a run as lines of a table."""
    yield from report.metrics.items()
    yield "seconds", f"{report.seconds:.1f}"
    yield "peak memory in MB", f"{report.peak_memory_mb:.0f}"
