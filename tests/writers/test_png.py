from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from hypersigma.products import Layer
from hypersigma.writers import png
from tests.layers import LEGEND, abundance_layer, class_layer, cube_layer, score_layer


def colors(picture: bytes) -> set[tuple[int, ...]]:
    """Every colour of a picture."""
    pixels = np.round(imread(BytesIO(picture), format="png")[..., :3] * 255).astype(int)
    return {tuple(color) for color in np.unique(pixels.reshape(-1, 3), axis=0).tolist()}


def test_classes_are_drawn_in_their_colours() -> None:
    assert set(LEGEND.colors) | {(228, 231, 235)} <= colors(png.draw(class_layer()))


def test_classes_without_a_legend_get_colours() -> None:
    assert (0, 114, 178) in colors(png.draw(class_layer(legend=None)))


@pytest.mark.parametrize(
    "layer",
    [
        class_layer(rows=1, cols=300),
        class_layer(rows=3000, cols=2000),
        score_layer(),
        score_layer(units="radians"),
        abundance_layer(bands=5),
        abundance_layer(bands=40),
        cube_layer(),
        cube_layer(bands=40, wavelengths=np.linspace(1000.0, 2400.0, 40)),
        cube_layer(wavelengths=None),
        cube_layer(bands=2),
        Layer(name="empty", array=np.full((4, 5), np.nan), kind="score"),
        Layer(name="constant", array=np.ones((4, 5)), kind="score"),
        Layer(name="empty_cube", array=np.full((3, 4, 5), np.nan), kind="cube"),
    ],
    ids=lambda layer: f"{layer.name}{layer.array.shape}",
)
def test_every_layer_can_be_drawn(layer: Layer) -> None:
    height, width, _ = imread(BytesIO(png.draw(layer)), format="png").shape
    assert 100 < height < 2500
    assert 100 < width < 2500


def test_drawing_is_repeatable_and_written_whole(tmp_path: Path) -> None:
    layer = score_layer()
    path = png.write(layer, tmp_path / "confidence.png")
    assert path.read_bytes() == png.draw(layer)
    assert [item.name for item in tmp_path.iterdir()] == ["confidence.png"]
