"""Figures of merit: of classes one table, short name -> metric; of all else several at once, by short name."""

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
from hypersigma.metrics.restoration import published_denoising_scores, restoration_scores
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
    "published_denoising_scores",
    "published_scores",
    "reconstruction_scores",
    "restoration_scores",
    "roc",
    "scaled_parts",
    "score",
    "undefined",
    "unmixing_scores",
    "without_classes",
]
