"""Objects drawn over their scene."""

from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.image import imread

from hypersigma.cube import Cube
from hypersigma.data.detections import find_objects
from hypersigma.viz import overlay

LINE = tuple(bytes.fromhex(overlay._LINE[1:]))


def drawn(png: bytes) -> np.ndarray:
    """Where the picture has the colour of outlines and numbers."""
    image = np.rint(255 * imread(io.BytesIO(png))[..., :3]).astype(int)
    return (image == LINE).all(axis=-1)


@pytest.mark.parametrize("shape", [(40, 50), (5, 90), (1100, 60)])
def test_outlines_lie_where_the_objects_are(shape: tuple[int, int]) -> None:
    rows, cols = shape
    scene = Cube.from_array(np.random.default_rng(0).random((4, rows, cols), dtype=np.float32))
    score = np.zeros(shape)
    score[rows // 5 : rows // 5 + 3, cols // 2 : cols // 2 + 3] = 1.0
    nothing = drawn(overlay.objects_figure(scene, find_objects(score, score > 2, scene)))
    places = drawn(overlay.objects_figure(scene, find_objects(score, score > 0, scene)))
    assert not nothing.any()
    assert places.any()
    assert np.argwhere(places)[:, 1].mean() == pytest.approx(places.shape[1] / 2, rel=0.25)


def test_the_first_ten_are_numbered(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Cube.from_array(np.random.default_rng(0).random((4, 30, 30), dtype=np.float32))
    score = np.zeros((30, 30))
    score[::6, ::6] = np.arange(1, 26).reshape(5, 5)
    told, number = [], overlay._number
    monkeypatch.setattr(overlay, "_number", lambda axes, item, cols: told.append(item.id) or number(axes, item, cols))
    overlay.objects_figure(scene, find_objects(score, score > 0, scene))
    assert told == list(range(1, 11))
