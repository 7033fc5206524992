"""The super-resolution network and its loss; values of the published network stand in tests/golden."""

import math

import pytest
import torch

from hypersigma.config import structure, unstructure
from hypersigma.errors import ConfigError
from hypersigma.nn.sizes import SIZES, Size
from hypersigma.nn.super_resolution import (
    SuperResolutionConfig,
    SuperResolutionNetwork,
    published_config,
    super_resolution_loss,
)

TINY = Size(8, 4, 2, 2, (0, 1, 2, 3))
GATED = pytest.mark.parametrize("gated", [True, False])


def network(gated, channels=6, scale=2):
    return SuperResolutionNetwork(published_config(TINY, channels=channels, image=(8, 8), scale=scale, gated=gated))


def pair(batch=1, channels=6, rows=8, cols=8, scale=2):
    return torch.rand(batch, channels, rows, cols), torch.rand(batch, channels, rows * scale, cols * scale)


@GATED
@pytest.mark.parametrize(("batch", "rows", "cols"), [(1, 8, 8), (3, 8, 8), (1, 1, 1), (1, 7, 10)])
@pytest.mark.parametrize("training", [True, False])
def test_a_larger_image(gated, batch, rows, cols, training):
    restored = network(gated).train(training)(*pair(batch, rows=rows, cols=cols))
    assert restored.shape == (batch, 6, 2 * rows, 2 * cols)
    assert bool(restored.isfinite().all())


@GATED
@pytest.mark.parametrize("scale", [2, 4, 8])
def test_any_power_of_two(gated, scale):
    assert network(gated, scale=scale).eval()(*pair(scale=scale)).shape == (1, 6, 8 * scale, 8 * scale)


@GATED
@pytest.mark.parametrize("channels", [1, 4, 13])
def test_any_number_of_bands(gated, channels):
    assert network(gated, channels).eval()(*pair(channels=channels)).shape == (1, channels, 16, 16)


@GATED
def test_every_parameter_learns(gated):
    torch.manual_seed(0)
    resolver = network(gated)
    super_resolution_loss(resolver(*pair(2)), torch.rand(2, 6, 16, 16)).backward()
    still = [name for name, part in resolver.named_parameters() if part.grad is None or not part.grad.any()]
    assert still == []


# All parameters of the published networks less those that never get a gradient.
@pytest.mark.parametrize(
    ("gated", "scale", "live"),
    [
        (True, 4, 182_975_968 - 8_276_160),
        (True, 8, 183_059_104 - 8_276_160),
        (False, 4, 91_081_848 - 2_382_384),
    ],
)
def test_live_parameters_are_as_many_as_published(gated, scale, live):
    with torch.device("meta"):
        resolver = SuperResolutionNetwork(published_config(SIZES["base"], scale=scale, gated=gated))
    assert sum(parameter.numel() for parameter in resolver.parameters()) == live


@pytest.mark.parametrize("config", [SuperResolutionConfig(), published_config(TINY, gated=False)])
def test_settings_go_to_plain_data_and_back(config):
    assert structure(unstructure(config), SuperResolutionConfig, "settings") == config


@pytest.mark.parametrize("scale", [0, 1, 3, 6])
def test_other_scales_are_refused(scale):
    with pytest.raises(ConfigError, match=f"a scale of 2, 4, 8 ... is needed, not {scale}"):
        SuperResolutionConfig(scale=scale)


def test_an_interpolated_image_of_another_size_is_refused():
    image, interpolated = pair(scale=4)
    with pytest.raises(ConfigError, match=r"at scale 2 needs an interpolated one of \(1, 6, 16, 16\), found"):
        network(True)(image, interpolated)


def by_loops(restored, fine):
    """The published loss in double precision, voxel by voxel."""
    restored, fine = restored.double(), fine.double()
    batch, bands, rows, cols = fine.shape
    angles, gradients = [], []
    for b in range(batch):
        for r in range(rows):
            for c in range(cols):
                one, other = restored[b, :, r, c], fine[b, :, r, c]
                angles.append(math.acos(float(one @ other / (one.norm() * other.norm()))))
        for k in range(1, bands):
            for r in range(1, rows):
                for c in range(1, cols):
                    lengths = [
                        math.sqrt(
                            float(
                                (x[b, k, r, c] - x[b, k - 1, r, c]) ** 2
                                + (x[b, k, r, c] - x[b, k, r - 1, c]) ** 2
                                + (x[b, k, r, c] - x[b, k, r, c - 1]) ** 2
                                + 1e-6
                            )
                        )
                        for x in (restored, fine)
                    ]
                    gradients.append(abs(lengths[0] - lengths[1]))
    error = float((restored - fine).abs().mean())
    return error + 0.3 * sum(angles) / len(angles) / math.pi + 0.1 * sum(gradients) / len(gradients)


def test_the_loss_is_that_of_its_formula():
    restored, fine = torch.rand(2, 3, 4, 5), torch.rand(2, 3, 4, 5)
    assert float(super_resolution_loss(restored, fine)) == pytest.approx(by_loops(restored, fine), rel=1e-5)


def test_weights_of_the_loss():
    restored, fine = torch.rand(1, 3, 4, 5), torch.rand(1, 3, 4, 5)
    alone = super_resolution_loss(restored, fine, angle_weight=0.0, gradient_weight=0.0)
    torch.testing.assert_close(alone, (restored - fine).abs().mean())
    angle = super_resolution_loss(2 * fine, fine, gradient_weight=0.0) - fine.mean()
    assert float(angle) == pytest.approx(0.3 * math.acos(1 - 1e-6) / math.pi, abs=1e-5)


@pytest.mark.parametrize("shape", [(1, 1, 4, 4), (1, 3, 1, 4), (1, 3, 4, 1), (1, 1, 1, 1)])
@pytest.mark.parametrize("start", [torch.zeros, torch.ones])
def test_the_loss_and_its_gradient_are_numbers(shape, start):
    restored = start(shape).requires_grad_()
    super_resolution_loss(restored, torch.ones(shape)).backward()
    assert bool(restored.grad.isfinite().all())
