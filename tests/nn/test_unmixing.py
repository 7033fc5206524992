"""The unmixing network; values of the published one stand in tests/golden."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hypersigma.config import structure, unstructure
from hypersigma.errors import ConfigError
from hypersigma.nn.backbone import BackboneConfig, SpatialConfig, SpectralConfig
from hypersigma.nn.encoder import EncoderConfig
from hypersigma.nn.sizes import SIZES, Size
from hypersigma.nn.unmixing import UnmixingConfig, UnmixingNetwork, published_config
from hypersigma.nn.unmixing_losses import unmixing_loss

ENCODER = EncoderConfig(dim=8, depth=4, heads=2, interval=2, taps=(0, 1, 3))
BACKBONE = BackboneConfig(
    spatial=SpatialConfig(encoder=ENCODER, channels=6, patch=2),
    spectral=SpectralConfig(encoder=ENCODER, tokens=6, tile=(8, 8)),
)
BOTH = UnmixingConfig(backbone=BACKBONE, num_endmembers=3, width=4)
SPATIAL_ONLY = replace(BOTH, backbone=replace(BACKBONE, spectral=None))
TINY = Size(8, 4, 2, 2, (0, 1, 2, 3))
CONFIGS = pytest.mark.parametrize("config", [BOTH, SPATIAL_ONLY], ids=["gate", "none"])


@CONFIGS
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("training", [True, False])
def test_shares_and_a_reconstruction_of_every_pixel(config, batch, training):
    unmixed = UnmixingNetwork(config).train(training)(torch.randn(batch, 6, 8, 8))
    assert unmixed.abundances.shape == (batch, 3, 8, 8)
    assert unmixed.reconstruction.shape == (batch, 6, 8, 8)


@settings(max_examples=30, deadline=None)
@given(
    gated=st.booleans(),
    training=st.booleans(),
    num_endmembers=st.integers(1, 5),
    shape=st.tuples(st.integers(1, 3), st.integers(3, 11), st.integers(3, 11)),
    strength=st.sampled_from([0.0, 1.0, 1e4]),
    seed=st.integers(0, 1000),
)
def test_abundances_are_shares(gated, training, num_endmembers, shape, strength, seed):
    torch.manual_seed(seed)
    network = UnmixingNetwork(replace(BOTH if gated else SPATIAL_ONLY, num_endmembers=num_endmembers)).train(training)
    batch, rows, cols = shape
    abundances, reconstruction = network(strength * torch.randn(batch, 6, rows, cols))
    assert abundances.shape == (batch, num_endmembers, rows, cols)
    assert bool((abundances >= 0).all())
    torch.testing.assert_close(abundances.sum(1), torch.ones(batch, rows, cols), atol=1e-5, rtol=0)
    mixed = torch.einsum("kc,bkhw->bchw", network.endmembers(), abundances)
    torch.testing.assert_close(reconstruction, mixed)


@CONFIGS
@pytest.mark.parametrize(("rows", "cols"), [(1, 1), (1, 5), (2, 3), (16, 7), (33, 20)])
def test_images_of_any_size(config, rows, cols):
    unmixed = UnmixingNetwork(config).eval()(torch.randn(2, 6, rows, cols))
    assert unmixed.abundances.shape == (2, 3, rows, cols)
    assert bool(unmixed.reconstruction.isfinite().all())


@pytest.mark.parametrize("gated", [True, False])
@pytest.mark.parametrize("side", [10, 16])
def test_the_published_network_takes_other_sizes_too(gated, side):
    network = UnmixingNetwork(published_config(TINY, channels=7, image=(16, 16), gated=gated)).eval()
    assert network(torch.randn(1, 7, side, side)).abundances.shape == (1, 4, side, side)


@CONFIGS
def test_samples_of_a_batch_do_not_meet(config):
    network = UnmixingNetwork(config).eval()
    image = torch.randn(3, 6, 8, 8)
    together = network(image).abundances
    for index in range(3):
        torch.testing.assert_close(network(image[index : index + 1]).abundances[0], together[index])


@CONFIGS
def test_what_missing_bands_hold_does_not_matter(config):
    network = UnmixingNetwork(config).eval()
    present = torch.tensor([True, True, False, True, False, True])
    image = torch.randn(2, 6, 8, 8)
    abundances = network(image, present).abundances
    image[:, ~present] = torch.nan
    torch.testing.assert_close(network(image, present).abundances, abundances)
    assert not torch.allclose(network(image.nan_to_num(0.5)).abundances, abundances)


@CONFIGS
def test_channels_beside_the_bands(config):
    spatial = replace(config.backbone.spatial, beside=2)
    network = UnmixingNetwork(replace(config, backbone=replace(config.backbone, spatial=spatial))).eval()
    image = torch.randn(1, 6, 7, 9)
    # Their weights begin at zero.
    with_them = network(image, beside=torch.randn(1, 2, 7, 9)).abundances
    torch.testing.assert_close(with_them, network(image).abundances)


def test_endmembers_given_are_those_of_the_network():
    network = UnmixingNetwork(BOTH)
    spectra = torch.rand(3, 6)
    network.set_endmembers(spectra)
    torch.testing.assert_close(network.endmembers(), spectra)
    network.set_endmembers(spectra - 0.5)
    torch.testing.assert_close(network.endmembers(), (spectra - 0.5).clamp(min=0))
    with pytest.raises(ConfigError, match=r"has 3 endmembers of 6 bands, found spectra of shape \(2, 6\)"):
        network.set_endmembers(spectra[:2])


@CONFIGS
def test_abundances_begin_where_they_are_told_to(config):
    network = UnmixingNetwork(config).eval()
    torch.nn.init.constant_(network.logits[-2].weight, 100.0)
    begun = torch.rand(2, 3, 7, 5).softmax(1)
    image = torch.randn(2, 6, 7, 5)
    assert not torch.allclose(network(image, begun=begun).abundances, begun, atol=1e-2)
    network.change_nothing()
    torch.testing.assert_close(network(image, begun=begun).abundances, begun, atol=2e-3, rtol=0)
    assert network.logits[-2].weight.requires_grad


def test_endmembers_stay_spectra():
    network = UnmixingNetwork(BOTH)
    with torch.no_grad():
        network.decoder.weight.normal_()
    kept = network.decoder.weight.clamp(min=0)
    assert bool((network.endmembers() >= 0).all())
    network.keep_positive()
    torch.testing.assert_close(network.decoder.weight.detach(), kept)
    assert network.decoder.weight.requires_grad


# In eval mode: in training dropout leaves out channels.
@pytest.mark.parametrize(
    "config",
    [BOTH, SPATIAL_ONLY, published_config(TINY, channels=6, image=(8, 8))],
    ids=["gate", "none", "published"],
)
def test_every_parameter_of_a_network_learns(config):
    torch.manual_seed(0)
    network = UnmixingNetwork(config).eval()
    image = torch.rand(4, 6, 8, 8)
    unmixing_loss(network(image), image, network.endmembers()).backward()
    still = [name for name, part in network.named_parameters() if part.grad is None or not part.grad.any()]
    assert still == []


# All parameters of the published networks less those that never get a gradient: norms that are never applied, three
# projections and three convolutions that nothing reads.
@pytest.mark.parametrize(("gated", "live"), [(True, 177_334_420 - 519_744), (False, 87_163_348 - 1_536)])
def test_live_parameters_are_as_many_as_published(gated, live):
    with torch.device("meta"):
        network = UnmixingNetwork(published_config(SIZES["base"], channels=162, gated=gated))
    assert sum(parameter.numel() for parameter in network.parameters()) == live


@pytest.mark.parametrize("config", [UnmixingConfig(), published_config(TINY, channels=5, gated=False)])
def test_settings_go_to_plain_data_and_back(config):
    assert structure(unstructure(config), UnmixingConfig, "settings") == config


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_endmembers": 0}, r"num_endmembers \(0\) and width \(4\) .* at least 1"),
        ({"width": 0}, r"width \(0\)"),
        ({"dropout": 1.0}, r"dropout \(1.0\) .* below 1"),
        ({"logit_dropout": -0.1}, r"logit_dropout \(-0.1\)"),
        ({"scale": 0.0}, r"scale of the logits must be above 0, not 0.0"),
    ],
)
def test_settings_that_make_no_network_are_refused(change, message):
    with pytest.raises(ConfigError, match=message):
        replace(BOTH, **change)
