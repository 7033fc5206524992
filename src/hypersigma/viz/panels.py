"""Pictures of one place side by side, such as a scene, its labels, a map and the confidence in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hypersigma import canvas
from hypersigma.products import Legend

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIDE = 3.6  # inches; longer side of a panel
_LEGEND_ROW = 0.22  # inches
_COLUMN = 2.3  # inches; of the legend


@dataclass(frozen=True, eq=False)
class Panel:
    """One of the pictures.

    Attributes:
        title: stands above.
        image: (rows, cols, 3 or 4) colours, (rows, cols) whole numbers that are classes, or (rows, cols) fractions,
            which get a colour bar.
    """

    title: str
    image: NDArray[Any]


def panels_figure(panels: Sequence[Panel], legend: Legend | None = None) -> bytes:
    """Panels in a row, and beneath them the legend of the classes that any of them shows."""
    rows, cols = panels[0].image.shape[:2]
    width, height = (max(0.3, length / max(rows, cols)) * _SIDE for length in (cols, rows))
    total = max(width * len(panels), _COLUMN)
    shown = [] if legend is None else _shown(panels, legend)
    num_columns = max(1, min(len(shown), int(total / _COLUMN)))
    num_rows = -(-len(shown) // num_columns)
    figure = canvas.new_figure(total, height + 0.5 + _LEGEND_ROW * num_rows)
    for number, panel in enumerate(panels, start=1):
        axes = canvas.picture_axes(figure, panel.title, (1, len(panels), number))
        _draw(figure, axes, panel, legend)
    if legend is not None and shown:
        _add_legend(figure, legend, shown, num_columns)
    return canvas.png_bytes(figure)


def class_colors(classes: NDArray[Any], legend: Legend) -> NDArray[np.uint8]:
    """Classes (rows, cols) as colours (rows, cols, 3); light grey where there is none."""
    missing = tuple(bytes.fromhex(canvas.MISSING[1:]))
    colors: NDArray[np.uint8] = np.array([missing, *legend.colors], dtype=np.uint8)[classes]
    return colors


def _draw(figure: Figure, axes: Axes, panel: Panel, legend: Legend | None) -> None:
    if panel.image.ndim == 3:
        axes.imshow(panel.image, interpolation="nearest")
    elif panel.image.dtype.kind in "iu" and legend is not None:
        axes.imshow(class_colors(panel.image, legend), interpolation="nearest")
    else:
        axes.set_facecolor(canvas.MISSING)
        drawn = axes.imshow(panel.image, cmap="viridis", vmin=0.0, vmax=1.0, interpolation="nearest")
        # inside the panel, so that all panels keep one size
        bar = figure.colorbar(drawn, ax=axes, location="bottom", fraction=0.05, pad=0.02, aspect=30)
        bar.ax.tick_params(labelsize=8, labelcolor=canvas.INK)
        bar.outline.set_visible(False)


def _shown(panels: Sequence[Panel], legend: Legend) -> list[int]:
    """Values of the classes that any panel shows."""
    maps = [panel.image for panel in panels if panel.image.ndim == 2 and panel.image.dtype.kind in "iu"]
    present = np.unique(np.concatenate([np.unique(values) for values in maps])) if maps else np.zeros(0, dtype=int)
    return [int(value) for value in present if 0 < value <= len(legend.names)]


def _add_legend(figure: Figure, legend: Legend, shown: Sequence[int], num_columns: int) -> None:
    from matplotlib.patches import Patch

    patches = [
        Patch(color="#" + bytes(legend.colors[value - 1]).hex(), label=legend.names[value - 1]) for value in shown
    ]
    figure.legend(
        handles=patches,
        loc="outside lower left",
        ncols=num_columns,
        fontsize=9,
        frameon=False,
        handlelength=1.2,
        handleheight=1.0,
    )
