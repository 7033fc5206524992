"""A picture of a scene with the outlines of the objects that were found in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypersigma import canvas
from hypersigma.cube import Cube
from hypersigma.products import Detection, Objects
from hypersigma.viz.quicklook import composite

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIDE = 6.0  # inches; longer side of the picture
_NUMBERED = 10
_LINE = "#ffd500"  # no ground is as yellow, and its dark edge parts it from bright roofs
_MOST_PIXELS = 1024


def objects_figure(cube: Cube, objects: Objects, title: str = "Objects") -> bytes:
    """A colour composite of a scene with all objects outlined and the ten of the highest peaks numbered, as PNG."""
    _, rows, cols = cube.shape
    image = composite(cube, _MOST_PIXELS)
    width, height = (max(0.15, length / max(rows, cols)) * _SIDE for length in (cols, rows))
    figure = canvas.new_figure(width + 0.2, height + 0.5)
    axes = canvas.picture_axes(figure, title)
    # every n-th pixel stands for n x n, which may reach over the last row and column
    step = -(-max(rows, cols) // _MOST_PIXELS)
    axes.imshow(image, extent=(0, image.shape[1] * step, image.shape[0] * step, 0), interpolation="nearest")
    axes.set_facecolor(canvas.MISSING)
    _outline(axes, objects)
    for item in objects.found[:_NUMBERED]:
        _number(axes, item, cols)
    axes.set_xlim(0, cols)
    axes.set_ylim(rows, 0)
    return canvas.png_bytes(figure)


def _outline(axes: Axes, objects: Objects) -> None:
    from matplotlib.collections import LineCollection
    from matplotlib.patheffects import withStroke

    rings = [ring[:, ::-1] for item in objects.found for polygon in item.polygons() for ring in polygon]
    dark = withStroke(linewidth=2.2, foreground=canvas.INK)
    axes.add_collection(LineCollection(rings, colors=_LINE, linewidths=1.1, path_effects=[dark], capstyle="round"))


def _number(axes: Axes, item: Detection, cols: int) -> None:
    """The number of an object beside its upper corner, on the side where there is room."""
    from matplotlib.patheffects import withStroke

    window = item.window
    right = window.col + window.width <= 0.9 * cols
    axes.annotate(
        str(item.id),
        (window.col + window.width if right else window.col, window.row),
        xytext=(2 if right else -2, -1),
        textcoords="offset points",
        ha="left" if right else "right",
        va="center",
        fontsize=9,
        fontweight="bold",
        color=_LINE,
        path_effects=[withStroke(linewidth=2.2, foreground=canvas.INK)],
    )
