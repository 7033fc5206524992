"""Scoring a layer of detection scores, and the mask beside it, against a truth file that marks what is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.io import DatasetReader

from hypersigma.data.label_files import read_marks
from hypersigma.errors import InputError
from hypersigma.metrics import detection_scores, object_scores, undefined
from hypersigma.metrics.detection import FALSE_ALARM_LEVELS
from hypersigma.products import Table
from hypersigma.readers import open_cube
from hypersigma.readers._raster import open_raster
from hypersigma.writers.geotiff import KIND, read_legend

DETECTIONS = ("anomaly", "target")  # layers of scores that tell what is sought from background
MASK = "mask"  # the layer of classes that holds what was detected in one of them
_BACKGROUND, _DETECTED = 1, 2  # values of the mask; 0 is no data


@dataclass(frozen=True, kw_only=True, eq=False)
class DetectionEvaluation:
    """How detection scores, and the mask made from them, agree with a truth.

    Attributes:
        layer: name of the layer of scores.
        counts: pixels of "target", "background" and "no data".
        metrics: as `detection_scores`, and as `object_scores` where the folder has a mask; what is undefined is absent.
        notes: what a person should know before trusting the figures.
    """

    layer: str
    counts: Mapping[str, int]
    metrics: Mapping[str, float]
    notes: tuple[str, ...]

    def tables(self) -> tuple[Table, Table]:
        """The figures, and the pixels they were taken over."""
        return (
            Table(self.layer, ("figure", "value"), tuple(self.metrics.items())),
            Table("Truth", ("kind", "pixels"), tuple(self.counts.items())),
        )

    def plain(self) -> dict[str, Any]:
        """The evaluation as plain data."""
        pixels = {name.replace(" ", "_"): count for name, count in self.counts.items()}
        return {"layer": self.layer, "metrics": dict(self.metrics), "pixels": pixels, "notes": list(self.notes)}


def is_mask(path: Path, dataset: DatasetReader) -> bool:
    """Whether a layer of classes holds detections, which are scored as objects and not as classes."""
    legend = read_legend(dataset)
    return path.stem == MASK and legend is not None and legend.names in {("background", name) for name in DETECTIONS}


def is_detection(path: Path, dataset: DatasetReader) -> bool:
    """Whether a layer holds detection scores."""
    return path.stem in DETECTIONS and dataset.tags().get(KIND) == "score"


def evaluate_detection(
    path: Path, truth: Path, *, variable: str | None = None, attribute: str | None = None
) -> DetectionEvaluation:
    """Score a layer of detection scores, and the mask beside it where there is one.

    Args:
        path: the layer, a GeoTIFF of one band.
        truth: file whose values above 0 mark what is sought: a raster, a MATLAB file or polygons.
        variable: the array to read, where the file holds several.
        attribute: the attribute that names the class, where the file holds polygons.

    Raises:
        InputError: the truth or the mask does not fit the layer.
    """
    scores = _scores(path)
    found = read_marks(truth, open_cube(path), variable=variable, attribute=attribute)
    marked, known = found.labels > 0, np.isfinite(scores)
    metrics = detection_scores(scores, marked)
    notes = [*found.notes, *_doubts(marked, known, metrics)]
    several = [name for value, name in enumerate(found.legend.names, start=1) if (found.labels == value).any()]
    if len(several) > 1:
        notes.append(f"the truth has {len(several)} classes ({', '.join(several[:5])}, ...); all count as {path.stem}")
    detected = _mask(path, scores.shape)
    if detected is not None:
        figures, said = _objects(detected, marked)
        metrics, notes = {**metrics, **figures}, [*notes, *said]
    counts = {
        "target": int((marked & known).sum()),
        "background": int((~marked & known).sum()),
        "no data": int((~known).sum()),
    }
    return DetectionEvaluation(layer=path.stem, counts=counts, metrics=metrics, notes=tuple(notes))


def _scores(path: Path) -> NDArray[np.float64]:
    """Scores (rows, cols), NaN where there is no data.

    Raises:
        InputError: the layer has several bands.
    """
    with open_raster(path) as dataset:
        if dataset.count != 1:
            raise InputError(f"{path}: {dataset.count} bands; detection scores are one band, the higher the likelier")
        values, nodata = dataset.read(1).astype(np.float64), dataset.nodata
    absent = ~np.isfinite(values) | (values == (np.nan if nodata is None else nodata))
    return np.where(absent, np.nan, values)


def _mask(path: Path, size: tuple[int, ...]) -> NDArray[np.uint8] | None:
    """The values of the mask that belongs to a layer of scores, or None where there is none.

    Raises:
        InputError: its size is another.
    """
    beside = path.with_name(f"{MASK}.tif")
    if not beside.is_file():
        return None
    with open_raster(beside) as dataset:
        legend = read_legend(dataset)
        if not is_mask(beside, dataset) or legend is None or legend.names[1] != path.stem:
            return None
        if dataset.shape != size:
            rows, cols = dataset.shape
            raise InputError(
                f"{beside} has {rows} x {cols} pixels, {path.name} has {size[0]} x {size[1]}; "
                "expected layers of one run"
            )
        values: NDArray[np.uint8] = dataset.read(1)
    return values


def _objects(mask: NDArray[np.uint8], marked: NDArray[np.bool_]) -> tuple[dict[str, float], list[str]]:
    """Figures of objects where the mask has data, and what to say of those that are undefined."""
    figures = object_scores(mask == _DETECTED, marked & (mask >= _BACKGROUND))
    notes = []
    if "object_precision" not in figures:
        notes.append("the mask marks no pixel: the precision of its objects is undefined")
    if "object_recall" not in figures:
        notes.append("the truth marks no pixel of the mask: recall and F1 of objects are undefined")
    return figures, notes


def _doubts(marked: NDArray[np.bool_], known: NDArray[np.bool_], metrics: Mapping[str, float]) -> list[str]:
    """What a person should know of a truth and the pixels it is scored over."""
    notes = []
    reason = undefined(marked[known])
    if reason is not None:
        notes.append(reason)
    unseen = int((marked & ~known).sum())
    if unseen:
        notes.append(f"{unseen} pixels that the truth marks have no score; they are left out of the areas")
    background = int((~marked & known).sum())
    finer = [level for level in FALSE_ALARM_LEVELS if background * level < 1]
    if metrics and finer:
        notes.append(
            f"{background} pixels of background: a false alarm rate below {1 / background:.2g} means no false alarm"
        )
    return notes
