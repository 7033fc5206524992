"""Confusion matrix: which class was taken for which."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hypersigma import canvas
from hypersigma.products import NO_CLASS

_INKED = 0.55  # share of a row above which the cell is dark and its number white


def confusion_figure(matrix: NDArray[np.int64], names: tuple[str, ...], title: str = "Confusion matrix") -> bytes:
    """A picture of a confusion matrix: counts, shaded by their share of the true class.

    Args:
        matrix: (K + 1, K + 1) counts [truth, predicted], value 0 first, as `metrics.confusion_matrix` gives it.
        names: names of the classes 1..K.
        title: stands above.
    """
    # Pixels of the truth are never "no class"; predictions may be.
    counts, columns = (matrix[1:], (NO_CLASS, *names)) if matrix[1:, 0].any() else (matrix[1:, 1:], names)
    totals = counts.sum(axis=1, keepdims=True)
    shares = counts / np.maximum(totals, 1)
    side = 0.42 if counts.max(initial=0) < 1000 else 0.5
    figure = canvas.new_figure(side * len(columns) + 2.4, side * len(names) + 1.8)
    axes = canvas.picture_axes(figure, title)
    axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0, aspect="equal")
    axes.set_xticks(range(len(columns)), columns, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(length=0)
    axes.set_xlabel("predicted", fontsize=10, color=canvas.INK)
    axes.set_ylabel("true", fontsize=10, color=canvas.INK)
    for row, col in np.argwhere(counts):
        ink = canvas.PAPER if shares[row, col] > _INKED else canvas.INK
        axes.text(col, row, f"{counts[row, col]}", ha="center", va="center", fontsize=8, color=ink)
    return canvas.png_bytes(figure)
