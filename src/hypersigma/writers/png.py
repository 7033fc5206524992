"""PNG: a picture of a layer with its legend or colour bar, for eyes; huge rasters are thinned out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hypersigma import canvas
from hypersigma.palette import default_legend
from hypersigma.products import Layer
from hypersigma.writers._atomic import replaced_file
from hypersigma.writers._storage import band_names, on_map

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_PIXELS = 1400  # on the longer side: about what a screen shows
_MOST_PANELS = 12
_LEGEND_ROWS = 18
_TRUE_COLOUR = (640.0, 550.0, 470.0)  # nm
_COLOUR_MAP = "viridis"  # perceptual, the same to colour-blind eyes


def write(layer: Layer, path: Path) -> Path:
    """Draw a layer into a PNG file and return the path.

    Raises:
        OutputError: the file cannot be written.
    """
    picture = draw(layer)
    with replaced_file(path) as partial:
        partial.write_bytes(picture)
    return path


def draw(layer: Layer, title: str | None = None) -> bytes:
    """A picture of a layer as PNG bytes.

    Classes are drawn in their colours with a legend, scores and abundances with a colour bar (one panel a band), cubes
    as colour composites. Pixels without data are light grey; a layer in sensor geometry is drawn as it lies on a map.
    """
    layer = on_map(layer)
    # Every n-th pixel, as the mean of two classes is no class.
    step = -(-max(layer.array.shape[-2:]) // _MOST_PIXELS)
    planes = np.asarray(layer.planes[:, ::step, ::step])
    title = layer.name.replace("_", " ").capitalize() if title is None else title
    if layer.kind == "classes":
        figure = _classes(layer, planes[0], title)
    elif layer.kind == "cube" and len(planes) >= 3:
        figure = _composite(layer, planes, title)
    else:
        figure = _scores(layer, planes[:_MOST_PANELS], title)
    return canvas.png_bytes(figure)


def _size(rows: int, cols: int, *, longest: float) -> tuple[float, float]:
    """Width and height in inches of a picture, slivers widened so that they can be seen."""
    shape = np.array([cols, rows]) / max(rows, cols)
    width, height = np.maximum(shape, 0.15) * longest
    return float(width), float(height)


def _classes(layer: Layer, values: NDArray[Any], title: str) -> Figure:
    """Each class in its colour, and beside it the legend."""
    from matplotlib.patches import Patch

    legend = layer.legend or default_legend(tuple(str(value) for value in range(1, int(values.max(initial=0)) + 1)))
    missing = layer.missing(values) | (values < 0) | (values > len(legend.names))
    colors = np.array([_rgb(canvas.MISSING), *legend.colors], dtype=np.uint8)
    image = colors[np.where(missing, 0, values).astype(np.intp)]
    num_columns = -(-(len(legend.names) + 1) // _LEGEND_ROWS)
    width, height = _size(values.shape[0], values.shape[1], longest=6.0)
    figure = canvas.new_figure(width + 2.2 * num_columns, height + 0.4)
    axes = canvas.picture_axes(figure, title)
    axes.imshow(image, interpolation="nearest")
    patches = [Patch(color=color / 255.0, label=name) for name, color in zip(legend.names, colors[1:], strict=True)]
    if missing.any():
        patches.append(Patch(facecolor=canvas.MISSING, edgecolor=canvas.MUTED, linewidth=0.5, label="no data"))
    axes.legend(
        handles=patches,
        loc="upper left",
        bbox_to_anchor=(1.01, 1.0),
        ncols=num_columns,
        borderaxespad=0.0,
        handlelength=1.3,
        handleheight=1.0,
        fontsize=9,
        frameon=False,
    )
    return figure


def _rgb(color: str) -> tuple[int, int, int]:
    """A colour written #rrggbb as three bytes."""
    red, green, blue = bytes.fromhex(color[1:])
    return red, green, blue


