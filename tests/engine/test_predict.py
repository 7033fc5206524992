"""Tiled prediction: any size, any storage, any order gives the numbers that the model and the scene decide."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import uniform_filter

from hypersigma import mapped
from hypersigma.cube import Cube
from hypersigma.data.method import Tiling
from hypersigma.engine import predict as module
from hypersigma.engine.journal import Journal
from hypersigma.engine.predict import blended, blended_strips, load_fitted, predict_scene
from hypersigma.errors import InputError, OutputError
from hypersigma.tiling import Window, blend_weights, tiles

TILE, OVERLAP = 8, 3


@dataclass(frozen=True)
class Toy:
    """A method that looks at pixels; what it finishes with looks at neighbours `halo` pixels away."""

    tiling: Tiling = field(default_factory=lambda: Tiling(TILE, OVERLAP))

    def predict(self, cube, window):
        values = cube.read(window)
        return np.stack([values[0], 1 - values[0]])

    def finish(self, quantities, cube, window):
        assert quantities.shape[1:] == (window.height, window.width)
        side = 2 * self.tiling.halo + 1
        score = np.where(np.isfinite(quantities[0]), quantities[0], 0.0)
        smooth = uniform_filter(score.astype(np.float64), side, mode="constant")
        return {"map": (quantities[0] > 0.5).astype(np.uint8), "smooth": smooth, "both": quantities}


def scene(rows: int, cols: int, seed: int = 0) -> Cube:
    array = np.random.default_rng(seed).random((1, rows, cols), dtype=np.float32)
    return Cube.from_array(array)


@pytest.mark.parametrize("rows", range(1, 3 * TILE + 1))
def test_no_size_fails(rows: int) -> None:
    for cols in range(1, 3 * TILE + 1):
        cube = scene(rows, cols)
        arrays = predict_scene(Toy(), cube)
        assert arrays["map"].shape == (rows, cols)
        np.testing.assert_allclose(arrays["both"][0], cube.read()[0], atol=1e-6)


@given(st.integers(1, 30), st.integers(1, 30), st.integers(1, 9), st.data())
@settings(max_examples=60, deadline=None)
def test_strips_are_the_weighted_mean_of_all_tiles(rows, cols, tile, data):
    """Against all tiles held at once; what a tile says depends on where it lies."""
    overlap = data.draw(st.integers(0, tile - 1))
    area = Window(data.draw(st.integers(0, 5)), data.draw(st.integers(0, 5)), rows, cols)
    missing = np.random.default_rng(rows * cols).random((40, 40)) < 0.1

    def said(window: Window) -> np.ndarray:
        values = np.random.default_rng(window).random((2, window.height, window.width), dtype=np.float32)
        return np.where(missing[window.slices], np.float32(np.nan), values)

    total = np.zeros((3, rows, cols))
    height, width = min(tile, rows), min(tile, cols)
    weights = blend_weights(height, width, overlap)
    down = [window.row for window in tiles(rows, 1, height, min(overlap, height - 1))]
    across = [window.col for window in tiles(1, cols, width, min(overlap, width - 1))]
    for row in down:
        for col in across:
            inner = Window(row, col, height, width)
            part = said(Window(area.row + row, area.col + col, height, width))
            total[:2, *inner.slices] += np.nan_to_num(part * weights)
            total[2, *inner.slices] += weights
    expected = np.where(missing[area.slices], np.nan, total[:2] / total[2])
    strips = list(blended_strips(partial(map, said), area, tile, overlap))
    assert [top for top, _ in strips] == list(np.cumsum([0, *[strip.shape[1] for _, strip in strips]])[:-1])
    assert all(strip.dtype == np.float32 for _, strip in strips)
    found = np.concatenate([strip for _, strip in strips], axis=1)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_array_equal(blended(partial(map, said), area, tile, overlap), found)


@pytest.mark.parametrize("radius", [1, 2])
def test_away_from_the_borders_of_tiles_it_is_the_whole(radius: int) -> None:
    """A filter of known reach that sees no further than its tile."""
    rows, cols = 37, 45
    values = np.random.default_rng(0).random((1, rows, cols), dtype=np.float32)

    def filtered(array: np.ndarray) -> np.ndarray:
        return uniform_filter(array, (0, 2 * radius + 1, 2 * radius + 1), mode="reflect")

    found = blended(partial(map, lambda window: filtered(values[:, *window.slices])), Window(0, 0, rows, cols), 16, 4)
    inside = np.ones((rows, cols), dtype=bool)
    for window in tiles(rows, cols, 16, 4):
        reach = np.zeros((rows, cols), dtype=bool)
        reach[window.slices] = True
        top, left = window.row + radius * (window.row > 0), window.col + radius * (window.col > 0)
        bottom = window.row + 16 - radius * (window.row + 16 < rows)
        right = window.col + 16 - radius * (window.col + 16 < cols)
        reach[top:bottom, left:right] = False
        inside &= ~reach
    assert inside.mean() > 0.3
    np.testing.assert_allclose(found[:, inside], filtered(values)[:, inside], atol=1e-6)


@pytest.mark.parametrize("halo", [0, 3])
@pytest.mark.parametrize("most_in_memory", [0, 1 << 30])
def test_blocks_and_storage_change_nothing(halo: int, most_in_memory: int, monkeypatch: pytest.MonkeyPatch) -> None:
    cube, toy = scene(29, 31), Toy(Tiling(TILE, OVERLAP, halo))
    expected = predict_scene(toy, cube)
    monkeypatch.setattr(mapped, "_MOST_IN_MEMORY", most_in_memory)
    for block in (5, 8, 30):
        monkeypatch.setattr(module, "_FINISH_BLOCK", block)
        found = predict_scene(toy, cube)
        assert found.keys() == expected.keys()
        for name, array in found.items():
            assert isinstance(array, np.memmap) == (most_in_memory == 0)
            assert array.dtype == expected[name].dtype
            np.testing.assert_allclose(array, expected[name], atol=1e-12)


def test_memory_maps_leave_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapped, "_MOST_IN_MEMORY", 0)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    arrays = predict_scene(Toy(), scene(20, 20))
    assert all(isinstance(array, np.memmap) for array in arrays.values())
    assert list(tmp_path.iterdir()) == []


def test_pixels_without_data_stay_without() -> None:
    array = scene(30, 26).read().copy()
    missing = np.random.default_rng(1).random((30, 26)) < 0.2
    missing[8:20, 4:16] = True
    array[0, missing] = np.nan
    found = predict_scene(Toy(), Cube.from_array(array))["both"]
    np.testing.assert_array_equal(np.isnan(found).all(axis=0), missing)
    np.testing.assert_array_equal(np.isnan(found).any(axis=0), missing)


def test_some_methods_take_a_scene_whole() -> None:
    cube = scene(20, 30)
    np.testing.assert_array_equal(predict_scene(Toy(Tiling()), cube)["both"][0], cube.read()[0])


@given(st.integers(1, 40), st.integers(1, 9), st.integers(0, 39), st.data())
@settings(max_examples=40, deadline=None)
def test_strips_from_a_row_on_are_those_of_the_whole(rows, tile, first, data):
    overlap, first = data.draw(st.integers(0, tile - 1)), min(first, rows - 1)

    def said(window: Window) -> np.ndarray:
        return np.random.default_rng(window).random((2, window.height, window.width), dtype=np.float32)

    area, said_in_turn = Window(0, 0, rows, 7), partial(map, said)
    whole = np.concatenate([strip for _, strip in blended_strips(said_in_turn, area, tile, overlap)], axis=1)
    found = list(blended_strips(said_in_turn, area, tile, overlap, first))
    assert found[0][0] == first
    np.testing.assert_array_equal(np.concatenate([strip for _, strip in found], axis=1), whole[:, first:])


class Killed(Exception):
    """What ends a prediction in a test."""


@pytest.mark.parametrize("halo", [0, 3, 12])
@pytest.mark.parametrize("strips", [1, 3])
def test_a_prediction_goes_on_from_its_journal(
    halo: int, strips: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_FINISH_BLOCK", 8)
    cube, toy = scene(45, 31), Toy(Tiling(TILE, OVERLAP, halo))
    expected = predict_scene(toy, cube)
    journal = Journal(tmp_path / "work", {"model": "a"})
    put, count = journal.put, 0

    def put_some(*arguments) -> None:
        nonlocal count
        if count == strips:
            raise Killed
        put(*arguments)
        count += 1

    monkeypatch.setattr(journal, "put", put_some)
    with pytest.raises(Killed):
        predict_scene(toy, cube, store=journal)
    again = Journal(tmp_path / "work", {"model": "a"})
    assert again.num_rows == 8 * strips
    told: list[tuple[int, int]] = []
    found = predict_scene(toy, cube, lambda done, total: told.append((done, total)), again)
    assert told[0] == (8 * strips, 45)
    for name, array in expected.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)
    # all is done: nothing is computed again
    monkeypatch.setattr(Toy, "predict", None)
    np.testing.assert_array_equal(
        predict_scene(toy, cube, store=Journal(tmp_path / "work", {"model": "a"}))["both"], expected["both"]
    )
    assert Journal(tmp_path / "work", {"model": "b"}).num_rows == 0
    assert not (tmp_path / "work").exists()


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    (tmp_path / "work").write_text("in the way")
    with pytest.raises(OutputError, match="cannot be written"):
        predict_scene(Toy(), scene(9, 9), store=Journal(tmp_path / "work" / "below", {}))


def test_progress_is_told_in_rows() -> None:
    told: list[tuple[int, int]] = []
    advance: Callable[[int, int], None] = lambda done, total: told.append((done, total))  # noqa: E731
    predict_scene(Toy(), scene(30, 9), advance)
    assert told[-1] == (30, 30)
    assert [done for done, _ in told] == sorted({done for done, _ in told})


def test_a_folder_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no model here; expected the folder 'model' that `hypersigma run` writes"):
        load_fitted(tmp_path)
