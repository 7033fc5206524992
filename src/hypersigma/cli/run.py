"""`hypersigma run TASK SCENE...`: fit where the task needs it, predict, write layers, a report and the model.

Every registered task is a command of its own here, made when it is asked for: the fields of its `Inputs`
dataclass become flags beside those that all tasks share.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from hypersigma.cli._common import DEFAULTS, Common
from hypersigma.cli._console import Console
from hypersigma.cli._scenes import PLAIN, SceneOptions
from hypersigma.config import read_yaml, with_settings
from hypersigma.registry import load, names

run = App(name="run", help="Fit where the task needs it, predict, write layers, a report and the model.")
for _task in names("hypersigma.tasks"):
    run.command(f"{__name__}:{_task}", name=_task)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """What may be chosen for a run of any task.

    Attributes:
        output: Folder for layers, report and model.
        weights: Pre-trained weights: a size (tiny, small ...) or a folder; without it the network learns from scratch.
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
    kind = load("hypersigma.tasks", task).TASK
    return command_of(task, kind.Inputs, (kind.__doc__ or task).splitlines()[0])


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
    return run_task


def _run(
    task: str, scenes: tuple[Path, ...], options: RunOptions, inputs: Any, opening: SceneOptions, common: Common
) -> None:
    """Run a task on scenes as the flags say, and save what comes out."""
    from hypersigma.engine.run import run as run_engine

    console = Console(common)
    settings = with_settings(read_yaml(options.config) if options.config else {}, options.settings)
    with console.progress() as progress:
        result = run_engine(
            task,
            *(opening.open(scene) for scene in scenes),
            weights=options.weights,
            method=options.method,
            config=settings,
            seed=common.seed,
            device=common.device,
            progress=progress,
            **{field.name: getattr(inputs, field.name) for field in fields(inputs)},
        )
    result.save(options.output, overwrite=options.overwrite)
