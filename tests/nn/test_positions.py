"""Positions of lines and grids."""

import pytest
import torch

from hypersigma.errors import ConfigError
from hypersigma.nn.positions import Positions, sin_cos_grid


def test_the_first_half_tells_the_column():
    grid = sin_cos_grid((2, 3), 8, torch.device("cpu")).view(2, 3, 8)
    assert torch.equal(grid[0, :, :4], grid[1, :, :4])
    assert torch.equal(grid[:, 0, 4:], grid[:, 2, 4:])
    assert grid[0, 2, :4].tolist() == pytest.approx([0.9092974, 0.0199987, -0.4161468, 0.9998000], abs=1e-6)


def test_missing_tokens_keep_their_places():
    positions = Positions("sin_cos", 4, (9,))
    everywhere = positions(torch.zeros(1, 9, 4), (9,))
    index = torch.tensor([1, 4, 8])
    assert torch.equal(positions(torch.zeros(1, 3, 4), (9,), index), everywhere[:, index])


def test_a_learned_table_is_resized_for_another_grid():
    positions = Positions("learned", 4, (2, 2))
    assert torch.equal(positions(torch.zeros(1, 4, 4), (2, 2)), positions.table)
    assert positions(torch.zeros(1, 12, 4), (3, 4)).shape == (1, 12, 4)
    with pytest.raises(ConfigError, match="9 positions does not fit 5 tokens"):
        Positions("learned", 4, (9,))(torch.zeros(1, 5, 4), (5,))


def test_none_adds_nothing():
    tokens = torch.randn(1, 4, 4)
    assert Positions("none", 4, (4,))(tokens, (4,)) is tokens


def test_sin_cos_needs_room_for_every_axis():
    with pytest.raises(ConfigError, match="divisible by 4, not 6"):
        Positions("sin_cos", 6, (2, 2))
