"""The forms that graphs are written in: ONNX for ONNX Runtime and others, a program of torch.export for torch alone."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import torch
from numpy.typing import NDArray
from torch.export import Dim, ExportedProgram

from hypersigma.engine.export.stages import Stage
from hypersigma.errors import InputError, MissingExtraError

Format = Literal["onnx", "torch"]
Run = Callable[..., list[NDArray[Any]]]

SUFFIXES: dict[str, str] = {"onnx": ".onnx", "torch": ".pt2"}
OPSET = 18
_MOST_IN_ONE_FILE = 1 << 30  # bytes of weights; a file of ONNX holds 2 GB at most


def require(form: Format) -> None:
    """Raise MissingExtraError unless what writes and checks a form is installed."""
    for package in ("onnx", "onnxscript", "onnxruntime") if form == "onnx" else ():
        try:
            __import__(package)
        except ImportError as error:
            raise MissingExtraError(package, "export", "an export to ONNX") from error


def program(stage: Stage) -> ExportedProgram:
    """A stage as a program whose free sizes stay free."""
    free = tuple(dict.fromkeys(axes, Dim.DYNAMIC) for axes in stage.free)
    with torch.no_grad(), _quiet(), _told(stage, "traced", "use  hypersigma predict"):
        # What is computed once and kept must be kept as numbers, not as what stands for them while tracing.
        stage.module(*stage.examples)
        return torch.export.export(stage.module, stage.examples, dynamic_shapes=(*free,), strict=False)


def write(form: Format, stage: Stage, traced: ExportedProgram, folder: Path, card: str) -> Path:
    """Write a stage's program with its card into a folder, and return the file."""
    place = folder / f"{stage.name}{SUFFIXES[form]}"
    if form == "torch":
        torch.export.save(traced, place, extra_files={"card.json": card})
        return place
    from onnxscript import optimizer

    from hypersigma.engine.export.onnx_operations import TRANSLATIONS

    size = sum(value.numel() * value.element_size() for value in traced.state_dict.values())
    with _quiet(), _told(stage, "written as ONNX", "use  --format torch"):
        made = torch.onnx.export(
            traced,
            dynamo=True,
            opset_version=OPSET,
            input_names=list(stage.inputs),
            output_names=list(stage.outputs),
            verbose=False,
            optimize=False,
            custom_translation_table=TRANSLATIONS,
        )
        assert made is not None
        # Once, and without telling shapes: all of what is usual takes minutes, and the graph is as quick.
        optimizer.optimize_ir(made.model, num_iterations=1, onnx_shape_inference=False)
    made.model.metadata_props["card"] = card
    made.save(place, external_data=size > _MOST_IN_ONE_FILE)
    return place


def runner(form: Format, files: Mapping[str, Path], stages: Sequence[Stage]) -> Run:
    """What runs written stages, as the standalone predictor asks for it: run(stage, **arrays)."""
    inputs = {stage.name: stage.inputs for stage in stages}
    if form == "torch":
        modules = {name: torch.export.load(place).module() for name, place in files.items()}

        def run_torch(stage: str, **arrays: NDArray[Any]) -> list[NDArray[Any]]:
            with torch.no_grad(), _quiet():
                out = modules[stage](*(torch.from_numpy(arrays[name]) for name in inputs[stage]))
            return [part.numpy() for part in (out if isinstance(out, tuple) else (out,))]

        return run_torch
    import onnxruntime

    sessions = {name: onnxruntime.InferenceSession(place) for name, place in files.items()}
    return lambda stage, **arrays: sessions[stage].run(None, {name: arrays[name] for name in inputs[stage]})


@contextmanager
def _told(stage: Stage, what: str, instead: str) -> Iterator[None]:
    """Turns what a tracer or converter refuses into a mistake with a way out.

    Raises:
        InputError: it refused something.
    """
    try:
        yield
    except (torch.onnx.errors.OnnxExporterError, torch._dynamo.exc.TorchDynamoException) as error:
        cause: BaseException = error
        while cause.__cause__ is not None:
            cause = cause.__cause__
        reason = " ".join(str(cause).split())[:200]
        raise InputError(f"the part '{stage.name}' of this model cannot be {what} ({reason}); {instead}") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what tracers say of themselves."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
