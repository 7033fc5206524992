"""Figures of merit: one table, short name -> metric."""

from hypersigma.metrics.classification import (
    METRICS,
    bootstrap,
    confusion_matrix,
    expected_calibration_error,
    per_class,
    score,
    without_classes,
)

__all__ = [
    "METRICS",
    "bootstrap",
    "confusion_matrix",
    "expected_calibration_error",
    "per_class",
    "score",
    "without_classes",
]
