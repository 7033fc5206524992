"""`hypersigma predict --model DIR SCENES... -o DIR`: fitted models on other scenes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from hypersigma.cli._common import DEFAULTS, Common
from hypersigma.cli._console import Console
from hypersigma.cli._scenes import PLAIN, SceneOptions


def predict(
    scene: Path,
    /,
    *others: Path,
    model: tuple[Path, ...],
    output: Annotated[Path, Parameter(name=["--output", "-o"])],
    overwrite: bool = False,
    opening: SceneOptions = PLAIN,
    common: Common = DEFAULTS,
) -> None:
    """Use fitted models on other scenes: layers and a short report for each.

    Args:
        scene: File of the scene; of a model that compares two dates, of the first one.
        others: Files of further scenes, or of the second date; each scene or pair then gets a folder of its own inside
            the output folder.
        model: Folder of a model, or of the run that fitted it; may be repeated.
        output: Folder for layers and report.
        overwrite: Replace earlier results.
    """
    from hypersigma.engine.model import load_model, opened, scenes_for, takes_pairs
    from hypersigma.engine.model import predict as predict_scenes
    from hypersigma.writers import check_output
    from hypersigma.writers.report_json import content

    console = Console(common)
    scenes = (scene, *others)
    if not others:
        check_output(output, overwrite=overwrite)
    models = [load_model(folder, common.device) for folder in model]
    folders = _folders(output, scenes, 2 if takes_pairs(models) else 1)
    for folder in folders:
        check_output(folder, overwrite=overwrite)
    # all are opened before any is mapped: a mistake in the last is found at once
    cubes = scenes_for(models, [opened(opening.open(path)) for path in scenes])
    told = []
    with console.progress() as progress:
        for cube, folder in zip(cubes, folders, strict=True):
            result = predict_scenes(models, [cube], progress)
            result.save(folder, overwrite=overwrite)
            told.append(content(result.report) | {"output": str(folder), "notes": result.report.notes})
    for item in told:
        for note in item["notes"]:
            console.note(f"note: {note}")
        console.written(item["output"], item["layers"], "report.html")
    console.result({"scenes": told})


def _folders(output: Path, scenes: tuple[Path, ...], dates: int) -> list[Path]:
    """Where the layers of each scene (or pair) go: into the output folder, or folders in it named after several."""
    if len(scenes) <= dates:
        return [output]
    from hypersigma.engine.model import prefixes

    return [
        output / prefix.removesuffix("_") for prefix in prefixes([path.stem for path in scenes[dates - 1 :: dates]])
    ]
