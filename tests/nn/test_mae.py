"""The masked autoencoders; their values stand in tests/golden."""

from dataclasses import replace

import pytest
import torch

from hypersigma.errors import ConfigError
from hypersigma.nn.encoder import EncoderConfig
from hypersigma.nn.mae import MaskedAutoencoder, MaskingConfig, SpatialMaskingConfig, SpectralMaskingConfig
from hypersigma.nn.sizes import SIZES

ENCODER = EncoderConfig(dim=8, depth=2, heads=2, interval=1, taps=(1,))
SPATIAL = SpatialMaskingConfig(encoder=ENCODER, decoder=ENCODER, channels=6, tile=(8, 12), patch=4, mask_ratio=0.5)
SPECTRAL = SpectralMaskingConfig(encoder=ENCODER, decoder=ENCODER, channels=6, tile=(4, 4), tokens=6, mask_ratio=0.5)


@pytest.mark.parametrize("config", [SPATIAL, SPECTRAL], ids=["spatial", "spectral"])
def test_the_smallest_noise_is_kept(config):
    network = MaskedAutoencoder(config)
    image = torch.randn(2, 6, *config.tile)
    noise = torch.tensor([[0.1, 0.9, 0.2, 0.8, 0.3, 0.7], [0.9, 0.1, 0.8, 0.2, 0.7, 0.3]])
    found = network(image, noise)
    assert torch.equal(found.masked, noise > 0.5)
    assert found.latent.shape == (2, 3, 8)
    assert found.predicted.shape == network.target(image).shape == (2, 6, config.values)


def test_the_loss_counts_hidden_tokens_only():
    network = MaskedAutoencoder(SPATIAL)
    found = network(torch.randn(1, 6, 8, 12), torch.rand(1, 6))
    target = found.predicted.detach() + found.masked[..., None] * 2.0 + ~found.masked[..., None] * 100.0
    assert float(found.loss(target).detach()) == pytest.approx(4.0, rel=1e-5)


def test_with_positions_hidden_tokens_differ():
    network = MaskedAutoencoder(SPECTRAL)
    found = network(torch.randn(1, 6, 4, 4), torch.arange(6.0)[None])
    assert not torch.allclose(found.predicted[0, 4], found.predicted[0, 5])


def test_without_positions_hidden_tokens_are_all_alike():
    network = MaskedAutoencoder(replace(SPECTRAL, positions="none", decoder_positions="none"))
    found = network(torch.randn(1, 6, 4, 4), torch.arange(6.0)[None])
    torch.testing.assert_close(found.predicted[0, 4], found.predicted[0, 5])


@pytest.mark.parametrize(
    ("config", "change", "message"),
    [
        (SPATIAL, {"patch": 5}, "no whole number of patches"),
        (SPECTRAL, {"tokens": 4}, "no whole number of bands"),
        (SPATIAL, {"mask_ratio": 1.0}, "mask_ratio"),
        (SPATIAL, {"encoder": EncoderConfig()}, "reads the last block alone"),
        (SPATIAL, {"encoder": replace(ENCODER, interval=2)}, "full attention"),
    ],
)
def test_impossible_autoencoders_are_refused(config, change, message):
    with pytest.raises(ConfigError, match=message):
        replace(config, **change)


@pytest.mark.parametrize("part", ["grid", "values"])
def test_only_its_two_kinds_have_tokens(part):
    with pytest.raises(NotImplementedError):
        getattr(MaskingConfig(), part)


# Parameters of the published autoencoders, and of their encoders with the position table that nothing reads.
COUNTS = {
    ("spatial", "base"): (118_951_424, 90_021_120),
    ("spatial", "large"): (337_992_960, 308_931_584),
    ("spatial", "huge"): (667_148_288, 637_955_840),
    ("spectral", "base"): (116_046_080, 88_279_296),
    ("spectral", "large"): (334_507_008, 306_609_152),
    ("spectral", "huge"): (663_081_728, 635_052_800),
}


@pytest.mark.parametrize(("kind", "size"), COUNTS)
def test_parameters_are_as_many_as_published(kind, size):
    from hypersigma.nn.mae import masking_encoder

    build = SpatialMaskingConfig if kind == "spatial" else SpectralMaskingConfig
    with torch.device("meta"):
        network = MaskedAutoencoder(build(encoder=masking_encoder(size), positions="none", decoder_positions="learned"))
    unread = (64 if kind == "spatial" else 100) * SIZES[size].dim
    parts = (network.embed, network.encoder, network.norm)
    total = sum(parameter.numel() for parameter in network.parameters())
    encoder = sum(parameter.numel() for part in parts for parameter in part.parameters())
    assert (total + unread, encoder + unread) == COUNTS[kind, size]
