"""`hypersigma predict --model DIR SCENES... -o DIR`: fitted models on other scenes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from hypersigma.cli._common import DEFAULTS, Common
from hypersigma.cli._console import Console
from hypersigma.cli._scenes import PLAIN, SceneOptions
from hypersigma.cli._workers import LOCAL, Workers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hypersigma.engine.prediction import Job, Outcome


def predict(
    scene: Path,
    /,
    *others: Path,
    model: tuple[Path, ...],
    output: Annotated[Path, Parameter(name=["--output", "-o"])],
    overwrite: bool = False,
    workers: Workers = LOCAL,
    opening: SceneOptions = PLAIN,
    common: Common = DEFAULTS,
) -> int:
    """Use fitted models on other scenes: layers and a short report for each.

    A killed prediction goes on where it was, by the same command. Several scenes are spread over processes; those that
    are finished are left out, those that cannot be read are listed at the end, and the exit code is then 1.

    Args:
        scene: File of the scene; of a model that compares two dates, of the first one. Or what stands for many: a
            folder, a pattern in quotes, a text file with a path in each line, a STAC item collection.
        others: Further ones, or the second date; each scene or pair then gets a folder of its own inside the output
            folder.
        model: Folder of a model, or of the run that fitted it; may be repeated, and each then gets a folder of its own.
        output: Folder for layers and report.
        overwrite: Replace earlier results.
        workers: Who does the work, of several scenes.
        opening: What the files leave open.
        common: Parameters of every verb.
    """
    from hypersigma.engine.prediction import carried_out, jobs_for
    from hypersigma.engine.scene_list import scene_paths

    console = Console(common)
    jobs = jobs_for(
        scene_paths((scene, *others)),
        model,
        output,
        opening={"variable": opening.variable, "wavelengths": opening.wavelengths, "sensor": opening.sensor},
        device=common.device,
        overwrite=overwrite,
    )
    if len(jobs) > 1 or workers.scheduler:
        return _many(console, jobs, min(workers.num_jobs, len(jobs)), workers.scheduler)
    with console.progress() as progress:
        found = carried_out(jobs[0], progress)
    _tell(console, found)
    console.result({"scenes": _content(found), "failed": []})
    return 0


def _many(console: Console, jobs: Sequence[Job], num_jobs: int, scheduler: str | None) -> int:
    """Carry out jobs on workers; 1 if any of them failed."""
    from hypersigma.engine.cluster import attempted
    from hypersigma.engine.prediction import carried_out

    found: list[Outcome] = []
    failed: dict[str, str] = {}
    with console.progress() as progress:
        progress("scenes", 0, len(jobs))
        for done, (job, result) in enumerate(attempted(carried_out, jobs, num_jobs, scheduler), start=1):
            if isinstance(result, Exception):
                failed[job.name] = str(result) or type(result).__name__
            else:
                found += result
                _tell(console, result)
            progress("scenes", done, len(jobs))
    for name, reason in failed.items():
        console.failure(f"failed: {name}: {reason}")
    done_before = sum(item.skipped for item in found)
    console.text(
        f"{len(jobs) - len(failed)} of {len(jobs)} scenes done"
        + (f", {done_before} results of them before" if done_before else "")
        + (f"; {len(failed)} failed" if failed else "")
    )
    listed = [{"scene": name, "reason": reason} for name, reason in failed.items()]
    console.result({"scenes": _content(found), "failed": listed})
    return 1 if failed else 0


def _tell(console: Console, found: Sequence[Outcome]) -> None:
    """What a scene's folders now hold, for a person."""
    for item in found:
        if item.skipped:
            console.note(f"{item.output}: finished before")
            continue
        for note in item.notes:
            console.note(f"note: {note}")
        console.written(item.output, item.report["layers"], "report.html")


def _content(found: Sequence[Outcome]) -> list[dict[str, Any]]:
    """What came out, for a program."""
    return [{**item.report, "output": str(item.output), "notes": list(item.notes)} for item in found]
