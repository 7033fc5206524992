"""Screening: bands without information, what is missing, samples of large scenes."""

from __future__ import annotations

import numpy as np
import pytest

from hypersigma.cube import Cube
from hypersigma.errors import InputError
from hypersigma.screening import ALL_ZERO, CONSTANT, NO_DATA, screen, statistics


def scene(rows: int = 20, cols: int = 30) -> Cube:
    array = np.random.default_rng(1).integers(1, 1000, (5, rows, cols)).astype(np.float32)
    array[1], array[2], array[3] = -9999, 0, 7
    return Cube.from_array(array, [450, 550, 650, 750, 850], nodata=-9999)


def test_bands_without_information():
    cube = screen(scene())
    assert cube.reasons == ("", NO_DATA, ALL_ZERO, CONSTANT, "")
    assert cube.used.tolist() == [0, 4]


def test_earlier_reasons_stay():
    cube = screen(scene().dropped(np.arange(5) == 1, "marked bad in the file"))
    assert cube.reasons[1] == "marked bad in the file"


def test_a_scene_without_information_is_refused():
    with pytest.raises(InputError, match=f"none of the 5 bands can be used: .*{ALL_ZERO}"):
        screen(Cube.from_array(np.zeros((5, 4, 4))))


def test_one_pixel_is_not_constant():
    assert screen(Cube.from_array(np.ones((3, 1, 1)))).valid.all()


def test_statistics():
    array = np.arange(3 * 4 * 5, dtype=np.float32).reshape(3, 4, 5)
    array[:, 0, 0] = np.nan
    array[1, 1, 1:3] = np.inf
    found = statistics(Cube.from_array(array))
    assert found.num_pixels == 20
    assert (found.empty_share, found.partial_share) == (1 / 20, 2 / 20)
    np.testing.assert_allclose(found.missing, [1 / 20, 3 / 20, 1 / 20])
    assert (found.low[0], found.high[2]) == (1, 59)


@pytest.mark.parametrize(("rows", "cols"), [(1000, 900), (20, 5000), (5000, 20), (333, 1)])
def test_large_scenes_are_sampled_evenly(rows, cols):
    array = np.broadcast_to(np.arange(rows * cols, dtype=np.float32).reshape(1, rows, cols), (2, rows, cols))
    found = statistics(Cube.from_array(array), max_pixels=20000)
    assert 0 < found.num_pixels <= 22000
    assert found.low[0] < 0.05 * rows * cols
    assert found.high[0] > 0.95 * rows * cols


def test_even_a_tiny_sample_reads_something():
    assert statistics(scene(), max_pixels=1).num_pixels > 1
