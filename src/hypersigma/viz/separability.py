"""Separability: how far the scores of targets lie from those of the background."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hypersigma import canvas
from hypersigma.metrics import scaled_parts

_BOX = (10.0, 90.0)  # percentiles that a box spans
_GROUPS = (("background", canvas.CYCLE[0], -0.2), ("target", canvas.CYCLE[1], 0.2))


def separability_figure(
    scores: Mapping[str, ArrayLike], truth: ArrayLike, *, title: str = "Separability of background and targets"
) -> bytes:
    """A picture of two boxes a method: background and target scores, each map scaled to 0..1 by its extremes.

    A box spans 10 to 90 % of the pixels with a line at the median, whiskers reach to the extremes. Where the boxes of
    a method do not overlap, a threshold parts most targets from most of the background.

    Args:
        scores: name of the method -> scores of any shape; NaN = no data, left out.
        truth: of the same shape, true (or above 0) on targets.
        title: stands above.

    Raises:
        InputError: shapes differ, a score is infinite, or the truth lacks targets or background.
    """
    from matplotlib.patches import Patch

    figure = canvas.new_figure(max(4.6, 1.6 + 0.95 * len(scores)), 4.2)
    axes = canvas.plain_axes(figure, title, "", "score, scaled to 0..1")
    axes.grid(axis="y", color=canvas.MISSING, linewidth=0.8)
    axes.set_axisbelow(True)
    parts = [scaled_parts(values, truth) for values in scores.values()]
    for index, (_, color, offset) in enumerate(_GROUPS):
        axes.bxp(
            [_box(part[index]) for part in parts],
            positions=np.arange(len(parts)) + offset,
            widths=0.32,
            showfliers=False,
            patch_artist=True,
            manage_ticks=False,
            boxprops={"facecolor": color, "edgecolor": color, "alpha": 0.85},
            medianprops={"color": canvas.INK, "linewidth": 1.6},
            whiskerprops={"color": color, "linewidth": 1.2},
            capprops={"color": color, "linewidth": 1.2},
        )
    axes.set(xlim=(-0.6, max(len(parts), 1) - 0.4), ylim=(-0.01, 1.01))
    long = sum(map(len, scores)) > 12 * len(scores)
    turned: dict[str, Any] = {"rotation": 30, "ha": "right", "rotation_mode": "anchor"} if long else {}
    axes.set_xticks(range(len(parts)), list(scores), **turned)
    axes.tick_params(axis="x", length=0)
    handles = [Patch(color=color, alpha=0.85) for _, color, _ in _GROUPS]
    labels = [name for name, _, _ in _GROUPS]
    figure.legend(handles, labels, loc="outside lower center", ncols=2, fontsize=9, frameon=False)
    return canvas.png_bytes(figure)


def _box(values: NDArray[np.float64]) -> dict[str, Any]:
    """What matplotlib draws a box of: its ends, its line, its whiskers."""
    low, median, high = np.percentile(values, [_BOX[0], 50.0, _BOX[1]])
    return {"q1": low, "med": median, "q3": high, "whislo": values.min(), "whishi": values.max()}
