"""Channels strip by strip: those of the whole scene to the bit, wherever it is entered."""

from __future__ import annotations

import numpy as np
import pytest

from hypersigma.cube import Cube
from hypersigma.data import front_end_strips as module
from hypersigma.data.front_end import FrontEnd, FrontEndConfig, fit_front_end
from hypersigma.data.front_end_strips import STRIP, Strips
from tests.fakes.fields import crops, field_cube

ROWS, COLS = 3 * STRIP + 11, 40
SCENE = field_cube(crops(ROWS, COLS))
SETTINGS = [
    FrontEndConfig(num_components=4, num_spread=3),
    FrontEndConfig(num_components=4, spreading=(0.0, 0.3), shapes=(20,)),
    FrontEndConfig(num_components=4, spreading=(0.0,), shapes=(2,)),
    FrontEndConfig(reduction="none", bands="native", spreading=(0.0,), shapes=()),
]


def strips(front_end: FrontEnd, cube: Cube, first: int) -> np.ndarray:
    """The channels of a scene's strips from one on."""
    passed = Strips(front_end, cube, first)
    parts = [passed.next() for _ in range(first, -(-cube.shape[1] // STRIP))]
    return np.concatenate(parts, axis=1)[:, : cube.shape[1] - first * STRIP]


@pytest.mark.parametrize("config", SETTINGS)
@pytest.mark.parametrize("first", [0, 1, 3])
def test_they_are_those_of_the_whole_scene(config: FrontEndConfig, first: int) -> None:
    front_end = fit_front_end(config, [SCENE])
    whole = front_end.read(SCENE, SCENE.window)
    np.testing.assert_array_equal(strips(front_end, SCENE, first), whole[:, first * STRIP :])


def test_pixels_without_data_disturb_nobody() -> None:
    array = SCENE.read().copy()
    array[:, 50:140] = array[3, 20, 7] = np.nan
    holed = Cube.from_array(array, SCENE.wavelengths)
    front_end = fit_front_end(SETTINGS[0], [SCENE])
    found = strips(front_end, holed, 0)
    np.testing.assert_array_equal(found, front_end.read(holed, holed.window))
    assert np.isnan(found[:, 20, 7]).all()


def test_beneath_the_scene_there_is_nothing() -> None:
    passed = Strips(fit_front_end(SETTINGS[0], [SCENE]), SCENE, 3)
    last = passed.next()
    assert np.isfinite(last[:, :11]).all()
    assert np.isnan(last[:, 11:]).all()


def test_no_row_is_read_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = np.zeros((ROWS, COLS), dtype=int)
    read = FrontEnd.reduced

    def counted(self, cube, window):
        seen[window.slices] += 1
        return read(self, cube, window)

    front_end = fit_front_end(SETTINGS[0], [SCENE])
    monkeypatch.setattr(FrontEnd, "reduced", counted)
    monkeypatch.setattr(module, "_BLOCK", 16)
    strips(front_end, SCENE, 0)
    assert (seen == 1).all()
