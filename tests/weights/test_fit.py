"""Weights put into networks of the same and of other sizes."""

from dataclasses import replace

import pytest
import torch

from hypersigma.errors import WeightsError
from hypersigma.nn.backbone import SpatialConfig, SpatialEncoder, SpectralConfig, SpectralEncoder
from hypersigma.nn.encoder import EncoderConfig
from hypersigma.nn.resize import resize_patch, resize_positions
from hypersigma.weights.fit import fit

ENCODER = EncoderConfig(dim=8, depth=3, heads=2, interval=2, taps=(2,))
SPATIAL = SpatialConfig(encoder=ENCODER, channels=5, patch=4, positions="learned", grid=(2, 2))
SPECTRAL = SpectralConfig(encoder=ENCODER, tokens=9, tile=(8, 8), positions="learned")


def test_equal_networks_take_everything():
    source, network = SpatialEncoder(SPATIAL), SpatialEncoder(SPATIAL)
    receipt = fit(network, source.state_dict())
    assert len(receipt.names("used")) == len(receipt.entries) == len(source.state_dict())
    assert all(torch.equal(a, b) for a, b in zip(source.parameters(), network.parameters(), strict=True))


def test_another_patch_and_grid_are_resized():
    source = SpatialEncoder(SPATIAL)
    network = SpatialEncoder(replace(SPATIAL, patch=2, grid=(3, 4)))
    receipt = fit(network, source.state_dict())
    assert receipt.names("resized") == ["embed.weight", "positions.table"]
    torch.testing.assert_close(network.embed.weight, resize_patch(source.embed.weight, 2, 2))
    torch.testing.assert_close(network.positions.table, resize_positions(source.positions.table, (2, 2), (3, 4)))


def test_another_tile_is_resized():
    source = SpectralEncoder(SPECTRAL)
    network = SpectralEncoder(replace(SPECTRAL, tile=(16, 12), tokens=6))
    state = source.state_dict()
    state["embed.weight"] = state["embed.weight"].flatten(1)
    receipt = fit(network, state)
    assert sorted(receipt.names("resized")) == ["embed.weight", "positions.table"]
    torch.testing.assert_close(network.embed.weight, resize_patch(source.embed.weight, 16, 12))
    assert network.positions.table.shape == (1, 6, 8)


def test_other_bands_leave_the_embedding_new():
    network = SpatialEncoder(replace(SPATIAL, channels=7))
    before = network.embed.weight.detach().clone()
    receipt = fit(network, SpatialEncoder(SPATIAL).state_dict())
    assert receipt.names("dropped") == ["embed.weight"]
    assert torch.equal(network.embed.weight, before)
    assert "dropped: embed.weight: made for 5 bands, this network takes 7" in receipt.lines()


def test_full_attention_leaves_the_offsets_new():
    dense = SpatialEncoder(replace(SPATIAL, encoder=replace(ENCODER, interval=1)))
    receipt = fit(SpatialEncoder(SPATIAL), dense.state_dict())
    assert all(".offsets." in name for name in receipt.names("new"))
    shorter = SpatialEncoder(replace(SPATIAL, encoder=replace(ENCODER, taps=(1,))))
    assert all(".2." in name for name in fit(shorter, dense.state_dict()).names("dropped"))


def test_another_width_is_refused():
    wide = SpatialEncoder(replace(SPATIAL, encoder=replace(ENCODER, dim=16)))
    with pytest.raises(WeightsError, match="different sizes"):
        fit(SpatialEncoder(SPATIAL), wide.state_dict())


def test_a_table_of_no_square_cannot_be_resized():
    source = SpatialEncoder(replace(SPATIAL, grid=(1, 3)))
    with pytest.raises(WeightsError, match="3 places is not a square"):
        fit(SpatialEncoder(SPATIAL), source.state_dict())
