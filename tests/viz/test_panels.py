"""Pictures side by side."""

from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.image import imread

from hypersigma import canvas
from hypersigma.products import Legend
from hypersigma.viz.panels import Panel, class_colors, panels_figure

LEGEND = Legend(("corn", "grass", "never"), ((230, 159, 0), (0, 158, 115), (1, 2, 3)))
CLASSES = np.array([[0, 1, 2], [1, 1, 2]])
PICTURE = np.zeros((2, 3, 4), dtype=np.uint8)


def colors(png: bytes) -> set[tuple[int, ...]]:
    image = np.rint(255 * imread(io.BytesIO(png))[..., :3]).astype(int)
    return {tuple(color) for color in np.unique(image.reshape(-1, 3), axis=0).tolist()}


def test_classes_in_their_colours() -> None:
    drawn = class_colors(CLASSES, LEGEND)
    assert drawn[0, 1].tolist() == [230, 159, 0]
    assert drawn[0, 0].tolist() == list(bytes.fromhex(canvas.MISSING[1:]))


def test_the_legend_holds_what_is_shown() -> None:
    found = colors(panels_figure([Panel("Scene", PICTURE), Panel("Map", CLASSES)], LEGEND))
    assert {LEGEND.colors[0], LEGEND.colors[1]} <= found
    assert LEGEND.colors[2] not in found


@pytest.mark.parametrize("shape", [(5, 5), (100, 3), (3, 100)])
def test_any_shape_and_fractions(shape: tuple[int, int]) -> None:
    values = np.linspace(0, 1, shape[0] * shape[1]).reshape(shape)
    values[0, 0] = np.nan
    assert panels_figure([Panel("Confidence", values)]).startswith(b"\x89PNG")
