"""Embeddings: missing bands, other patches and tiles, the published pooling."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.functional import adaptive_avg_pool1d, interpolate

from hypersigma.errors import ConfigError
from hypersigma.nn.embed import PatchEmbed, SpectralMap
from hypersigma.nn.resize import resize_patch, resize_positions

quick = settings(max_examples=15, deadline=None)


@quick
@given(st.integers(2, 6), st.integers(0, 8), st.integers(0, 8), st.integers(0, 100))
def test_a_grown_patch_answers_to_a_grown_picture_as_before(size, more_rows, more_cols, seed):
    generator = torch.Generator().manual_seed(seed)
    weight = torch.randn(3, size, size, generator=generator, dtype=torch.float64)
    picture = torch.randn(size, size, generator=generator, dtype=torch.float64)
    rows, cols = size + more_rows, size + more_cols
    grown = interpolate(picture[None, None], size=(rows, cols), mode="bilinear")[0, 0]
    before = (weight * picture).sum((-1, -2))
    after = (resize_patch(weight, rows, cols) * grown).sum((-1, -2))
    torch.testing.assert_close(after, before)


def test_a_shrunk_patch_sums_the_weights_of_a_cell():
    weight = torch.ones(8, 8, dtype=torch.float64)
    shrunk = resize_patch(weight, 4, 4)
    assert float(shrunk.sum()) == pytest.approx(64, rel=0.05)
    assert resize_patch(weight, 8, 8) is weight


def test_missing_channels_count_as_zero_and_keep_the_magnitude():
    embed = PatchEmbed(4, 5, 2)
    image = torch.randn(1, 4, 4, 4)
    present = torch.tensor([True, False, True, False])
    with_holes = image.clone()
    with_holes[:, ~present] = torch.nan
    zeroed = image * present[:, None, None]
    expected = 2 * (embed(zeroed) - embed.bias[:, None, None]) + embed.bias[:, None, None]
    torch.testing.assert_close(embed(with_holes, present), expected)


def test_a_token_a_band_leaves_missing_ones_out():
    spectral = SpectralMap(6, (4, 4), tokens=5)
    image = torch.randn(2, 5, 4, 4)
    present = torch.tensor([True, False, True, True, False])
    torch.testing.assert_close(spectral(image, present), spectral(image)[:, present])
    assert spectral(torch.randn(2, 5, 7, 9)).shape == (2, 5, 6)


def test_pooling_repeats_few_bands():
    spectral = SpectralMap(6, (2, 2), tokens=100, kind="pooled")
    tokens = spectral(torch.randn(1, 20, 2, 2))
    torch.testing.assert_close(tokens, tokens[:, ::5].repeat_interleave(5, dim=1))
    with pytest.raises(ConfigError, match="pooled"):
        spectral(torch.randn(1, 20, 2, 2), torch.ones(20, dtype=torch.bool))


@pytest.mark.parametrize("channels", [3, 12])
def test_pooling_and_the_map_of_pixels_may_change_places(channels):
    spectral = SpectralMap(6, (4, 4), tokens=5, kind="pooled").double()
    nn.init.normal_(spectral.bias)
    image = torch.randn(2, channels, 4, 4, dtype=torch.float64)
    pooled = adaptive_avg_pool1d(image.flatten(2).mT, 5).mT
    expected = nn.functional.linear(pooled, spectral.weight.flatten(1), spectral.bias)
    torch.testing.assert_close(spectral(image), expected)


def test_thirty_bands_pool_to_a_hundred_as_published():
    image = torch.arange(30.0).view(1, 30, 1, 1)
    bands = SpectralMap(1, (1, 1), tokens=100, kind="pooled")._pooled(image.flatten(2))
    assert bands.flatten()[:11].tolist() == [0, 0, 0, 0.5, 1, 1, 1.5, 2, 2, 2, 3]


def test_other_bands_are_refused():
    with pytest.raises(ConfigError, match="takes 4 channels, found 3"):
        PatchEmbed(4, 5, 2)(torch.zeros(1, 3, 4, 4))
    with pytest.raises(ConfigError, match="expected 5 bands, found 3"):
        SpectralMap(6, (4, 4), tokens=5)(torch.zeros(1, 3, 4, 4))


def test_position_tables_of_the_same_grid_stay():
    table = torch.randn(1, 6, 4)
    assert resize_positions(table, (2, 3), (2, 3)) is table
