"""Stacks of blocks, and the block."""

from dataclasses import replace

import pytest
import torch

from hypersigma.errors import ConfigError
from hypersigma.nn.attention import FullAttention, SparseSamplingAttention
from hypersigma.nn.block import Block, DropPath
from hypersigma.nn.encoder import Encoder, EncoderConfig
from hypersigma.nn.layout import Grid
from hypersigma.nn.sizes import SIZES

TOY = EncoderConfig(dim=8, depth=4, heads=2, interval=2, taps=(0, 2))


def test_sizes_are_as_published():
    assert SIZES["base"] == (768, 12, 12, 3, (3, 5, 7, 11))
    assert SIZES["large"] == (1024, 24, 16, 6, (7, 11, 15, 23))
    assert SIZES["huge"] == (1280, 32, 16, 8, (10, 15, 20, 31))
    assert SIZES["tiny"][:3] == (192, 12, 3)
    assert SIZES["small"][:3] == (384, 12, 6)
    with pytest.raises(ConfigError, match="did you mean 'tiny'"):
        EncoderConfig.of_size("tinny")


def test_every_interval_th_block_has_full_attention():
    with torch.device("meta"):
        blocks = Encoder(EncoderConfig.of_size("base")).blocks
    full = [index for index, block in enumerate(blocks) if isinstance(block.attention, FullAttention)]
    assert full == [2, 5, 8, 11]
    assert all(isinstance(block.attention, FullAttention | SparseSamplingAttention) for block in blocks)


def test_it_ends_at_the_deepest_tap():
    encoder = Encoder(TOY)
    assert len(encoder.blocks) == 3
    tapped = encoder(torch.randn(2, 6, 8), Grid(2, 3))
    assert [tuple(tokens.shape) for tokens in tapped] == [(2, 6, 8)] * 2


def test_residual_branches_start_smaller_with_depth():
    torch.manual_seed(0)
    encoder = Encoder(EncoderConfig(dim=64, depth=9, heads=1, taps=(8,)))
    first, last = (encoder.blocks[index].mlp.contract.weight.detach().std() for index in (0, 8))
    assert float(first / last) == pytest.approx(3.0, rel=0.05)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dim": 0}, "at least 1"),
        ({"heads": 9}, "cannot have 9 heads"),
        ({"taps": (2, 0)}, "ascending"),
        ({"taps": ()}, "ascending"),
        ({"taps": (1, 4)}, "must lie in 0..3"),
        ({"drop_path": 1.0}, "drop_path"),
    ],
)
def test_impossible_encoders_are_refused(change, message):
    with pytest.raises(ConfigError, match=message):
        replace(TOY, **change)


def test_stochastic_depth_leaves_out_samples_and_keeps_the_mean():
    torch.manual_seed(0)
    drop = DropPath(0.25)
    branch = drop(torch.ones(4000, 2, 3))
    assert branch.unique().tolist() == pytest.approx([0.0, 4 / 3])
    assert float(branch.mean()) == pytest.approx(1.0, abs=0.05)
    assert torch.equal(drop.eval()(branch), branch)


def test_layer_scale_of_zero_leaves_the_tokens_alone():
    block = Block(8, FullAttention(8, 2), layer_scale=0.0)
    tokens = torch.randn(1, 4, 8)
    assert torch.equal(block(tokens, Grid(2, 2)), tokens)
