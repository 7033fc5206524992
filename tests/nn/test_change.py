"""The change network for windows; values of the published one stand in tests/golden."""

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import cross_entropy

from hypersigma.config import structure, unstructure
from hypersigma.errors import ConfigError
from hypersigma.nn.backbone import BackboneConfig, SpatialConfig, SpectralConfig
from hypersigma.nn.change import ChangeConfig, ChangeNetwork, published_config
from hypersigma.nn.encoder import EncoderConfig
from hypersigma.nn.sizes import SIZES, Size

ENCODER = EncoderConfig(dim=8, depth=4, heads=2, interval=2, taps=(0, 1, 3))
BACKBONE = BackboneConfig(
    spatial=SpatialConfig(encoder=ENCODER, channels=6, patch=2),
    spectral=SpectralConfig(encoder=ENCODER, tokens=6, tile=(10, 10)),
)
BOTH = ChangeConfig(backbone=BACKBONE, width=4, classifier=(6, 5))
SPATIAL_ONLY = replace(BOTH, backbone=replace(BACKBONE, spectral=None))
TINY = Size(8, 4, 2, 2, (0, 1, 2, 3))
CONFIGS = pytest.mark.parametrize("config", [BOTH, SPATIAL_ONLY], ids=["gate", "none"])


def dates(batch=2, side=10):
    return torch.randn(batch, 6, side, side), torch.randn(batch, 6, side, side)


@CONFIGS
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("training", [True, False])
def test_two_logits_a_pair_of_windows(config, batch, training):
    logits = ChangeNetwork(config).train(training)(*dates(batch))
    assert logits.shape == (batch, 2)
    assert bool(logits.isfinite().all())


@pytest.mark.parametrize("gated", [True, False])
@pytest.mark.parametrize("window", [5, 15])
def test_published_windows(window, gated):
    network = ChangeNetwork(published_config(TINY, channels=7, window=window, gated=gated)).eval()
    assert network(torch.randn(1, 7, window, window), torch.randn(1, 7, window, window)).shape == (1, 2)


@CONFIGS
@pytest.mark.parametrize(("side", "depth"), [(6, 1), (7, 1), (14, 3)])
def test_the_depth_of_the_classifier_is_that_of_the_window(config, side, depth):
    network = ChangeNetwork(replace(config, classifier=(3,) * depth)).eval()
    assert network(*dates(1, side)).shape == (1, 2)


@CONFIGS
def test_samples_of_a_batch_do_not_meet(config):
    network = ChangeNetwork(config).eval()
    first, second = dates(3)
    together = network(first, second)
    for index in range(3):
        torch.testing.assert_close(network(first[index : index + 1], second[index : index + 1])[0], together[index])


@CONFIGS
def test_the_order_of_the_dates_does_not_matter(config):
    network = ChangeNetwork(config).eval()
    first, second = dates()
    torch.testing.assert_close(network(first, second), network(second, first))


@CONFIGS
def test_what_stays_does_not_matter(config):
    network = ChangeNetwork(config).eval()
    first, second = dates()
    unchanged = network(first, first)
    torch.testing.assert_close(unchanged, network(second, second))
    assert not torch.allclose(unchanged, network(first, second))


@CONFIGS
def test_what_missing_bands_hold_does_not_matter(config):
    network = ChangeNetwork(config).eval()
    present = torch.tensor([True, True, False, True, False, True])
    first, second = dates()
    logits = network(first, second, present)
    first[:, ~present], second[:, ~present] = torch.nan, torch.inf
    torch.testing.assert_close(network(first, second, present), logits)
    assert not torch.allclose(network(first.nan_to_num(0.5), second.nan_to_num(0.5, 0.5)), logits)


@CONFIGS
def test_all_bands_present_is_as_good_as_no_mask(config):
    network = ChangeNetwork(config).eval()
    first, second = dates()
    torch.testing.assert_close(network(first, second, torch.ones(6, dtype=torch.bool)), network(first, second))


# In eval mode: in training a batch norm takes out again what the bias before it adds, so that it cannot learn.
@pytest.mark.parametrize(
    "config",
    [BOTH, SPATIAL_ONLY, published_config(TINY, channels=6, window=5)],
    ids=["gate", "none", "published"],
)
def test_every_parameter_of_a_network_learns(config):
    torch.manual_seed(0)
    network = ChangeNetwork(config).eval()
    pair = dates(4, config.patches * config.backbone.spatial.patch)
    cross_entropy(network(*pair), torch.tensor([0, 1, 1, 0])).backward()
    still = [name for name, part in network.named_parameters() if part.grad is None or not part.grad.any()]
    assert still == []


# All parameters of the published networks less those that never get a gradient, the norms that are never applied.
@pytest.mark.parametrize(
    ("window", "channels", "gated", "live"),
    [
        (5, 154, True, 174_598_626 - 3_072),
        (15, 224, True, 174_842_594 - 3_072),
        (5, 154, False, 87_488_514 - 1_536),
        (15, 224, False, 87_578_882 - 1_536),
    ],
)
def test_live_parameters_are_as_many_as_published(window, channels, gated, live):
    with torch.device("meta"):
        network = ChangeNetwork(published_config(SIZES["base"], channels=channels, window=window, gated=gated))
    assert sum(parameter.numel() for parameter in network.parameters()) == live


@pytest.mark.parametrize("config", [ChangeConfig(), published_config(TINY, channels=5, window=15, gated=False)])
def test_settings_go_to_plain_data_and_back(config):
    assert structure(unstructure(config), ChangeConfig, "settings") == config


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"width": 0}, "width of a change network must be at least 1, not 0"),
        ({"classifier": ()}, r"one or more 3 x 3 convolutions .* found \(\)"),
        ({"classifier": (4, 0)}, r"at least 1 channel each, such as 256, 128; found \(4, 0\)"),
    ],
)
def test_settings_that_make_no_network_are_refused(change, message):
    with pytest.raises(ConfigError, match=message):
        replace(BOTH, **change)


def test_there_are_published_networks_for_two_windows_only():
    with pytest.raises(ConfigError, match="windows of 5 and 15 pixels each way, not 7"):
        published_config(TINY, channels=5, window=7)


def test_windows_that_the_classifier_cannot_take_are_refused():
    network = ChangeNetwork(BOTH)
    with pytest.raises(ConfigError, match=r"12 x 10 pixels are 6 x 5 patches of 2; give windows of 10 pixels each way"):
        network(torch.randn(1, 6, 12, 10), torch.randn(1, 6, 12, 10))
    with pytest.raises(ConfigError, match=r"alike in shape, found \(2, 6, 10, 10\) and \(1, 6, 10, 10\)"):
        network(dates(2)[0], dates(1)[1])
