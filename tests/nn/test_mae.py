"""The masked autoencoders; their values stand in tests/golden."""

from dataclasses import replace

import pytest
import torch

from hypersigma.errors import ConfigError
from hypersigma.nn.encoder import EncoderConfig
from hypersigma.nn.mae import MaskedAutoencoder, MaskingConfig, SpatialMaskingConfig, SpectralMaskingConfig
from hypersigma.nn.sizes import SIZES

ENCODER = EncoderConfig(dim=8, depth=2, heads=2, interval=1, taps=(1,), drop_path=0.0)
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


BANDS = torch.tensor([True, False, True, True, False, True])


@pytest.mark.parametrize("config", [SPATIAL, SPECTRAL], ids=["spatial", "spectral"])
@pytest.mark.parametrize("hidden", ["left_out", "tokens"])
def test_missing_bands_play_no_part(config, hidden):
    encoder = replace(ENCODER, interval=1 if hidden == "left_out" else 2)
    network = MaskedAutoencoder(replace(config, hidden=hidden, encoder=encoder))
    image = torch.randn(2, 6, *config.tile)
    spoiled = torch.where(BANDS[:, None, None], image, torch.nan)
    noise = torch.rand(2, network.view(image, BANDS).num_tokens)
    losses = [network(one, noise, BANDS).loss(network.target(one, BANDS), normalised=True) for one in (image, spoiled)]
    torch.testing.assert_close(*losses)
    losses[1].backward()
    assert all(weight.grad.isfinite().all() for weight in network.parameters())
    # Of missing bands nothing is learned, of the others everything.
    if config is SPATIAL:
        assert not network.embed.weight.grad[:, ~BANDS].any()
        assert network.embed.weight.grad[:, BANDS].flatten(2).any(-1).all()


def test_missing_bands_are_missing_tokens():
    network = MaskedAutoencoder(SPECTRAL)
    found = network(torch.randn(1, 6, 4, 4), torch.rand(1, 4), BANDS)
    assert found.predicted.shape == (1, 4, 16)
    # The positions of those that are there are their own: without a gap in between the prediction differs.
    together = network(torch.randn(1, 6, 4, 4), torch.rand(1, 4), torch.arange(6) < 4)
    assert not torch.allclose(found.predicted[0, 3], together.predicted[0, 3], atol=1e-6)


@pytest.mark.parametrize(("kind", "sides"), [("spatial", (2, 4, 8)), ("spectral", (2, 3, 8))])
def test_a_flat_image_is_the_same_at_every_size(kind, sides):
    # Weights that are kept for the smallest grow exactly; where they shrink the resize is the nearest there is.
    config = SPATIAL if kind == "spatial" else SPECTRAL
    network = MaskedAutoencoder(replace(config, tile=(2, 2), **({"patch": 2} if kind == "spatial" else {})))
    level = torch.randn(1, 6, 1, 1)
    found = []
    for side in sides:
        image = level.expand(1, 6, 2 * side, 2 * side) if kind == "spatial" else level.expand(1, 6, side, side)
        tokens = torch.rand(1, 4 if kind == "spatial" else 6, generator=torch.Generator().manual_seed(0))
        made = network(image, tokens, patch=side if kind == "spatial" else None)
        found.append(made.latent)
        # What is predicted is the same picture in another size, so its mean is the same.
        means = made.predicted.unflatten(2, (-1, 6)).mean(2) if kind == "spatial" else made.predicted.mean(2)
        found.append(means.flatten(1))
    assert len(found) == 2 * len(sides)
    for latent, means in zip(found[2::2], found[3::2], strict=True):
        torch.testing.assert_close(latent, found[0], atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(means, found[1], atol=1e-5, rtol=1e-5)


def test_one_image_is_cut_as_the_embedding_cuts_it():
    network = MaskedAutoencoder(SPATIAL)
    image = torch.randn(1, 6, 8, 12)
    view = network.view(image, BANDS, 2)
    tokens = network._embedded(network._cut(image, view), None, view)
    from hypersigma.nn.embed import PatchEmbed
    from hypersigma.nn.resize import resize_patch

    embed = PatchEmbed(6, 8, 2)
    with torch.no_grad():
        embed.weight.copy_(resize_patch(network.embed.weight, 2, 2))
        embed.bias.copy_(network.embed.bias)
    expected = network.positions(embed(image, BANDS).flatten(2).transpose(1, 2), view.grid)
    torch.testing.assert_close(tokens, expected)


@pytest.mark.parametrize("config", [SPATIAL, SPECTRAL], ids=["spatial", "spectral"])
def test_in_the_grid_hidden_values_play_no_part(config):
    network = MaskedAutoencoder(replace(config, hidden="tokens", encoder=replace(ENCODER, interval=2)))
    image = torch.randn(1, 6, *config.tile, requires_grad=True)
    found = network(image, torch.arange(6.0)[None])
    found.predicted.sum().backward()
    # The three tokens of least noise are kept: the first row of patches, or the first three bands.
    kept, hidden = (image.grad[:, :3], image.grad[:, 3:]) if config is SPECTRAL else image.grad.split(4, dim=2)
    assert kept.abs().amin() >= 0
    assert kept.any()
    assert not hidden.any()


@pytest.mark.parametrize("config", [SPATIAL, SPECTRAL], ids=["spatial", "spectral"])
@pytest.mark.parametrize("hidden", ["left_out", "tokens"])
def test_every_parameter_gets_a_gradient(config, hidden):
    encoder = replace(ENCODER, interval=1 if hidden == "left_out" else 2)
    network = MaskedAutoencoder(replace(config, hidden=hidden, encoder=encoder))
    image = torch.randn(4, 6, *config.tile)
    network(image, torch.rand(4, 6)).loss(network.target(image)).backward()
    still = [name for name, weight in network.named_parameters() if weight.grad is None or not weight.grad.any()]
    assert not still


def hidden_loss(positions, steps=150):
    """What is left of the loss of bands that are one factor times a number of the band's own, and its floor."""
    torch.manual_seed(0)
    encoder = EncoderConfig(dim=16, depth=1, heads=2, interval=1, taps=(0,), drop_path=0.0)
    kinds = {"positions": positions, "decoder_positions": positions}
    config = replace(SPECTRAL, encoder=encoder, decoder=encoder, tile=(1, 1), tokens=8, channels=8, **kinds)
    network = MaskedAutoencoder(config)
    own = torch.tensor([1.0, -1.0, 1.0, 1.0, -1.0, 1.0, -1.0, -1.0])
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    losses = []
    for _ in range(steps):
        image = (1 + torch.rand(64, 1)) * own
        found = network(image[..., None, None], torch.rand(64, 8))
        loss = found.loss(image[..., None])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    return sum(losses[-20:]) / 20


def test_the_order_of_bands_is_learned():
    # A network that does not know which band it is asked for says the same of all hidden ones: half of them are the
    # opposite of the others, so it cannot fall below the mean of what is left of their squares, 7/3 less what the kept
    # ones tell of the hidden ones' mean.
    assert hidden_loss("sin_cos") < 0.3
    assert hidden_loss("none") > 1.0


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


def test_an_image_must_be_whole_patches():
    with pytest.raises(ConfigError, match="no whole number of patches of 8"):
        MaskedAutoencoder(SPATIAL).view(torch.empty(1, 6, 12, 8), patch=8)
    with pytest.raises(ConfigError, match="use a token a band"):
        MaskedAutoencoder(replace(SPECTRAL, tokens=3)).view(torch.empty(1, 6, 4, 4), BANDS)


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