def _scores(layer: Layer, planes: NDArray[Any], title: str) -> Figure:
    """One panel a band under one colour bar."""
    values = layer.values(planes)
    low, high = _limits(values, layer)
    num_panels = len(values)
    num_columns = min(num_panels, 4)
    num_rows = -(-num_panels // num_columns)
    width, height = _size(values.shape[1], values.shape[2], longest=6.0 if num_panels == 1 else 3.0)
    figure = canvas.new_figure(width * num_columns + 1.2, height * num_rows + 0.5 * num_rows + 0.3)
    names = (title,) if num_panels == 1 else band_names(layer)
    panels = []
    for number, (plane, name) in enumerate(zip(values, names, strict=False), start=1):
        axes = canvas.picture_axes(figure, name, (num_rows, num_columns, number))
        drawn = axes.imshow(plane, cmap=_COLOUR_MAP, vmin=low, vmax=high, interpolation="nearest")
        axes.set_facecolor(canvas.MISSING)
        panels.append(axes)
    if num_panels > 1:
        figure.suptitle(title, x=0.01, ha="left", fontsize=13, fontweight="bold", color=canvas.INK)
    bar = figure.colorbar(drawn, ax=panels, fraction=0.046, pad=0.03, extend=_beyond(values, low, high))
    bar.set_label(layer.units or ("fraction" if layer.kind == "abundances" else "value"), fontsize=10, color=canvas.INK)
    bar.ax.tick_params(labelsize=9, labelcolor=canvas.INK)
    bar.outline.set_visible(False)
    return figure


def _limits(values: NDArray[np.float64], layer: Layer) -> tuple[float, float]:
    """What the colour bar spans: 0-1 for fractions, else the 1st to the 99th percentile."""
    if layer.kind == "abundances" or layer.units in ("probability", "fraction"):
        return 0.0, 1.0
    present = values[np.isfinite(values)]
    if present.size == 0:
        return 0.0, 1.0
    low, high = np.percentile(present, (1.0, 99.0))
    return (float(low), float(high)) if high > low else (float(low) - 0.5, float(low) + 0.5)


def _beyond(values: NDArray[np.float64], low: float, high: float) -> str:
    """At which ends of the colour bar values lie outside it, as matplotlib names them."""
    below, above = bool(np.any(values < low)), bool(np.any(values > high))
    return {(False, False): "neither", (True, False): "min", (False, True): "max", (True, True): "both"}[below, above]


def _composite(layer: Layer, planes: NDArray[Any], title: str) -> Figure:
    """Red, green and blue from the bands nearest to them, or from bands spread over the cube."""
    chosen = _composite_bands(layer)
    bands = planes[chosen].astype(np.float64)
    missing = layer.missing(planes[chosen]).any(axis=0)
    bands[:, missing] = np.nan
    image = np.stack([_stretched(band) for band in bands], axis=-1)
    image[missing] = np.array(_rgb(canvas.MISSING)) / 255.0
    width, height = _size(image.shape[0], image.shape[1], longest=6.0)
    figure = canvas.new_figure(width + 0.3, height + 0.6)
    axes = canvas.picture_axes(figure, title)
    axes.imshow(image, interpolation="nearest")
    names = band_names(layer)
    axes.set_xlabel("red, green, blue = " + ", ".join(names[band] for band in chosen), fontsize=9, color=canvas.MUTED)
    return figure


def _composite_bands(layer: Layer) -> list[int]:
    """Indices of the bands for red, green and blue."""
    if layer.wavelengths is not None and layer.wavelengths[0] <= _TRUE_COLOUR[-1] + 50.0:
        return [int(np.argmin(np.abs(layer.wavelengths - centre))) for centre in _TRUE_COLOUR]
    last = len(layer.planes) - 1
    return [round(last * place) for place in (0.75, 0.5, 0.25)]


def _stretched(band: NDArray[np.float64]) -> NDArray[np.float64]:
    """A band from its 2nd to its 98th percentile onto 0-1."""
    present = band[np.isfinite(band)]
    # A few glints or dead pixels must not darken the whole picture.
    low, high = np.percentile(present, (2.0, 98.0)) if present.size else (0.0, 1.0)
    return np.clip((band - low) / max(high - low, 1e-12), 0.0, 1.0)
