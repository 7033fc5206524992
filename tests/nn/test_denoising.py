"""The denoising network; values of the published one stand in tests/golden."""

import pytest
import torch

from hypersigma.config import structure, unstructure
from hypersigma.nn.denoising import DenoisingConfig, DenoisingNetwork, denoising_loss, published_config
from hypersigma.nn.sizes import SIZES, Size

TINY = Size(8, 4, 2, 2, (0, 1, 2, 3))
GATED = pytest.mark.parametrize("gated", [True, False])


def network(gated, channels=6, image=(8, 8)):
    return DenoisingNetwork(published_config(TINY, channels=channels, image=image, gated=gated))


@GATED
@pytest.mark.parametrize(("batch", "rows", "cols"), [(1, 8, 8), (3, 8, 8), (1, 1, 1), (1, 7, 10)])
@pytest.mark.parametrize("training", [True, False])
def test_an_image_of_the_same_size(gated, batch, rows, cols, training):
    restored = network(gated).train(training)(torch.randn(batch, 6, rows, cols))
    assert restored.shape == (batch, 6, rows, cols)
    assert bool(restored.isfinite().all())


@GATED
@pytest.mark.parametrize("channels", [1, 4, 13])
def test_any_number_of_bands(gated, channels):
    assert network(gated, channels).eval()(torch.randn(1, channels, 8, 8)).shape == (1, channels, 8, 8)


@GATED
def test_every_parameter_learns(gated):
    torch.manual_seed(0)
    denoiser = network(gated)
    denoising_loss(denoiser(torch.randn(2, 6, 8, 8)), torch.rand(2, 6, 8, 8)).backward()
    still = [name for name, part in denoiser.named_parameters() if part.grad is None or not part.grad.any()]
    assert still == []


# All parameters of the published networks less those that never get a gradient.
@pytest.mark.parametrize(
    ("gated", "live"), [(True, 198_140_884 - 13_984_308), (False, 94_430_996 - 330_056)], ids=["both", "spatial"]
)
def test_live_parameters_are_as_many_as_published(gated, live):
    with torch.device("meta"):
        denoiser = DenoisingNetwork(published_config(SIZES["base"], gated=gated))
    assert sum(parameter.numel() for parameter in denoiser.parameters()) == live


@pytest.mark.parametrize("config", [DenoisingConfig(), published_config(TINY, gated=False)])
def test_settings_go_to_plain_data_and_back(config):
    assert structure(unstructure(config), DenoisingConfig, "settings") == config


def test_the_loss_is_the_mean_squared_error():
    restored, clean = torch.rand(2, 3, 4, 5), torch.rand(2, 3, 4, 5)
    expected = sum((a - b) ** 2 for a, b in zip(restored.flatten(), clean.flatten(), strict=True)) / restored.numel()
    torch.testing.assert_close(denoising_loss(restored, clean), expected)
