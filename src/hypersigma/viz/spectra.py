"""Spectra over wavelength, broken where the sensor has no bands."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from hypersigma import canvas
from hypersigma.products import Color

_FEW = 20  # bands of a multispectral sensor: its lines go from band to band, each with a dot
_GAP = 3.0  # spacings: a step this many times the usual one is a gap in the sensor, not a slope to draw


def spectra_figure(
    wavelengths: NDArray[np.float64] | None,
    spectra: Mapping[str, NDArray[np.floating]],
    *,
    colors: Mapping[str, Color] | None = None,
    spreads: Mapping[str, NDArray[np.floating]] | None = None,
    pairs: bool = False,
    units: str = "reflectance",
    title: str = "Spectra",
) -> bytes:
    """A picture of spectra as lines.

    Args:
        wavelengths: (bands,) nm, ascending, or None: bands are numbered then.
        spectra: name -> (bands,) values; NaN leaves a gap.
        colors: (red, green, blue), 0-255, by name; those of the house elsewhere.
        spreads: name -> (bands,) half width of a band around the line, such as one standard deviation.
        pairs: whether every two spectra belong together: they share a color, and the first of them is dashed.
        units: of the values.
        title: stands above.
    """
    num_bands = len(next(iter(spectra.values()), ()))
    places = np.arange(1.0, num_bands + 1) if wavelengths is None else np.asarray(wavelengths, dtype=np.float64)
    figure = canvas.new_figure(7.0, 3.8)
    axes = canvas.plain_axes(figure, title, "band" if wavelengths is None else "wavelength in nm", units)
    for index, (name, spectrum) in enumerate(spectra.items()):
        own = (colors or {}).get(name)
        place = index // 2 if pairs else index
        color = canvas.CYCLE[place % len(canvas.CYCLE)] if own is None else tuple(part / 255 for part in own)
        x, y = broken(places, np.asarray(spectrum, dtype=np.float64))
        line = "--" if pairs and index % 2 == 0 else "-"
        marker = "o" if num_bands <= _FEW else ""
        axes.plot(x, y, line, color=color, linewidth=1.5, label=name, marker=marker, markersize=4)
        if spreads is not None and name in spreads:
            _, half = broken(places, np.asarray(spreads[name], dtype=np.float64))
            axes.fill_between(x, y - half, y + half, color=color, alpha=0.18, linewidth=0)
    if spectra:
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0, fontsize=9, frameon=False)
    return canvas.png_bytes(figure)


def broken(places: NDArray[np.float64], values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A line with NaN put into gaps between bands, so that it is not drawn across them."""
    steps = np.diff(places)
    if len(places) <= _FEW:
        return places, values
    # Spacing differs between detectors: compare each step with its neighbours', not with the whole sensor's.
    local = np.array([np.median(steps[max(0, index - 5) : index + 6]) for index in range(len(steps))])
    gaps = np.flatnonzero(steps > _GAP * local) + 1
    return np.insert(places, gaps, np.nan), np.insert(values, gaps, np.nan)
