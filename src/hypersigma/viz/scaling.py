"""Scaling: how a figure grows with the size of networks and with what they have seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from hypersigma import canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Measured(NamedTuple):
    """A network and its figure.

    Attributes:
        parameters: of the network.
        images: that it has seen, or None where that is not known.
        patches: distinct ones among them, or None.
        value, deviation: mean of the figure, and its deviation over seeds.
    """

    parameters: int
    images: int | None
    patches: int | None
    value: float
    deviation: float


def scaling_picture(series: Mapping[str, Sequence[Measured]], label: str = "OA") -> bytes:
    """A picture of two panels: a figure over parameters, and over distinct patches or, where these are alike, images.

    Networks that differ in nothing but what a panel is drawn over are joined by a line.

    Args:
        series: name of a ground and method -> the networks.
        label: name of the figure.
    """
    every = [one for own in series.values() for one in own]
    seen = "patches" if len({one.patches for one in every}) > 1 else "images"
    heads = {"patches": "distinct patches of the corpus", "images": "images seen"}
    figure = canvas.new_figure(11.0, 4.2 + 0.2 * len(series))
    left = canvas.plain_axes(figure, "Size of the encoders", "parameters", label, (1, 2, 1))
    right = canvas.plain_axes(figure, "Size of the corpus", heads[seen], label, (1, 2, 2))
    for index, own in enumerate(series.values()):
        color = canvas.CYCLE[index % len(canvas.CYCLE)]
        _draw(left, own, "parameters", ("images", "patches"), color)
        _draw(right, own, seen, ("parameters",), color)
    for axes in (left, right):
        axes.set_xscale("log")
    handles = [left.plot([], [], marker="o", color=canvas.CYCLE[i % len(canvas.CYCLE)])[0] for i in range(len(series))]
    figure.legend(handles, list(series), loc="outside lower center", ncols=2, fontsize=9, frameon=False)
    return canvas.png_bytes(figure)


def _draw(axes: Axes, own: Sequence[Measured], over: str, alike: tuple[str, ...], color: str) -> None:
    """Points with their deviation, lines between those that are alike in all else."""

    def order(one: Measured) -> tuple[int, ...]:
        return tuple(getattr(one, name) or 0 for name in alike)

    known = [one for one in own if getattr(one, over)]
    for _, group in groupby(sorted(known, key=order), key=order):
        points = sorted(group, key=lambda one: int(getattr(one, over)))
        places = [getattr(one, over) for one in points]
        values, deviations = [one.value for one in points], [one.deviation for one in points]
        axes.errorbar(places, values, deviations, marker="o", color=color, capsize=3, linewidth=1.6)
