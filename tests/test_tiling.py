"""Windows, tiles, weights: the arithmetic that every prediction rests on."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hypersigma.tiling import Window, blend_weights, blocks, reflected, spread_blocks, tile_starts, tiles

SIDES = st.integers(1, 60)


@given(SIDES, SIDES, st.integers(1, 20), st.data())
@settings(max_examples=200, deadline=None)
def test_tiles_cover_everything_and_overlap_enough(rows, cols, tile, data):
    overlap = data.draw(st.integers(0, tile - 1))
    found = list(tiles(rows, cols, tile, overlap))
    covered = np.zeros((rows, cols), dtype=bool)
    for window in found:
        assert window.height == min(tile, rows)
        assert window.width == min(tile, cols)
        covered[window.slices] = True
    assert covered.all()
    for length in (rows, cols):
        starts = tile_starts(length, tile, overlap)
        assert starts[0] == 0
        assert starts[-1] == max(length - tile, 0)
        assert all(second - first <= tile - overlap for first, second in pairwise(starts))


@pytest.mark.parametrize("overlap", [-1, 8, 9])
def test_an_overlap_that_cannot_be(overlap):
    with pytest.raises(ValueError, match="overlap must be at least 0 and below the tile size 8"):
        tile_starts(20, 8, overlap)


@given(SIDES, SIDES, st.integers(1, 70))
@settings(max_examples=100, deadline=None)
def test_blocks_cover_every_pixel_once(rows, cols, block):
    count = np.zeros((rows, cols), dtype=int)
    for window in blocks(rows, cols, block):
        count[window.slices] += 1
    assert (count == 1).all()


@given(SIDES, SIDES, st.data(), st.integers(0, 30))
@settings(max_examples=100, deadline=None)
def test_a_grown_window_holds_the_window(rows, cols, data, margin):
    row, col = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, cols - 1))
    window = Window(row, col, data.draw(st.integers(1, rows - row)), data.draw(st.integers(1, cols - col)))
    grown = window.grown(margin, rows, cols)
    scene = np.arange(rows * cols).reshape(rows, cols)
    np.testing.assert_array_equal(scene[grown.slices][window.inside(grown).slices], scene[window.slices])
    assert grown.row == max(0, row - margin)
    assert grown.col + grown.width == min(cols, col + window.width + margin)


@given(SIDES, SIDES, st.integers(0, 40))
@settings(max_examples=100, deadline=None)
def test_weights_are_positive_symmetric_and_highest_inside(height, width, overlap):
    weights = blend_weights(height, width, overlap)
    assert weights.dtype == np.float32
    assert weights.min() > 0
    assert weights.max() <= 1
    np.testing.assert_array_equal(weights, weights[::-1, ::-1])
    assert weights[height // 2, width // 2] == weights.max()


@given(st.integers(1, 12), st.integers(-30, 30), st.integers(1, 40))
@settings(max_examples=200, deadline=None)
def test_reflected_indices_are_those_of_a_padded_axis(length, start, count):
    index = reflected(start, start + count, length)
    before, after = max(0, -start), max(0, start + count - length)
    padded = np.pad(np.arange(length), (before, after), mode="reflect" if length > 1 else "edge")
    np.testing.assert_array_equal(index, padded[start + before : start + before + count])


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 120), st.integers(1, 120), st.integers(2, 16), st.integers(1, 3000))
def test_some_blocks_spread_over_the_raster(rows, cols, block, num_pixels):
    every, some = list(blocks(rows, cols, block)), spread_blocks(rows, cols, block, num_pixels)
    assert len(set(some)) == len(some) > 0
    assert set(some) <= set(every)
    if rows * cols <= num_pixels:
        assert some == every
        return
    most = max(1, num_pixels // block**2)
    assert min(most, len(every)) / 4 <= len(some) <= most
    # no part of a side is far from all of them, as far as that many blocks can do
    for length, starts in ((rows, {window.row for window in some}), (cols, {window.col for window in some})):
        steps = np.diff([0, *sorted(start // block for start in starts), -(-length // block) - 1])
        assert steps.max(initial=0) <= -(-length // block) / len(starts) + 1


def test_blocks_of_a_square_scene_of_a_power_of_two_are_not_all_at_one_edge():
    some = spread_blocks(4096, 4096, 32, 1 << 16)
    assert len(some) == 64
    assert len({window.col for window in some}) == len({window.row for window in some}) == 8
