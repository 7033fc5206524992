"""Fitted models on a scene of a file, from the file to a folder of results for each model: what a worker does."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from hypersigma.cube import Cube
from hypersigma.engine.identity import model_identity, prediction_identity
from hypersigma.engine.model import (
    Model,
    Progress,
    load_model,
    name_of,
    opened,
    predict,
    prefixes,
    scenes_for,
    takes_pairs,
    work_folder,
)
from hypersigma.errors import InputError
from hypersigma.readers import open_cube
from hypersigma.writers import check_output
from hypersigma.writers.report_json import content


@dataclass(frozen=True, kw_only=True)
class Job:
    """A scene that is to be mapped.

    Attributes:
        scene: its file, or those of two dates.
        opening: what the file leaves open, by the names of `open_cube`.
        models: folders of models, and identities: of these models.
        device: where they compute.
        output: folder for the results; of several models for a folder each.
        overwrite: replace earlier results.
        skip: leave results alone that are finished already.
    """

    scene: tuple[Path, ...]
    models: tuple[Path, ...]
    identities: tuple[str, ...]
    output: Path
    opening: Mapping[str, str | None]
    device: str = "auto"
    overwrite: bool = False
    skip: bool = False

    @property
    def outputs(self) -> list[Path]:
        """Folder of the results of each model."""
        names = prefixes([name_of(folder) for folder in self.models])
        return [self.output / name.removesuffix("_") for name in names]

    @property
    def name(self) -> str:
        """The scene in a line."""
        return ", ".join(str(path) for path in self.scene)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a scene with a model.

    Attributes:
        output: folder of the results.
        report: content of report.json.
        notes: what a person should read first.
        skipped: whether it was finished before.
    """

    output: Path
    report: Mapping[str, Any]
    notes: tuple[str, ...] = ()
    skipped: bool = False


def carried_out(job: Job, progress: Progress | None = None) -> list[Outcome]:
    """Map a scene by each model; layers grow strip by strip, and a job that was killed goes on where it was.

    Raises:
        InputError: the scene cannot be read, or lacks bands that a model was fitted on.
        OutputError: a folder holds something and may not be replaced, or the disk refuses.
    """
    models = _loaded(job.models, job.device, job.identities)
    (cube,) = scenes_for(models, [opened(open_cube(path, **job.opening)) for path in job.scene])
    return [_mapped(job, model, cube, output, progress) for model, output in zip(models, job.outputs, strict=True)]


def _mapped(job: Job, model: Model, cube: Cube, output: Path, progress: Progress | None) -> Outcome:
    """What one model makes of the scene."""
    if job.skip and (report := _finished(output)).get("settings", {}).get("identities") == [
        prediction_identity(model.identity, cube)
    ]:
        return Outcome(output=output, report=report, skipped=True)
    check_output(output, overwrite=job.overwrite)
    work = work_folder(output)
    result = predict([model], [cube], progress, work)
    result.save(output, overwrite=job.overwrite)
    shutil.rmtree(work, ignore_errors=True)
    return Outcome(output=output, report=content(result.report), notes=tuple(result.report.notes))


def _finished(output: Path) -> dict[str, Any]:
    """The report of a finished result; nothing where there is none."""
    try:
        found = json.loads((output / "report.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


@lru_cache(maxsize=1)
def _loaded(folders: Sequence[Path], device: str, identities: tuple[str, ...]) -> list[Model]:
    """The models, loaded once by each process; others in their folders, by their identities, are loaded anew."""
    return [load_model(folder, device) for folder in folders]


def jobs_for(
    scenes: Sequence[Path],
    models: Sequence[Path],
    output: Path,
    *,
    opening: Mapping[str, str | None],
    device: str = "auto",
    overwrite: bool = False,
) -> list[Job]:
    """The jobs of some scenes, after all that can be checked before the work.

    A single one puts its results into the output folder itself; of several each has a folder there, named after its
    scene, and those that are finished are left alone.

    Raises:
        InputError: there is no model, or an odd number of scenes for one of two dates.
        OutputError: a single scene's folder holds something and may not be replaced.
    """
    folders = tuple(folder.resolve() for folder in models)
    job = Job(scene=tuple(scenes), models=folders, identities=(), output=output, opening=opening, device=device)
    if len(scenes) == 1:
        _check_outputs(job, overwrite)
    loaded = _loaded(folders, device, tuple(model_identity(folder, device) for folder in folders))
    dates = 2 if takes_pairs(loaded) else 1
    if len(scenes) % dates:
        raise InputError(f"{len(scenes)} scenes; this model compares two dates: give BEFORE AFTER")
    job = replace(job, identities=tuple(model.identity for model in loaded), overwrite=overwrite)
    if len(scenes) == dates:
        _check_outputs(job, overwrite)
        return [job]
    paths = [path.resolve() for path in scenes]
    groups = [tuple(paths[first : first + dates]) for first in range(0, len(paths), dates)]
    names = prefixes([group[-1].stem for group in groups])
    return [
        replace(job, scene=group, output=output.resolve() / name.removesuffix("_"), skip=not overwrite)
        for group, name in zip(groups, names, strict=True)
    ]


def _check_outputs(job: Job, overwrite: bool) -> None:
    for output in job.outputs:
        check_output(output, overwrite=overwrite)
