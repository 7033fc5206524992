"""The classification networks; their values stand in tests/golden."""

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn.functional import interpolate

from hypersigma.errors import ConfigError
from hypersigma.nn.backbone import BackboneConfig, SpatialConfig, SpectralConfig
from hypersigma.nn.encoder import EncoderConfig
from hypersigma.nn.sizes import SIZES, Size
from hypersigma.tasks.classification.network import ClassificationNetwork, NetworkConfig, published_config

ENCODER = EncoderConfig(dim=8, depth=4, heads=2, interval=2, taps=(0, 1, 2, 3))
BACKBONE = BackboneConfig(
    spatial=SpatialConfig(encoder=ENCODER, channels=6, patch=4),
    spectral=SpectralConfig(encoder=replace(ENCODER, taps=(1,)), tokens=6, tile=(8, 8)),
)
TOY = NetworkConfig(num_classes=3, backbone=BACKBONE)
SPATIAL_ONLY = replace(BACKBONE, spectral=None)


@pytest.mark.parametrize("backbone", [BACKBONE, SPATIAL_ONLY], ids=["gate", "none"])
@pytest.mark.parametrize(("rows", "cols"), [(1, 1), (3, 17), (8, 8), (16, 5), (33, 20)])
def test_a_label_a_pixel_of_any_picture(backbone, rows, cols):
    network = ClassificationNetwork(replace(TOY, backbone=backbone)).eval()
    scores = network(torch.randn(2, 6, rows, cols))
    assert scores.shape == (2, 3, rows, cols)
    assert bool(scores.isfinite().all())


@pytest.mark.parametrize("backbone", [BACKBONE, SPATIAL_ONLY], ids=["gate", "none"])
def test_a_label_a_window(backbone):
    network = ClassificationNetwork(replace(TOY, backbone=backbone, head="patch"))
    assert network(torch.randn(2, 6, 9, 9)).shape == (2, 3)


@pytest.mark.parametrize("backbone", [BACKBONE, SPATIAL_ONLY], ids=["gate", "none"])
def test_scores_of_tokens_brought_to_pixels_are_scores_of_maps_brought_to_pixels(backbone):
    network = ClassificationNetwork(replace(TOY, backbone=backbone)).double().eval()
    image = torch.randn(1, 6, 16, 16, dtype=torch.float64)
    features = network.backbone(image)
    maps = network.pyramid(features.spatial)
    if (fusion := network.fusion) is not None:
        tokens = fusion.projection(features.spectral)
        parts = zip(maps, fusion.reductions, fusion.gates, strict=True)
        maps = tuple(reduce(level * gate(tokens)) for level, reduce, gate in parts)
    upsampled = [interpolate(level, size=(16, 16), mode="bilinear") for level in reversed(maps)]
    expected = network.classifier(torch.cat(upsampled, dim=1).movedim(1, -1)).movedim(-1, 1)
    torch.testing.assert_close(network(image), expected)


def test_missing_bands_are_told_to_the_network():
    network = ClassificationNetwork(TOY).eval()
    present = torch.tensor([True, True, False, True, False, True])
    image = torch.randn(1, 6, 8, 8)
    scores = network(image, present)
    image[:, ~present] = torch.nan
    torch.testing.assert_close(network(image, present), scores)


def test_every_parameter_of_a_network_learns():
    for backbone in (BACKBONE, SPATIAL_ONLY):
        for head in ("dense", "patch"):
            network = ClassificationNetwork(replace(TOY, backbone=backbone, head=head))
            network(torch.randn(2, 6, 16, 16)).square().sum().backward()
            assert [name for name, parameter in network.named_parameters() if parameter.grad is None] == []


def test_impossible_networks_are_refused():
    with pytest.raises(ConfigError, match="at least 2 classes"):
        replace(TOY, num_classes=1)
    with pytest.raises(ConfigError, match="2 steps does not fit 4 taps"):
        replace(TOY, pyramid=("same", "same"))


PATCH = {"head": "patch", "channels": 30, "image": (33, 33), "patch": 2, "num_classes": 17}
DENSE = {"head": "dense", "channels": 20, "image": (128, 128), "patch": 8, "num_classes": 9}


# All parameters of the published networks less those that never get a gradient.
@pytest.mark.parametrize(
    ("settings", "live"),
    [
        (PATCH, 183_804_468 - 64_436_195),
        (PATCH | {"gated": False}, 89_684_898 - 2_757_009),
        (DENSE, 193_747_054 - 63_873_317),
        (DENSE | {"gated": False}, 88_437_266 - 815_625),
    ],
)
def test_live_parameters_are_as_many_as_published(settings, live):
    with torch.device("meta"):
        network: nn.Module = ClassificationNetwork(published_config(SIZES["base"], **settings))
    assert sum(parameter.numel() for parameter in network.parameters()) == live


def test_a_published_network_of_another_size():
    size = Size(8, 4, 2, 2, (0, 1, 2, 3))
    network = ClassificationNetwork(published_config(size, **DENSE | {"image": (32, 32), "channels": 5})).eval()
    assert network(torch.randn(1, 5, 32, 32)).shape == (1, 9, 32, 32)
