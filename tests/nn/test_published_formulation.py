"""The published formulation that speed is measured against: it computes what our networks compute, and gradients."""

import pytest
import torch

from benchmarks.speed import published
from hypersigma.nn.mae import MaskedAutoencoder, SpatialMaskingConfig, SpectralMaskingConfig, masking_encoder
from hypersigma.nn.sizes import Size
from hypersigma.tasks.classification.network import ClassificationNetwork, published_config

SIZE = Size(dim=16, depth=4, heads=2, interval=2, taps=(0, 1, 2, 3))


@pytest.mark.parametrize(("head", "side", "patch"), [("patch", 9, 2), ("dense", 16, 2), ("dense", 32, 8)])
def test_classification(head, side, patch):
    torch.manual_seed(0)
    config = published_config(SIZE, head=head, channels=6, image=(side, side), patch=patch, num_classes=3)
    network = ClassificationNetwork(config).double().eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    plain = published.PublishedClassification(network, SIZE.depth).eval()
    image = torch.randn(2, 6, side, side, dtype=torch.float64)
    weights = list(network.parameters())
    found = []
    for form in (network, plain):
        scores = form(image)
        found.append([scores, *torch.autograd.grad(scores.sin().sum(), weights, allow_unused=True)])
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("config", [SpatialMaskingConfig, SpectralMaskingConfig])
def test_masked_autoencoding(config):
    torch.manual_seed(0)
    encoder = masking_encoder(SIZE)
    settings = config(encoder=encoder, decoder=encoder, channels=6, tile=(16, 16), **SETTINGS[config])
    network = MaskedAutoencoder(settings).double().eval()
    image, noise = (
        torch.randn(2, 6, 16, 16, dtype=torch.float64),
        torch.rand(2, 4 if "patch" in SETTINGS[config] else 6),
    )
    loss = network(image, noise).loss(network.target(image))
    torch.testing.assert_close(published.masked_loss(network, image, noise), loss)


SETTINGS = {
    SpatialMaskingConfig: {"patch": 8, "positions": "none"},
    SpectralMaskingConfig: {"tokens": 6, "positions": "none"},
}
