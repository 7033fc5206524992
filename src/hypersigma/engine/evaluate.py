"""Scoring the layers of an output folder, classes, detections or abundances, against a truth file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.label_files import read_labels
from hypersigma.data.labels import LabelledScene
from hypersigma.engine.evaluate_abundances import AbundanceEvaluation, evaluate_abundances, is_abundances
from hypersigma.engine.evaluate_detection import DetectionEvaluation, evaluate_detection, is_detection, is_mask
from hypersigma.errors import InputError
from hypersigma.metrics import bootstrap, confusion_matrix, expected_calibration_error, per_class, score
from hypersigma.products import NO_CLASS, Legend, Table
from hypersigma.readers import open_cube
from hypersigma.readers._raster import open_raster
from hypersigma.writers.geotiff import KIND, read_legend

CONFIDENCE = "confidence"  # the layer that holds the probability of the class in the layer `map`


@dataclass(frozen=True, kw_only=True, eq=False)
class Evaluation:
    """How a class layer agrees with a truth.

    Attributes:
        layer: name of the layer.
        names: names of the classes 1..K.
        matrix: (K + 1, K + 1) counts [truth, predicted].
        metrics: oa with its interval, aa, kappa, f1, and ece where the folder has a confidence.
        notes: what a person should know before trusting the figures.
    """

    layer: str
    names: tuple[str, ...]
    matrix: NDArray[np.int64]
    metrics: Mapping[str, float]
    notes: tuple[str, ...]

    def tables(self) -> tuple[Table, Table, Table]:
        """The figures, the figures of each class, and the confusion matrix."""
        figures = per_class(self.matrix)
        columns = (figures.recall, figures.precision, figures.f1, figures.support)
        rows = zip(self.names, *(column.tolist() for column in columns), strict=True)
        # The truth has no row of "no class"; its column stands last, as the exception it is.
        counts = ((name, *row[1:], row[0]) for name, row in zip(self.names, self.matrix[1:].tolist(), strict=True))
        return (
            Table(self.layer, ("figure", "value"), tuple(self.metrics.items())),
            Table("Figures of each class", ("class", "recall", "precision", "f1", "pixels"), tuple(rows)),
            Table("Confusion: true in rows, predicted in columns", ("", *self.names, NO_CLASS), tuple(counts)),
        )

    def plain(self) -> dict[str, Any]:
        """The evaluation as plain data."""
        _, classes, _ = self.tables()
        return {
            "layer": self.layer,
            "metrics": dict(self.metrics),
            "classes": [dict(zip(classes.columns, row, strict=True)) for row in classes.rows],
            "confusion": self.matrix.tolist(),
            "notes": list(self.notes),
        }


AnyEvaluation = Evaluation | DetectionEvaluation | AbundanceEvaluation


def evaluate(
    folder: Path, truth: Path, *, variable: str | None = None, attribute: str | None = None, seed: int = 0
) -> tuple[AnyEvaluation, ...]:
    """Score every layer of an output folder that holds classes, detection scores or abundances.

    Args:
        folder: an output folder, such as `run` and `predict` write.
        truth: file of the true classes, or of what is to be detected: a raster, a MATLAB file or polygons; or of true
            abundances: a raster with a band a material, or a MATLAB file, which may hold true endmembers too.
        variable: the array to read, where the file holds several.
        attribute: the attribute that holds the class, where the file holds polygons.
        seed: of the bootstrap interval.

    Raises:
        InputError: the folder holds no layer that can be scored, or the truth does not fit it.
    """
    classes, detections, abundances = _layers(folder)
    if not (classes or detections or abundances):
        raise InputError(
            f"{folder}: no layer found that can be scored; expected a folder that `run` or `predict` wrote, with "
            "map.tif, anomaly.tif, target.tif or abundances.tif"
        )
    evaluations: list[AnyEvaluation] = [
        *(_evaluate_classes(path, truth, variable, attribute, seed) for path in classes),
        *(evaluate_detection(path, truth, variable=variable, attribute=attribute) for path in detections),
        *(evaluate_abundances(path, truth, variable=variable) for path in abundances),
    ]
    # a truth of abundances scores alone, whatever settings name it
    if not abundances and _names_truth(folder / "report.json", truth):
        note = "the model was fitted with labels of this very file: these figures flatter it"
        evaluations = [replace(evaluation, notes=(*evaluation.notes, note)) for evaluation in evaluations]
    return tuple(evaluations)


def _layers(folder: Path) -> tuple[list[Path], list[Path], list[Path]]:
    """The GeoTIFFs of a folder that hold classes, those that hold detection scores, and those of abundances."""
    classes, detections, abundances = [], [], []
    for path in sorted(folder.glob("*.tif")):
        with open_raster(path) as dataset:
            if is_detection(path, dataset):
                detections.append(path)
            elif is_abundances(dataset):
                abundances.append(path)
            elif dataset.tags().get(KIND) == "classes" and not is_mask(path, dataset):
                classes.append(path)
    return classes, detections, abundances


def _evaluate_classes(path: Path, truth: Path, variable: str | None, attribute: str | None, seed: int) -> Evaluation:
    with open_raster(path) as dataset:
        legend, predicted = read_legend(dataset), dataset.read(1)
    labelled = read_labels(truth, open_cube(path), variable=variable, attribute=attribute)
    legend = legend or labelled.legend
    labels, notes = _in_classes_of(labelled, legend, truth)
    matrix = confusion_matrix(labels, predicted, len(legend.names))
    metrics = score(matrix)
    metrics["oa_low"], metrics["oa_high"] = bootstrap(matrix, "oa", seed=seed)
    if path.stem == "map" and (path.parent / f"{CONFIDENCE}.tif").is_file():
        metrics["ece"] = _calibration(path.parent / f"{CONFIDENCE}.tif", labels, predicted)
    unseen = int(matrix[:, 0].sum())
    if unseen:
        notes.append(f"{unseen} pixels of the truth have no class in the map; they count as wrong")
    return Evaluation(layer=path.stem, names=legend.names, matrix=matrix, metrics=metrics, notes=tuple(notes))


def _in_classes_of(labelled: LabelledScene, legend: Legend, truth: Path) -> tuple[NDArray[np.int32], list[str]]:
    """The truth's labels in the values of the map, by class name where names agree, else by value.

    Raises:
        InputError: the truth has classes that the map does not have.
    """
    known = {name.casefold(): value for value, name in enumerate(legend.names, start=1)}
    values = np.array([0, *(known.get(name.casefold(), 0) for name in labelled.legend.names)], dtype=np.int32)
    present = np.unique(labelled.labels[labelled.labels > 0])
    if values[present].all():
        return values[labelled.labels], []
    # Half of the names in common means another set of classes, whose values mean something else.
    if values[present].any() or present.max() > len(known):
        raise InputError(
            f"{truth} has the classes {', '.join(labelled.legend.names)}; the map has {', '.join(legend.names)}; "
            "give a truth with the same classes"
        )
    return labelled.labels, ["class names of truth and map differ; classes are compared by their values"]


def _calibration(path: Path, labels: NDArray[np.int32], predicted: NDArray[Any]) -> float:
    """Expected calibration error over the pixels that have label, class and confidence."""
    with open_raster(path) as dataset:
        confidence = dataset.read(1)
    scored = (labels > 0) & (predicted > 0) & np.isfinite(confidence)
    return expected_calibration_error(confidence[scored], labels[scored] == predicted[scored])


def _names_truth(report: Path, truth: Path) -> bool:
    """Whether the settings of a report name the truth file anywhere."""
    if not report.is_file():
        return False
    settings = json.loads(report.read_text(encoding="utf-8")).get("settings")
    return any(Path(text).name == truth.name and Path(text).resolve() == truth.resolve() for text in _texts(settings))


def _texts(value: Any) -> Iterator[str]:
    """Every text inside plain data."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
