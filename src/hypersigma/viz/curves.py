"""Learning curve: how loss and score went while a network was fitted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from hypersigma import canvas


def learning_curve(
    steps: Sequence[float],
    values: Mapping[str, Sequence[float]],
    *,
    spreads: Mapping[str, Sequence[float]] | None = None,
    title: str = "Learning curve",
    x_label: str = "step",
    chosen: float | None = None,
) -> bytes:
    """A picture of figures over steps, one panel a figure, as each has its own scale; NaN is passed over.

    Args:
        steps: where the figures were taken.
        values: name of the figure -> one value a step, such as {"loss": ..., "validation oa": ...}.
        spreads: half width of a band around a figure, one a step, such as one standard deviation.
        title: stands above.
        x_label: unit of the steps, such as "epoch".
        chosen: the step whose weights were kept, marked by a line.
    """
    figure = canvas.new_figure(6.5, 0.7 + 1.9 * len(values))
    start = min(steps, default=0)
    for number, (name, series) in enumerate(values.items(), start=1):
        last = number == len(values)
        heading = title if number == 1 else ""
        axes = canvas.plain_axes(figure, heading, x_label if last else "", name, (len(values), 1, number))
        taken = np.asarray(series, dtype=np.float64)
        # Figures taken every few steps are joined, not drawn as lone points.
        seen = np.isfinite(taken)
        color = canvas.CYCLE[(number - 1) % len(canvas.CYCLE)]
        axes.plot(np.asarray(steps)[seen], taken[seen], color=color, linewidth=1.6)
        if spreads is not None and name in spreads:
            half = np.asarray(spreads[name], dtype=np.float64)
            axes.fill_between(steps, taken - half, taken + half, color=color, alpha=0.2, linewidth=0)
        # One scale for all panels, though some figures are taken more rarely.
        axes.set_xlim(start, max(max(steps, default=0), start + 1))
        if chosen is not None:
            axes.axvline(chosen, color=canvas.MUTED, linewidth=1.0, linestyle=(0, (4, 3)), label="kept")
            axes.legend(loc="best", fontsize=9, frameon=False)
    return canvas.png_bytes(figure)
