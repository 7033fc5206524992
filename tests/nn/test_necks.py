"""Pyramids and padding."""

import pytest
import torch

from hypersigma.errors import ConfigError
from hypersigma.nn.necks import PYRAMIDS, SAME, MaxPool, Pyramid, published_steps, whole_cells
from hypersigma.nn.pad import reflect_to_multiple

CELLS = {"up4": 32, "up2": 16, "same": 8, "pool2": 4, "pool4": 2}


@pytest.mark.parametrize("patch", PYRAMIDS)
def test_every_step_changes_the_resolution(patch):
    steps = published_steps(patch, dense=False)
    levels = Pyramid(4, steps)(tuple(torch.randn(1, 4, 8, 8) for _ in steps))
    assert [level.shape[-1] for level in levels] == [CELLS[step] for step in steps]


def test_the_dense_network_keeps_maps_at_patch_16():
    assert published_steps(16, dense=True) == SAME
    assert published_steps(8, dense=True) == PYRAMIDS[8]
    with pytest.raises(ConfigError, match="patch size 3"):
        published_steps(3, dense=True)


@pytest.mark.parametrize(("steps", "pixels"), [(SAME, 8), (("up2", "same", "pool2", "pool2"), 16), (PYRAMIDS[8], 32)])
def test_pixels_of_whole_cells(steps, pixels):
    assert whole_cells(8, steps) == pixels


def test_a_map_smaller_than_a_cell_is_one_cell():
    assert MaxPool(4)(torch.arange(6.0).view(1, 1, 2, 3)).tolist() == [[[[5.0]]]]


@pytest.mark.parametrize("length", [1, 2, 3, 7, 8, 9])
def test_reflection_fills_any_picture_up(length):
    image = torch.arange(float(length)).view(1, 1, 1, length)
    padded = reflect_to_multiple(image, 8)
    assert padded.shape == (1, 1, 8, -(-length // 8) * 8)
    up_and_down = [*range(length), *range(length - 2, 0, -1)]
    expected = [up_and_down[index % len(up_and_down)] for index in range(padded.shape[-1])]
    assert padded[0, 0, 0].tolist() == expected


@pytest.mark.parametrize("patch", PYRAMIDS)
def test_means_and_mixtures_are_those_of_the_maps(patch):
    steps = published_steps(patch, dense=False)
    torch.manual_seed(0)
    pyramid = Pyramid(4, steps).double()
    maps = tuple(torch.randn(2, 4, 8, 6, dtype=torch.float64) for _ in steps)
    matrices = [torch.randn(size, 3, 4, dtype=torch.float64) for size in (1, 2, 1, 2)]
    levels = pyramid(maps)
    for mean, level in zip(pyramid.means(maps), levels, strict=True):
        torch.testing.assert_close(mean, level.mean((2, 3), keepdim=True))
    for mixed, level, matrix in zip(pyramid.mixed(maps, matrices), levels, matrices, strict=True):
        torch.testing.assert_close(mixed, torch.einsum("bkd,bdhw->bkhw", matrix.expand(2, 3, 4), level))
