"""Bars: one figure a class, such as recall."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from hypersigma import canvas

_THICKNESS = 0.8  # of the bars of one class together, in rows


def class_bars(
    names: Sequence[str], values: Mapping[str, Sequence[float]], title: str = "Figures of each class"
) -> bytes:
    """A picture of fractions per class as horizontal bars, one colour a figure; NaN is drawn as absent.

    Args:
        names: names of the classes, top to bottom.
        values: name of the figure -> one fraction a class.
        title: stands above.
    """
    figure = canvas.new_figure(6.5, 0.9 + len(names) * (0.16 + 0.16 * len(values)))
    axes = canvas.plain_axes(figure, title, "fraction")
    thickness = _THICKNESS / max(len(values), 1)
    rows = np.arange(len(names))
    for index, (label, fractions) in enumerate(values.items()):
        heights = np.asarray(fractions, dtype=np.float64)
        offset = (index - (len(values) - 1) / 2) * thickness
        axes.barh(rows + offset, heights, thickness * 0.9, color=canvas.CYCLE[index % len(canvas.CYCLE)], label=label)
        for row, value in zip(rows, heights, strict=True):
            text = f"{value:.2f}" if np.isfinite(value) else "–"
            place = (value if np.isfinite(value) else 0.0) + 0.01
            axes.text(place, row + offset, text, va="center", fontsize=8, color=canvas.MUTED)
    axes.set_xlim(0.0, 1.1)
    axes.set_xticks(np.linspace(0.0, 1.0, 6))
    axes.set_yticks(rows, names)
    axes.set_ylim(len(names) - 0.5, -0.5)  # downwards, as a table is read
    axes.tick_params(axis="y", length=0)
    if len(values) > 1:
        axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=len(values), fontsize=9, frameon=False)
    return canvas.png_bytes(figure)
