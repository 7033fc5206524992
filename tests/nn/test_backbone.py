"""Both encoders together."""

import pytest
import torch

from hypersigma.errors import ConfigError
from hypersigma.nn.backbone import (
    Backbone,
    BackboneConfig,
    SpatialConfig,
    SpectralConfig,
    SpectralEncoder,
)
from hypersigma.nn.encoder import EncoderConfig

ENCODER = EncoderConfig(dim=8, depth=3, heads=2, interval=2, taps=(0, 2))
SPATIAL = SpatialConfig(encoder=ENCODER, channels=9, patch=4)
SPECTRAL = SpectralConfig(encoder=ENCODER, tokens=9, tile=(8, 8))


def test_features_of_any_picture():
    backbone = Backbone(BackboneConfig(spatial=SPATIAL, spectral=SPECTRAL)).eval()
    for rows, cols in ((8, 8), (12, 4)):
        features = backbone(torch.randn(2, 9, rows, cols))
        assert [tuple(tapped.shape) for tapped in features.spatial] == [(2, 8, rows // 4, cols // 4)] * 2
        assert features.spectral.shape == (2, 9, 8)


def test_missing_bands_are_missing_tokens():
    backbone = Backbone(BackboneConfig(spatial=SPATIAL, spectral=SPECTRAL)).eval()
    present = torch.ones(9, dtype=torch.bool)
    image = torch.randn(1, 9, 8, 8)
    everything, all_present = backbone(image), backbone(image, present)
    torch.testing.assert_close(everything.spectral, all_present.spectral)
    torch.testing.assert_close(everything.spatial, all_present.spatial)
    present[3:5] = False
    features = backbone(image, present)
    image[:, 3:5] = torch.nan
    holes = backbone(image, present)
    assert features.spectral.shape == (1, 7, 8)
    torch.testing.assert_close(features, holes)


def test_without_a_spectral_encoder():
    assert Backbone(BackboneConfig(spatial=SPATIAL, spectral=None))(torch.randn(1, 9, 8, 8)).spectral is None


def test_the_published_picture_of_bands():
    encoder = SpectralEncoder(SpectralConfig(encoder=ENCODER, tokens=9, tile=(8, 8), axis="picture")).eval()
    assert encoder(torch.randn(1, 9, 8, 8))[-1].shape == (1, 9, 8)
    with pytest.raises(ConfigError, match="no place for missing ones"):
        encoder(torch.randn(1, 9, 8, 8), torch.arange(9) < 4)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: SpatialConfig(patch=0), "at least 1"),
        (lambda: SpectralConfig(tile=(0, 4)), "at least 1"),
        (lambda: SpectralConfig(tokens=10, axis="picture"), "no square picture"),
    ],
)
def test_impossible_backbones_are_refused(build, message):
    with pytest.raises(ConfigError, match=message):
        build()
