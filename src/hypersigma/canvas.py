"""A sheet to draw on: figures in the house style, rendered to PNG bytes without a display or global state."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#1f2933"
MUTED = "#616e7c"
PAPER = "#ffffff"
MISSING = "#e4e7eb"  # pixels without data: lighter than anything a colour map draws
# Okabe and Ito's colours, told apart under every common colour-vision deficiency; yellow left out, too pale for lines.
CYCLE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000")


def new_figure(width: float, height: float, dpi: int = 144) -> Figure:
    """An empty white figure; sizes in inches."""
    # matplotlib takes 0.3 s to import; a scene without pictures should not pay for it.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=dpi, layout="constrained", facecolor=PAPER)
    FigureCanvasAgg(figure)
    return figure


Place = tuple[int, int, int]  # rows, columns and number, from 1, of axes in a figure


def plain_axes(figure: Figure, title: str, x_label: str = "", y_label: str = "", place: Place = (1, 1, 1)) -> Axes:
    """Axes in the house style: title at the left, two quiet spines, readable labels."""
    axes = figure.add_subplot(*place)
    axes.set_title(title, loc="left", fontsize=12, fontweight="bold", color=INK, pad=10)
    axes.set_xlabel(x_label, fontsize=10, color=INK)
    axes.set_ylabel(y_label, fontsize=10, color=INK)
    axes.tick_params(labelsize=9, colors=MUTED, labelcolor=INK, length=3)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(MUTED)
    return axes


def picture_axes(figure: Figure, title: str, place: Place = (1, 1, 1)) -> Axes:
    """Axes for a raster: a thin frame, no ticks."""
    axes = plain_axes(figure, title, place=place)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(True)
        spine.set_linewidth(0.6)
    return axes


def png_bytes(figure: Figure) -> bytes:
    """The figure as PNG, the same bytes for the same drawing."""
    buffer = BytesIO()
    figure.savefig(buffer, format="png", bbox_inches="tight", pad_inches=0.15, metadata={"Software": None})
    return buffer.getvalue()
