"""`hypersigma export MODEL -o DIR`: a model for other runtimes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from hypersigma.cli._common import DEFAULTS, Common
from hypersigma.cli._console import Console


def export(
    model: str,
    /,
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"])],
    format: Literal["onnx", "torch"] = "onnx",
    sensor: str | None = None,
    overwrite: bool = False,
    common: Common = DEFAULTS,
) -> None:
    """Write a model as graphs for other runtimes, check them, and describe them in a card.

    Args:
        model: Folder of a model, or of the run that fitted it; or pre-trained encoders, a folder or a size.
        output: Folder to write.
        format: onnx, with a predictor that needs ONNX Runtime and NumPy alone; or torch, programs of torch.export.
        sensor: The sensor whose bands scenes have, if it is another one than the model was fitted on.
        overwrite: Replace an earlier export.
    """
    from hypersigma.engine.export.written import MOST
    from hypersigma.engine.export.written import export as write
    from hypersigma.writers import check_output

    console = Console(common)
    check_output(output, overwrite=overwrite)
    written = write(model, output, format, sensor=sensor, overwrite=overwrite)
    console.text(f"{output}: {', '.join(written.files)}")
    console.text(f"largest deviation from the model: {written.deviation:.2g} (allowed: {MOST:g})")
    console.result({"folder": output, "format": format, **written._asdict()})
