"""The change network for multispectral images and its loss; values of the published one stand in tests/golden."""

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import cross_entropy

from hypersigma.config import structure, unstructure
from hypersigma.errors import ConfigError
from hypersigma.nn.backbone import BackboneConfig, SpatialConfig, SpectralConfig
from hypersigma.nn.encoder import EncoderConfig
from hypersigma.nn.lovasz import lovasz_softmax
from hypersigma.nn.multispectral_change import (
    MultispectralChangeConfig,
    MultispectralChangeNetwork,
    multispectral_change_loss,
    published_config,
)
from hypersigma.nn.sizes import SIZES, Size

ENCODER = EncoderConfig(dim=8, depth=4, heads=2, interval=2, taps=(0, 1, 3))
BACKBONE = BackboneConfig(
    spatial=SpatialConfig(encoder=ENCODER, channels=6, patch=4),
    spectral=SpectralConfig(encoder=replace(ENCODER, taps=(1,)), tokens=6, tile=(16, 16)),
)
BOTH = MultispectralChangeConfig(channels=3, backbone=BACKBONE, pyramid=("up2", "same", "pool2"), width=5)
SPATIAL_ONLY = replace(BOTH, backbone=replace(BACKBONE, spectral=None))
TINY = Size(8, 4, 2, 2, (0, 1, 2, 3))
CONFIGS = pytest.mark.parametrize("config", [BOTH, SPATIAL_ONLY], ids=["gate", "none"])


def dates(batch=2, rows=16, cols=16, bands=3):
    return torch.randn(batch, bands, rows, cols), torch.randn(batch, bands, rows, cols)


@CONFIGS
@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize(("rows", "cols"), [(1, 1), (3, 17), (16, 16), (13, 10)])
def test_two_logits_a_pixel_of_any_picture(config, batch, rows, cols):
    logits = MultispectralChangeNetwork(config).eval()(*dates(batch, rows, cols))
    assert logits.shape == (batch, 2, rows, cols)
    assert bool(logits.isfinite().all())


@CONFIGS
def test_one_pair_is_enough_to_train_on(config):
    assert MultispectralChangeNetwork(config).train()(*dates(1)).shape == (1, 2, 16, 16)


@CONFIGS
def test_samples_of_a_batch_do_not_meet(config):
    network = MultispectralChangeNetwork(config).eval()
    first, second = dates(3)
    together = network(first, second)
    for index in range(3):
        torch.testing.assert_close(network(first[index : index + 1], second[index : index + 1])[0], together[index])


@pytest.mark.parametrize("gated", [True, False])
def test_a_published_network_on_pictures_of_another_size(gated):
    network = MultispectralChangeNetwork(published_config(TINY, image=(32, 32), gated=gated)).eval()
    assert network(*dates(1, 21, 40, bands=13)).shape == (1, 2, 21, 40)


def test_published_encoders_sample_four_places_and_eight():
    backbone = published_config(TINY).backbone
    assert (backbone.spatial.encoder.points, backbone.spectral.encoder.points) == (4, 8)


# In eval mode: in training a batch norm takes out again what the bias before it adds, so that it cannot learn.
@pytest.mark.parametrize(
    "config", [BOTH, SPATIAL_ONLY, published_config(TINY, image=(32, 32))], ids=["gate", "none", "published"]
)
def test_every_parameter_of_a_network_learns(config):
    torch.manual_seed(0)
    network = MultispectralChangeNetwork(config).eval()
    logits = network(*dates(2, 32, 32, config.channels))
    multispectral_change_loss(logits, torch.randint(-1, 2, (2, 32, 32))).backward()
    still = [name for name, part in network.named_parameters() if part.grad is None or not part.grad.any()]
    assert still == []


# All parameters of the published network less those that never get a gradient.
def test_live_parameters_are_as_many_as_published():
    with torch.device("meta"):
        network = MultispectralChangeNetwork(published_config(SIZES["base"]))
    assert sum(parameter.numel() for parameter in network.parameters()) == 194_052_090 - 58_198_336


@pytest.mark.parametrize("config", [BOTH, published_config(TINY, gated=False)])
def test_settings_go_to_plain_data_and_back(config):
    assert structure(unstructure(config), MultispectralChangeConfig, "settings") == config


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"channels": 0}, r"channels \(0\) and width \(5\) of a change network must be at least 1"),
        ({"width": 0}, r"channels \(3\) and width \(0\) of a change network must be at least 1"),
        ({"pyramid": ("same",)}, r"a pyramid of 1 steps does not fit 3 taps \(0, 1, 3\)"),
    ],
)
def test_settings_that_make_no_network_are_refused(change, message):
    with pytest.raises(ConfigError, match=message):
        replace(BOTH, **change)


def test_images_that_do_not_fit_are_refused():
    network = MultispectralChangeNetwork(BOTH)
    with pytest.raises(
        ConfigError, match=r"alike in shape and have 3 bands, found \(2, 3, 16, 16\) and \(2, 3, 16, 8\)"
    ):
        network(dates()[0], dates(cols=8)[1])
    with pytest.raises(ConfigError, match=r"have 3 bands, found \(2, 4, 16, 16\)"):
        network(*dates(bands=4))


def test_the_loss_is_the_published_sum():
    logits, labels = torch.randn(2, 2, 5, 4, dtype=torch.float64), torch.randint(-1, 2, (2, 5, 4))
    weights = torch.tensor([1.0, 10.0], dtype=torch.float64)
    expected = cross_entropy(logits, labels, weight=weights, ignore_index=-1)
    expected = expected + 0.75 * lovasz_softmax(logits.softmax(1), labels)
    torch.testing.assert_close(multispectral_change_loss(logits, labels), expected)


def test_nothing_is_learned_where_nothing_is_labelled():
    logits = torch.randn(1, 2, 3, 3, requires_grad=True)
    loss = multispectral_change_loss(logits, torch.full((1, 3, 3), -1))
    loss.backward()
    assert loss.item() == 0
    assert not logits.grad.any()
