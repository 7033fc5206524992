"""Reliability diagram: whether a confidence of 80 % is right in 80 of 100 pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from hypersigma import canvas


def reliability_figure(
    confidence: ArrayLike, correct: ArrayLike, *, num_bins: int = 15, title: str = "Calibration of the confidence"
) -> bytes:
    """A picture of accuracy over confidence in bins of equal width; a dot's area is the bin's share of pixels.

    Args:
        confidence: probability of the predicted class of each scored pixel.
        correct: whether the prediction is right, of the same shape.
        num_bins: bins between 0 and 1, open on the left as the expected calibration error counts them.
        title: stands above.
    """
    confidence = np.asarray(confidence, dtype=np.float64).ravel()
    hits = np.asarray(correct, dtype=np.float64).ravel()
    bins = np.clip(np.ceil(confidence * num_bins).astype(int) - 1, 0, num_bins - 1)
    counts = np.bincount(bins, minlength=num_bins)
    filled = counts > 0
    stated, reached = (
        np.bincount(bins, weights=term, minlength=num_bins)[filled] / counts[filled] for term in (confidence, hits)
    )
    shares = counts[filled] / max(len(hits), 1)
    figure = canvas.new_figure(4.8, 4.8)
    axes = canvas.plain_axes(figure, title, "confidence", "accuracy")
    axes.plot([0, 1], [0, 1], color=canvas.MUTED, linewidth=1.0, linestyle=(0, (4, 3)), label="ideal")
    # The error is the mean length of these lines, weighted by the dots.
    axes.vlines(stated, stated, reached, color=canvas.CYCLE[1], linewidth=1.2)
    axes.plot(stated, reached, color=canvas.CYCLE[0], linewidth=1.2)
    axes.scatter(stated, reached, s=15.0 + 300.0 * shares, color=canvas.CYCLE[0], alpha=0.85, linewidths=0, zorder=3)
    error = float(np.sum(shares * np.abs(reached - stated)))
    axes.text(0.99, 0.03, f"expected calibration error {error:.3f}", ha="right", fontsize=9, color=canvas.INK)
    axes.text(0.03, 0.95, "above the line: too modest, below: too sure", fontsize=9, color=canvas.MUTED)
    axes.set(xlim=(0.0, 1.02), ylim=(0.0, 1.02), aspect="equal")
    return canvas.png_bytes(figure)
