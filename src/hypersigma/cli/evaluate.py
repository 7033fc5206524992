"""`hypersigma evaluate DIR --truth FILE`: score the layers of an output folder against a truth file."""

from __future__ import annotations

from pathlib import Path

from hypersigma.cli._common import DEFAULTS, Common
from hypersigma.cli._console import Console


def evaluate(
    folder: Path,
    /,
    *,
    truth: Path,
    variable: str | None = None,
    attribute: str | None = None,
    common: Common = DEFAULTS,
) -> None:
    """Score the layers of an output folder against a truth file.

    Args:
        folder: Output folder of `run` or `predict`.
        truth: File of the true classes, or of the true anomalies or targets (values above 0): a raster, a MATLAB
            file, or polygons; or of true abundances: a raster with a band a material, or a MATLAB file.
        variable: Which array of a MATLAB file holds the truth.
        attribute: Which attribute of polygons holds the class.
        common: What every verb takes.
    """
    from hypersigma.engine import evaluate as engine
    from hypersigma.writers.report_json import plain

    console = Console(common)
    evaluations = engine.evaluate(folder, truth, variable=variable, attribute=attribute, seed=common.seed)
    for evaluation in evaluations:
        for note in evaluation.notes:
            console.note(f"{evaluation.layer}: {note}")
        for table in evaluation.tables():
            console.table(table)
    layers = [evaluation.plain() for evaluation in evaluations]
    console.result(plain({"folder": folder, "truth": truth, "layers": layers}))
