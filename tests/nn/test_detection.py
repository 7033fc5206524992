"""The detection networks and their losses; values of the published ones stand in tests/golden."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import log_loss
from torch.nn.functional import cross_entropy, interpolate

from hypersigma.config import structure, unstructure
from hypersigma.errors import ConfigError
from hypersigma.nn.backbone import BackboneConfig, SpatialConfig, SpectralConfig
from hypersigma.nn.detection import (
    AnomalyNetwork,
    DetectionConfig,
    DetectionFeatures,
    TargetNetwork,
    anomaly_loss,
    published_config,
    target_loss,
)
from hypersigma.nn.encoder import EncoderConfig
from hypersigma.nn.sizes import SIZES, Size

ENCODER = EncoderConfig(dim=8, depth=4, heads=2, interval=2, taps=(0, 1, 3))
BACKBONE = BackboneConfig(
    spatial=SpatialConfig(encoder=ENCODER, channels=6, patch=4),
    spectral=SpectralConfig(encoder=ENCODER, tokens=6, tile=(8, 8)),
)
BOTH = DetectionConfig(backbone=BACKBONE)
SPATIAL_ONLY = DetectionConfig(backbone=replace(BACKBONE, spectral=None))
TINY = Size(8, 4, 2, 2, (0, 1, 2, 3))
CONFIGS = pytest.mark.parametrize("config", [BOTH, SPATIAL_ONLY], ids=["gate", "none"])


def with_patch(config, patch, **changes):
    backbone = config.backbone
    return replace(config, backbone=replace(backbone, spatial=replace(backbone.spatial, patch=patch, **changes)))


@CONFIGS
@pytest.mark.parametrize("patch", [1, 4])
@pytest.mark.parametrize(("rows", "cols"), [(1, 1), (3, 17), (8, 8), (13, 10)])
def test_a_score_a_pixel_of_any_picture(config, patch, rows, cols):
    config, image = with_patch(config, patch), torch.randn(2, 6, rows, cols)
    logits = AnomalyNetwork(config).eval()(image)
    scores = TargetNetwork(config).eval()(image, torch.randn(2, 6))
    assert logits.shape == (2, 2, rows, cols)
    assert scores.shape == (2, rows, cols)
    assert bool(logits.isfinite().all())
    assert bool(scores.isfinite().all())


@CONFIGS
@pytest.mark.parametrize("make", ["ours", "published"])
def test_a_picture_of_one_band(config, make):
    backbone = config.backbone
    if make == "ours":
        spectral = backbone.spectral and replace(backbone.spectral, tokens=1)
        backbone = replace(backbone, spatial=replace(backbone.spatial, channels=1), spectral=spectral)
        config = replace(config, backbone=backbone)
    else:
        config = published_config(TINY, channels=1, image=(6, 5), gated=backbone.spectral is not None)
    image = torch.randn(1, 1, 6, 5)
    assert bool(AnomalyNetwork(config).eval()(image).isfinite().all())
    assert bool(TargetNetwork(config).eval()(image, torch.randn(1, 1)).isfinite().all())


@CONFIGS
def test_features_and_scores_by_the_formula(config):
    network = TargetNetwork(with_patch(config, 1)).double().eval()
    image, target = torch.randn(1, 6, 3, 4, dtype=torch.float64), torch.randn(1, 6, dtype=torch.float64)
    with torch.no_grad():
        found, scores, backbone = (
            network.features(image)[0],
            network(image, target)[0],
            network.features.backbone(image),
        )
    weights = {name: tensor.squeeze().numpy() for name, tensor in network.state_dict().items()}
    factor = np.ones(128)
    if backbone.spectral is not None:
        tokens = [weights["features.projection.weight"] @ token for token in backbone.spectral[0].numpy()]
        means = np.array([token.mean() for token in tokens] + [1.0] * 6)
        hidden = np.maximum(weights["features.gate.squeeze.weight"] @ means, 0)
        factor += 1 / (1 + np.exp(-weights["features.gate.excite.weight"] @ hidden))
    embedded = weights["embed_target.0.weight"] @ target[0].numpy()
    embedded = torch.from_numpy((embedded - embedded.mean()) / np.sqrt(embedded.var() + 1e-5))
    embedded = weights["embed_target.3.weight"] @ torch.nn.functional.gelu(embedded).numpy()
    for row in range(3):
        for col in range(4):
            summed = sum(
                weights[f"features.reductions.{level}.weight"] @ tapped[0, :, row, col].numpy()
                for level, tapped in enumerate(backbone.spatial)
            )
            expected = factor * (weights["features.mix.weight"] @ summed)
            np.testing.assert_allclose(found[:, row, col].numpy(), expected, rtol=1e-9, atol=1e-12)
            np.testing.assert_allclose(scores[row, col].item(), embedded @ expected, rtol=1e-9, atol=1e-12)


def test_features_of_patches_lie_over_the_middle_of_their_tokens():
    trunk = DetectionFeatures(SPATIAL_ONLY).eval()
    image = torch.randn(1, 6, 8, 12)
    tokens = trunk.mix(sum(trunk.reduced(trunk.backbone(image).spatial)))
    assert tokens.shape == (1, 128, 2, 3)
    torch.testing.assert_close(trunk(image), interpolate(tokens, scale_factor=4, mode="bilinear"))


@pytest.mark.parametrize("missing", ["scaled", "expected"])
def test_what_missing_bands_hold_does_not_matter(missing):
    spatial = SpatialConfig(encoder=ENCODER, channels=100, patch=4, missing=missing)
    backbone = BackboneConfig(spatial=spatial, spectral=replace(BACKBONE.spectral, tokens=100))
    anomaly, target = (build(DetectionConfig(backbone=backbone)).eval() for build in (AnomalyNetwork, TargetNetwork))
    present = torch.arange(100) % 7 > 1
    image, spectrum = torch.rand(1, 100, 8, 8), torch.rand(1, 100)
    logits, scores = anomaly(image, present), target(image, spectrum, present)
    image[:, ~present], spectrum[:, ~present] = torch.nan, torch.nan
    torch.testing.assert_close(anomaly(image, present), logits)
    torch.testing.assert_close(target(image, spectrum, present), scores)
    assert not torch.allclose(target(image.nan_to_num(0.5), spectrum.nan_to_num(0.5)), scores)


def test_all_bands_present_is_as_good_as_no_mask():
    network = TargetNetwork(BOTH).eval()
    image, target = torch.randn(2, 6, 8, 8), torch.randn(2, 6)
    torch.testing.assert_close(network(image, target, torch.ones(6, dtype=torch.bool)), network(image, target))


def test_one_target_serves_a_whole_batch():
    network = TargetNetwork(BOTH).eval()
    image, target = torch.randn(3, 6, 8, 8), torch.randn(1, 6)
    torch.testing.assert_close(network(image, target), network(image, target.expand(3, 6)))


def test_a_target_of_other_bands_is_refused():
    with pytest.raises(ConfigError, match="has 5 bands, the network takes 6"):
        TargetNetwork(BOTH)(torch.randn(1, 6, 8, 8), torch.randn(1, 5))


@CONFIGS
@pytest.mark.parametrize("beside", [0, 2])
def test_every_parameter_of_a_network_learns(config, beside):
    torch.manual_seed(0)
    config = with_patch(config, 4, beside=beside)
    image, further = torch.randn(2, 6, 16, 16), torch.randn(2, beside, 16, 16) if beside else None
    labels = torch.randint(-1, 2, (2, 16, 16))
    anomaly, target = AnomalyNetwork(config), TargetNetwork(config)
    anomaly_loss(anomaly(image, beside=further), labels).backward()
    target_loss(target(image, torch.randn(2, 6), beside=further), labels).backward()
    for network in (anomaly, target):
        still = [name for name, part in network.named_parameters() if part.grad is None or not part.grad.any()]
        assert still == []


# All parameters of the published networks less those that never get a gradient.
@pytest.mark.parametrize(("gated", "live"), [(True, 174_705_116 - 31_836), (False, 87_468_032)])
def test_live_parameters_are_as_many_as_published(gated, live):
    with torch.device("meta"):
        network = AnomalyNetwork(published_config(SIZES["base"], channels=46, image=(32, 32), gated=gated))
    assert sum(parameter.numel() for parameter in network.parameters()) == live


@pytest.mark.parametrize("gated", [True, False])
def test_a_published_network_on_pictures_of_another_size(gated):
    network = AnomalyNetwork(published_config(TINY, channels=5, image=(8, 6), gated=gated)).eval()
    assert network(torch.randn(1, 5, 7, 9)).shape == (1, 2, 7, 9)


@pytest.mark.parametrize("config", [DetectionConfig(), published_config(TINY, channels=5, image=(8, 6), gated=False)])
def test_settings_go_to_plain_data_and_back(config):
    assert structure(unstructure(config), DetectionConfig, "settings") == config


SCORES = st.lists(st.tuples(st.floats(-8, 8), st.sampled_from([-1, 0, 1])), min_size=1, max_size=12)


def mean_log_loss(probability, labels):
    """By scikit-learn, over the labelled pixels."""
    labelled = labels >= 0
    return log_loss(labels[labelled], probability[labelled], labels=[0, 1]) if labelled.any() else 0.0


@given(SCORES, st.booleans())
def test_the_target_loss_is_the_log_loss_of_labelled_pixels(pixels, published):
    scores = torch.tensor([[[score for score, _ in pixels]]], dtype=torch.float64)
    labels = torch.tensor([[[label for _, label in pixels]]])
    probability = (2 * scores - 1 if published else scores).sigmoid()
    expected = mean_log_loss(probability.flatten().numpy(), labels.flatten().numpy())
    assert target_loss(scores, labels, published=published).item() == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_the_published_target_loss_is_the_cross_entropy_of_its_pair():
    scores, labels = torch.randn(2, 4, 5, dtype=torch.float64), torch.randint(-1, 2, (2, 4, 5))
    expected = cross_entropy(torch.stack([1 - scores, scores], dim=1), labels, ignore_index=-1)
    torch.testing.assert_close(target_loss(scores, labels, published=True), expected)


@given(SCORES)
def test_the_anomaly_loss_is_the_log_loss_of_labelled_pixels(pixels):
    difference = torch.tensor([[[score for score, _ in pixels]]], dtype=torch.float64)
    labels = torch.tensor([[[label for _, label in pixels]]])
    loss = anomaly_loss(torch.stack([torch.ones_like(difference), 1 + difference], dim=1), labels)
    expected = mean_log_loss(difference.sigmoid().flatten().numpy(), labels.flatten().numpy())
    assert loss.item() == pytest.approx(expected, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("published", [True, False])
def test_nothing_is_learned_where_nothing_is_labelled(published):
    labels = torch.full((1, 3, 3), -1)
    logits, scores = torch.randn(1, 2, 3, 3, requires_grad=True), torch.randn(1, 3, 3, requires_grad=True)
    for output, loss in (
        (logits, anomaly_loss(logits, labels)),
        (scores, target_loss(scores, labels, published=published)),
    ):
        loss.backward()
        assert loss.item() == 0
        assert not output.grad.any()
