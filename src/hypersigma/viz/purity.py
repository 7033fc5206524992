"""Pixels of a scene along two directions, the purest ones told by colour, and endmembers among them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from hypersigma import canvas

_COLORS = "viridis"


def purity_figure(
    pixels: NDArray[np.floating],
    purity: NDArray[np.integer],
    endmembers: Mapping[str, NDArray[np.floating]],
    *,
    title: str = "Purity of pixels",
) -> bytes:
    """A picture of dots, one a pixel.

    Args:
        pixels: (2, n) coordinates.
        purity: (n,) how often each was extreme; those that never were are grey.
        endmembers: name -> (2,) coordinates, a cross each.
        title: stands above.
    """
    figure = canvas.new_figure(6.4, 4.6)
    axes = canvas.plain_axes(figure, title, "first principal component", "second principal component")
    never = purity == 0
    first, second = pixels
    axes.scatter(first[never], second[never], s=5, color=canvas.MISSING, linewidths=0, rasterized=True)
    ascending = np.argsort(purity, kind="stable")[never.sum() :]
    counted = np.log10(purity[ascending].astype(np.float64))
    dots = axes.scatter(first[ascending], second[ascending], s=14, c=counted, cmap=_COLORS, vmin=0.0, linewidths=0)
    for name, place in endmembers.items():
        axes.plot(*place, marker="x", markersize=9, markeredgewidth=2, color=canvas.INK, linestyle="")
        axes.annotate(name, tuple(place), xytext=(6, 5), textcoords="offset points", fontsize=9, color=canvas.INK)
    if counted.size:
        figure.colorbar(dots, ax=axes, label="times extreme, power of ten", shrink=0.8)
    return canvas.png_bytes(figure)
