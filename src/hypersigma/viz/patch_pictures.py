"""Pictures of a harvest: where the patches of a scene lie, and how the figures of screening are spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from hypersigma import canvas

_SIDE = 6.5  # inches; longer side of a scene
_KEPT = "kept"
_NUM_BINS = 20


def patch_map(
    picture: NDArray[np.uint8], extent: tuple[int, int], places: Mapping[str, Sequence[tuple[int, int]]], side: int
) -> bytes:
    """A scene with the squares that were cut from it, a colour for those kept and for each reason to leave some out.

    Args:
        picture: (rows, cols, 4) quick look, which may be thinner than the scene.
        extent: rows and columns of the scene.
        places: row and column of the first pixel of each square, by what became of it; "kept" comes first.
        side: pixels of a square.
    """
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Patch, Rectangle

    rows, cols = extent
    width, height = (max(0.35, length / max(extent)) * _SIDE for length in (cols, rows))
    figure = canvas.new_figure(max(width, 3.0), height + 0.9)
    axes = canvas.picture_axes(figure, "Patches")
    axes.set_facecolor(canvas.MISSING)
    axes.imshow(picture, extent=(0, cols, rows, 0), interpolation="nearest")
    others = sorted(set(places) - {_KEPT})
    handles = []
    for number, name in enumerate([_KEPT, *others]):
        # green for what is kept, the other colours of the house for the rest
        color = canvas.CYCLE[2] if name == _KEPT else [*canvas.CYCLE[1:2], *canvas.CYCLE[3:]][(number - 1) % 5]
        # a little smaller than they are, so that neighbours do not hide each other's edges
        squares = [Rectangle((col + 1, row + 1), side - 2, side - 2) for row, col in places.get(name, ())]
        faint = 0.0 if name == _KEPT else 0.35
        axes.add_collection(PatchCollection(squares, facecolor=(color, faint), edgecolor=color, linewidth=0.8))
        handles.append(Patch(facecolor=(color, faint), edgecolor=color, label=f"{name} ({len(squares)})"))
    figure.legend(handles=handles, loc="outside lower left", ncols=3, fontsize=9, frameon=False)
    return canvas.png_bytes(figure)


def share_histograms(shares: Mapping[str, Sequence[float]], limits: Mapping[str, float]) -> bytes:
    """Histograms of shares between 0 and 1, one panel a figure, with its limit as a line; counts are logarithmic."""
    columns = 3
    rows = -(-len(shares) // columns)
    figure = canvas.new_figure(3.0 * columns, 0.4 + 1.9 * rows)
    bins = np.linspace(0.0, 1.0, _NUM_BINS + 1).tolist()
    for number, (name, values) in enumerate(shares.items(), start=1):
        axes = canvas.plain_axes(figure, name, "share", "patches", (rows, columns, number))
        axes.hist(np.clip(values, 0.0, 1.0), bins=bins, color=canvas.CYCLE[0])
        axes.axvline(limits[name], color=canvas.CYCLE[1], linewidth=1.2)
        axes.set_yscale("symlog", linthresh=1.0)
        axes.set_xlim(-0.02, 1.02)
        axes.set_ylim(0.0)
    return canvas.png_bytes(figure)
