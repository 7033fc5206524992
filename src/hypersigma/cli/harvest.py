"""`hypersigma harvest SCENES... -o STORE`: scenes to screened patches in a sharded store."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from hypersigma.cli._common import DEFAULTS, Common
from hypersigma.cli._console import Console
from hypersigma.cli._scenes import PLAIN, SceneOptions
from hypersigma.cli._workers import LOCAL, Workers

if TYPE_CHECKING:
    from hypersigma.data.patch_screening import Limits
    from hypersigma.engine.harvest import Estimate, Harvest, Plan


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Screening:
    """The most that a patch may have of each fault, as shares between 0 and 1.

    Attributes:
        max_missing: Pixels without data.
        max_dead: Bands without information.
        max_striped: Bands with stripes.
        max_saturated: Numbers at the end of their range.
        max_cloud: Clouded pixels.
        max_water: Water.
        max_blank: Pixels that repeat their neighbour.
        keep_duplicates: Keep patches that look like an earlier one.
    """

    max_missing: float = 0.01
    max_dead: float = 0.1
    max_striped: float = 0.3
    max_saturated: float = 0.01
    max_cloud: float = 0.5
    max_water: float = 0.9
    max_blank: float = 0.1
    keep_duplicates: bool = False


USUAL = Screening()


def harvest(
    scene: Path,
    /,
    *others: Path,
    output: Annotated[Path, Parameter(name=["--output", "-o"])],
    resume: bool = False,
    licence: str = "not stated",
    screening: Screening = USUAL,
    workers: Workers = LOCAL,
    opening: SceneOptions = PLAIN,
    common: Common = DEFAULTS,
) -> None:
    """Cut scenes into screened 64 x 64 patches for pre-training, in a sharded store with a manifest and a card.

    Args:
        scene: File of a scene, or a folder of HyperGlobal-450K crops.
        others: Further ones.
        output: Folder of the store.
        resume: Go on with a store that was begun with the same scenes and settings; mend broken shards.
        licence: Licence of the scenes, for the card.
        screening: What keeps a patch out.
        workers: Who does the work.
        opening: What the files leave open.
        common: Parameters of every verb.
    """
    from hypersigma.engine import harvest as engine

    console = Console(common)
    num_jobs, scheduler = workers.num_jobs, workers.scheduler
    # all are opened before any is cut: a mistake in the last is found at once
    origins = [origin for path in (scene, *others) for origin in engine.origins_of(path, opening.open)]
    plan = engine.Plan(origins=tuple(origins), limits=_limits(screening), licence=licence)
    expected = engine.estimate(plan, output, num_jobs)
    console.note(_expected(plan, expected, num_jobs if scheduler is None else None))
    engine.check_room(expected, output)
    with console.progress() as progress:
        result = engine.harvest(plan, output, resume=resume, num_jobs=num_jobs, scheduler=scheduler, progress=progress)
    for line in _told(result):
        console.text(line)
    console.result(
        {
            "output": output,
            "patches": result.patches,
            "candidates": result.candidates,
            "dropped": result.dropped,
            "bytes": result.bytes,
            "raw_bytes": result.raw_bytes,
            "groups": list(plan.groups),
            "estimate": {"bytes": expected.bytes, "seconds": expected.seconds},
        }
    )


def _limits(screening: Screening) -> Limits:
    from dataclasses import asdict

    from hypersigma.data.patch_screening import Limits

    shares = {name.removeprefix("max_"): value for name, value in asdict(screening).items() if name.startswith("max_")}
    return Limits(**shares, duplicates=not screening.keep_duplicates)


def _expected(plan: Plan, found: Estimate, num_jobs: int | None) -> str:
    """The estimate as a sentence."""
    where = "on one process" if num_jobs == 1 else f"on {num_jobs} processes" if num_jobs else "on as many processes"
    minutes = found.seconds / 60
    time = (
        f"{minutes / 60:.1f} hours"
        if minutes >= 90
        else f"{minutes:.0f} minutes"
        if minutes >= 2
        else f"{found.seconds:.0f} s"
    )
    return (
        f"{found.patches} patches of {len(plan.origins)} scene(s): at most about {found.bytes / 1e6:.0f} MB "
        f"({found.bytes / max(found.raw_bytes, 1):.0%} of raw; {found.free_bytes / 1e9:.0f} GB free) and {time} {where}"
    )


def _told(result: Harvest) -> list[str]:
    dropped = ", ".join(f"{count} {reason}" for reason, count in result.dropped.items())
    share = result.bytes / result.raw_bytes if result.raw_bytes else 0.0
    return [
        f"{result.folder}: {result.patches} of {result.candidates} patches kept"
        + (f" (left out: {dropped})" if dropped else ""),
        f"{result.bytes / 1e6:.1f} MB, {share:.0%} of raw; see README.md and manifest.jsonl there",
    ]
