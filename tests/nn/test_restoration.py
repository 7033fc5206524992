"""Features for restoring images, and what both networks that use them share."""

from dataclasses import replace

import pytest
import torch

from hypersigma.config import structure, unstructure
from hypersigma.errors import ConfigError
from hypersigma.nn import denoising, super_resolution
from hypersigma.nn.backbone import BackboneConfig, SpatialConfig, SpectralConfig
from hypersigma.nn.encoder import EncoderConfig
from hypersigma.nn.restoration import AdapterConfig, RestorationConfig, RestorationFeatures
from hypersigma.nn.sizes import Size

ENCODER = EncoderConfig(dim=8, depth=3, heads=2, interval=2, taps=(0, 2))
SPATIAL = SpatialConfig(encoder=ENCODER, channels=5, patch=4)
SPECTRAL = SpectralConfig(encoder=ENCODER, tokens=5, tile=(8, 8))
BOTH = RestorationConfig(
    backbone=BackboneConfig(spatial=SPATIAL, spectral=SPECTRAL), adapter=AdapterConfig(depth=2), spectral_width=6
)
SPATIAL_ONLY = replace(BOTH, backbone=replace(BOTH.backbone, spectral=None), spatial_width=7)
TINY = Size(8, 4, 2, 2, (0, 1, 2, 3))
CONFIGS = pytest.mark.parametrize("config", [BOTH, SPATIAL_ONLY], ids=["gate", "none"])
PRESENT = torch.tensor([True, False, True, True, False])


def denoiser(config):
    return denoising.DenoisingNetwork(denoising.DenoisingConfig(features=config)).eval()


def super_resolver(config, **changes):
    settings = super_resolution.SuperResolutionConfig(features=config, **{"scale": 2} | changes)
    network = super_resolution.SuperResolutionNetwork(settings).eval()

    def run(image, *present):
        return network(image, image.repeat_interleave(settings.scale, 2).repeat_interleave(settings.scale, 3), *present)

    return run


NETWORKS = pytest.mark.parametrize(
    "build",
    [
        lambda: denoiser(BOTH),
        lambda: denoiser(SPATIAL_ONLY),
        lambda: super_resolver(BOTH),
        lambda: super_resolver(SPATIAL_ONLY, join="sum"),
    ],
    ids=["denoising", "denoising spatial", "super-resolution", "super-resolution spatial"],
)


@CONFIGS
@pytest.mark.parametrize(("batch", "rows", "cols"), [(1, 8, 8), (2, 8, 8), (1, 1, 1), (1, 3, 17), (2, 12, 5)])
def test_a_channel_a_band_of_any_image(config, batch, rows, cols):
    features = RestorationFeatures(config).eval()(torch.randn(batch, 5, rows, cols))
    assert features.shape == (batch, 5, rows, cols)
    assert bool(features.isfinite().all())


@pytest.mark.parametrize("patch", [1, 2, 4, 8])
def test_patches_are_doubled_back_to_pixels(patch):
    config = replace(BOTH, backbone=replace(BOTH.backbone, spatial=replace(SPATIAL, patch=patch)))
    network = RestorationFeatures(config).eval()
    assert 2 ** len(network.enlarge) == patch
    assert network(torch.randn(1, 5, 9, 10)).shape == (1, 5, 9, 10)


@pytest.mark.parametrize("bands", [1, 3, 40])
def test_adapters_have_no_more_heads_than_bands(bands):
    config = replace(
        BOTH,
        backbone=replace(
            BOTH.backbone, spatial=replace(SPATIAL, channels=bands), spectral=replace(SPECTRAL, tokens=bands)
        ),
    )
    network = RestorationFeatures(config).eval()
    assert network.adapter.blocks[0].attention.heads == min(12, bands)
    assert network(torch.randn(1, bands, 8, 8)).shape == (1, bands, 8, 8)


@NETWORKS
def test_samples_of_a_batch_do_not_meet(build):
    network, images = build(), torch.randn(3, 5, 8, 8)
    together = network(images)
    for index in range(3):
        torch.testing.assert_close(network(images[index : index + 1])[0], together[index])


@NETWORKS
def test_what_missing_bands_hold_does_not_matter(build):
    network, image = build(), torch.randn(2, 5, 8, 8)
    restored = network(image, PRESENT)
    image[:, ~PRESENT] = torch.nan
    torch.testing.assert_close(network(image, PRESENT), restored)
    assert bool(restored.isfinite().all())
    assert not torch.allclose(network(image.nan_to_num(0.5)), restored)


@NETWORKS
def test_all_bands_present_is_as_good_as_no_mask(build):
    network, image = build(), torch.randn(1, 5, 8, 8)
    torch.testing.assert_close(network(image, torch.ones(5, dtype=torch.bool)), network(image))


def test_learned_positions_are_those_of_pixels():
    config = replace(BOTH, positions="learned", grid=(8, 8))
    network, image = RestorationFeatures(config).eval(), torch.randn(1, 5, 8, 8)
    before = network(image)
    with torch.no_grad():
        network.positions.table[:, 8:] += 1
    after = network(image)
    assert not torch.allclose(before, after)
    assert network(torch.randn(1, 5, 11, 6)).shape == (1, 5, 11, 6)


def test_no_branch_of_a_published_network_is_ever_left_out():
    config = denoising.published_config(TINY, channels=5, image=(8, 8))
    network = denoising.DenoisingNetwork(config).train()
    image = torch.randn(2, 5, 8, 8)
    torch.testing.assert_close(network(image), network(image))


@CONFIGS
def test_settings_go_to_plain_data_and_back(config):
    assert structure(unstructure(config), RestorationConfig, "settings") == config


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"backbone": BackboneConfig(spatial=replace(SPATIAL, patch=6))}, "patches of 1, 2, 4, 8 ... pixels, not 6"),
        ({"grid": (0, 8)}, r"grid \(0, 8\) and widths"),
        ({"spatial_width": 0}, r"\(0, 6\) must be at least 1"),
        ({"spectral_width": 0}, r"\(None, 0\) must be at least 1"),
    ],
)
def test_settings_that_make_no_network_are_refused(change, message):
    with pytest.raises(ConfigError, match=message):
        replace(BOTH, **change)


def test_adapters_without_blocks_are_refused():
    with pytest.raises(ConfigError, match=r"adapter must be at least 1, found \(0, 12, 3, 8\)"):
        AdapterConfig(depth=0)


def test_a_picture_of_bands_has_none_missing():
    network = denoising.DenoisingNetwork(denoising.published_config(TINY, channels=5, image=(8, 8))).eval()
    with pytest.raises(ConfigError, match="none of them may be missing"):
        network(torch.randn(1, 5, 8, 8), PRESENT)
