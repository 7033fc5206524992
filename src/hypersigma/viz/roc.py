"""ROC: how much of the targets is detected at which rate of false alarms."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hypersigma import canvas
from hypersigma.metrics import Roc, roc

_DASHES = ("-", (0, (5, 1.5)), (0, (1, 1)))  # tell apart more methods than there are colours


def roc_figure(
    scores: Mapping[str, ArrayLike], truth: ArrayLike, *, title: str = "Detection and false alarms"
) -> bytes:
    """A picture of detection rate over false alarm rate, a line a method, false alarms on a logarithmic scale.

    The scale begins at one false alarm, the lowest rate there is above none: 1 / pixels of the background.

    Args:
        scores: name of the method -> scores of any shape; NaN = no data, left out.
        truth: of the same shape, true (or above 0) on targets.
        title: stands above.

    Raises:
        InputError: shapes differ, a score is infinite, or the truth lacks targets or background.
    """
    lowest = 1 / max(int((np.asarray(truth) <= 0).sum()), 2)
    figure = canvas.new_figure(6.5, 4.6)
    axes = canvas.plain_axes(figure, title, "false alarm rate", "detection rate")
    axes.grid(color=canvas.MISSING, linewidth=0.8)
    axes.set_axisbelow(True)
    chance = np.geomspace(lowest, 1.0, 200)
    axes.plot(chance, chance, color=canvas.MUTED, linewidth=1.0, linestyle=(0, (4, 3)), label="chance")
    for index, (name, values) in enumerate(scores.items()):
        curve = roc(values, truth)
        color, dashes = canvas.CYCLE[index % len(canvas.CYCLE)], _DASHES[index // len(canvas.CYCLE) % len(_DASHES)]
        # Steps, not slopes: a rate that no threshold gives is not reached.
        axes.step(
            *_corners(curve, lowest),
            where="post",
            color=color,
            linestyle=dashes,
            linewidth=1.8,
            clip_on=False,
            label=f"{name}   AUC {curve.area():.4f}",
        )
    axes.set_xscale("log")
    axes.set(xlim=(lowest, 1.0), ylim=(0.0, 1.0))
    # the methods first, in the order they were given
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(
        [*handles[1:], handles[0]],
        [*labels[1:], labels[0]],
        loc="outside lower center",
        ncols=2,
        fontsize=9,
        frameon=False,
    )
    return canvas.png_bytes(figure)


def _corners(curve: Roc, lowest: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The points (Pf, Pd) at which Pd grows, from the lowest false alarm rate to 1; a scene has millions of others."""
    detection_rate, first = np.unique(curve.detection_rate, return_index=True)
    false_alarm_rate = curve.false_alarm_rate[first]
    later = false_alarm_rate > lowest
    return (
        np.concatenate([[lowest], false_alarm_rate[later], [1.0]]),
        np.concatenate([[curve.detection_at(lowest)], detection_rate[later], [1.0]]),
    )
