"""A model written for other runtimes, and checked against itself once it is written."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hypersigma.engine.anchors import Anchors, fingerprint
from hypersigma.engine.export import predictor
from hypersigma.engine.export.card import card_of
from hypersigma.engine.export.formats import Format, Run, program, require, runner, write
from hypersigma.engine.export.models import Exportable, exportable, likely_scene
from hypersigma.errors import OutputError
from hypersigma.writers import CARD_FILE, replaced_folder

MOST = 1e-4  # that a number may differ, of numbers about 1; of larger ones relative to the largest
_MOST_PIXELS = 1e-3  # share of pixels whose class may differ: two that are equally likely
_LABELS = "labels.npz"


class Written(NamedTuple):
    """What was written: kind of model, deviation of its numbers from the model's own, and the files' names."""

    kind: str
    deviation: float
    files: tuple[str, ...]


def export(
    model: str, folder: Path, form: Format = "onnx", *, sensor: str | None = None, overwrite: bool = False
) -> Written:
    """Write a model as graphs with card, labels and, for ONNX, a predictor into a folder.

    Args:
        model: as in `exportable`.
        folder: where to; it appears whole or not at all.
        form: "onnx", or "torch" for programs of torch.export.
        sensor: as in `exportable`.
        overwrite: replace an earlier export.

    Raises:
        InputError: there is no model, or a part of it has no exported form.
        OutputError: the folder holds something, or what was written computes something else than the model.
        MissingExtraError: what writes or checks ONNX is not installed.
    """
    require(form)
    chosen = exportable(model, sensor)
    with replaced_folder(folder, overwrite=overwrite) as place:
        card = card_of(chosen, form)
        told = json.dumps(card)
        files = {stage.name: write(form, stage, program(stage), place, told) for stage in chosen.stages}
        deviation = _checked(chosen, card, runner(form, files, chosen.stages))
        np.savez(place / _LABELS, **_labels(chosen.anchors))  # type: ignore[arg-type]
        if form == "onnx":
            shutil.copyfile(predictor.__file__, place / "predict.py")
        card["checked"] = {"largest_deviation": deviation, "allowed": MOST}
        (place / CARD_FILE).write_text(json.dumps(card, indent=1), encoding="utf-8")
        names = tuple(sorted(path.name for path in place.iterdir()))
    return Written(chosen.kind, deviation, names)


def _labels(anchors: Anchors) -> dict[str, NDArray[np.int64]]:
    """Rows, columns and classes (n, 3) of labels by the fingerprint of their scene."""
    parts = zip(anchors.scenes, anchors.places, anchors.values, strict=True)
    return {scene: np.column_stack([places, values]).astype(np.int64) for scene, places, values in parts}


def _checked(model: Exportable, card: Mapping[str, Any], run: Run) -> float:
    """The largest deviation of what written graphs say of a scene from what the model says.

    Raises:
        OutputError: it is too large.
    """
    cube = likely_scene(model)
    rows, cols = cube.shape[1:]
    places = np.stack([np.arange(0, rows, 7), np.arange(0, rows, 7) % cols], axis=1)
    values = (1 + np.arange(len(places)) % max(len(card["names"]), 1)).astype(np.int32)
    # Where labels play a part, some are there.
    anchors = Anchors((fingerprint(cube),), (places,), (values,)) if model.anchors.scenes else model.anchors
    expected = model.say(cube, anchors)
    found = predictor.predict(cube.read(bands=np.arange(cube.shape[0])), card, _labels(anchors), run)
    deviation = max(_deviation(found[name], expected[name]) for name in model.layers)
    if not deviation <= MOST:
        raise OutputError(
            f"what was written differs from the model by {deviation:.2g}, and {MOST:g} is allowed: nothing is kept; "
            "please report this with the versions of torch, onnx and onnxruntime"
        )
    return deviation


def _deviation(found: NDArray[Any], expected: NDArray[Any]) -> float:
    """How far numbers are apart at most, of large ones relatively; infinity where one is missing or classes differ."""
    if expected.dtype.kind in "iu":
        return 0.0 if np.mean(found != expected) <= _MOST_PIXELS else float("inf")
    if not np.array_equal(np.isfinite(found), np.isfinite(expected)):
        return float("inf")
    apart = np.abs(found.astype(np.float64) - expected)
    return float(np.nanmax(apart) / max(1.0, float(np.nanmax(np.abs(expected)))))
