"""Figures of merit: of classes one table, short name -> metric; of detections and unmixing all at once."""

from hypersigma.metrics.classification import (
    METRICS,
    bootstrap,
    confusion_matrix,
    expected_calibration_error,
    per_class,
    score,
    without_classes,
)
from hypersigma.metrics.detection import (
    Roc,
    detection_scores,
    object_scores,
    published_scores,
    roc,
    scaled_parts,
    undefined,
)
from hypersigma.metrics.unmixing import per_material, reconstruction_scores, unmixing_scores

__all__ = [
    "METRICS",
    "Roc",
    "bootstrap",
    "confusion_matrix",
    "detection_scores",
    "expected_calibration_error",
    "object_scores",
    "per_class",
    "per_material",
    "published_scores",
    "reconstruction_scores",
    "roc",
    "scaled_parts",
    "score",
    "undefined",
    "unmixing_scores",
    "without_classes",
]
