"""Pictures of a harvest: where the patches of a scene lie, and how the figures of screening are spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from hypersigma import canvas

_SIDE = 6.5  # inches; longer side of a scene
_LINE, _LINES, _CASING = 0.06, (0.8, 1.8), 0.4  # width of a frame: of its square, in points; of the white around it
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
    from matplotlib.patheffects import withStroke

    rows, cols = extent
    point = max(extent) / (_SIDE * 72)  # of a line, in pixels of the scene
    line = float(np.clip(_LINE * side / point, *_LINES))
    # each inside its own square, so that neighbours do not hide each other's frames
    inset = min((line / 2 + _CASING) * point, side / 4)
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
        corners = [(col + inset, row + inset) for row, col in places.get(name, ())]
        squares = [Rectangle(corner, side - 2 * inset, side - 2 * inset) for corner in corners]
        faint = 0.0 if name == _KEPT else 0.35
        frames = PatchCollection(squares, facecolor=(color, faint), edgecolor=color, linewidth=line)
        # cased in white, frames are seen on bright ground and on dark
        frames.set_path_effects([withStroke(linewidth=line + 2 * _CASING, foreground=canvas.PAPER)])
        axes.add_collection(frames)
        handles.append(Patch(facecolor=(color, faint), edgecolor=color, label=f"{name} ({len(squares)})"))
    figure.legend(handles=handles, loc="outside lower left", ncols=3, fontsize=9, frameon=False)
    return canvas.png_bytes(figure)


def share_histograms(shares: Mapping[str, Sequence[float]], limits: Mapping[str, float]) -> bytes:
    """Histograms of shares between 0 and 1, one panel a figure, with its limit as a line; counts are logarithmic.

    A figure that could be measured in no patch has no panel.
    """
    shares = {name: values for name, values in shares.items() if len(values)}
    columns = 3
    rows = max(1, -(-len(shares) // columns))
    figure = canvas.new_figure(3.0 * columns, 0.4 + 1.9 * rows)
    bins = np.linspace(0.0, 1.0, _NUM_BINS + 1).tolist()
    for number, (name, values) in enumerate(shares.items(), start=1):
        axes = canvas.plain_axes(figure, name, "share", "patches", (rows, columns, number))
        axes.hist(np.clip(values, 0.0, 1.0), bins=bins, color=canvas.CYCLE[0])
        axes.axvline(limits[name], color=canvas.CYCLE[1], linewidth=1.2)
        axes.set_yscale("symlog", linthresh=1.0)
        axes.yaxis.set_major_formatter("{x:g}")
        axes.set_xlim(-0.02, 1.02)
        axes.set_ylim(0.0)
    return canvas.png_bytes(figure)
