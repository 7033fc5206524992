"""The losses of unmixing: against formulas in double precision, and where gradients would burst."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hypersigma.nn.unmixing import Unmixed
from hypersigma.nn.unmixing_losses import (
    SPARSITY_WEIGHT,
    VARIATION_WEIGHT,
    root_sparsity,
    spectral_angles,
    total_variation,
    unmixing_loss,
)


def angle(one, other):
    """The angle of two spectra (C,), by the arc cosine in double precision."""
    return math.acos(min(1.0, float(one @ other) / float(np.linalg.norm(one) * np.linalg.norm(other))))


def example(batch=2, bands=6, materials=3, side=4):
    abundances = torch.rand(batch, materials, side, side).softmax(1).requires_grad_()
    return Unmixed(abundances, torch.rand(batch, bands, side, side).requires_grad_()), torch.rand(
        batch, bands, side, side
    )


@pytest.mark.parametrize("published", [True, False])
def test_angles_are_those_between_spectra(published):
    one, other = torch.rand(2, 6, 3, 4), torch.rand(2, 6, 3, 4)
    found = spectral_angles(one, other, published=published)
    assert found.shape == (2, 3, 4)
    expected = [
        angle(one[b, :, r, c].double().numpy(), other[b, :, r, c].double().numpy())
        for b, r, c in np.ndindex(*found.shape)
    ]
    np.testing.assert_allclose(found.flatten(), expected, rtol=1e-4)
    torch.testing.assert_close(spectral_angles(3.0 * one, other), spectral_angles(one, other))


@settings(max_examples=50, deadline=None)
@given(exponent=st.floats(-6, 0), seed=st.integers(0, 1000))
def test_small_angles_are_exact_in_single_precision(exponent, seed):
    generator = np.random.default_rng(seed)
    spectrum = generator.random(50) + 0.1
    across = generator.normal(size=50)
    across -= spectrum * (across @ spectrum) / (spectrum @ spectrum)
    across *= np.linalg.norm(spectrum) / np.linalg.norm(across)
    turned = spectrum * np.cos(10**exponent) + across * np.sin(10**exponent)
    pair = (torch.from_numpy(spectra)[None].float() for spectra in (spectrum, turned))
    assert float(spectral_angles(*pair)) == pytest.approx(10**exponent, abs=1e-6, rel=1e-4)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("same", "same", 0.0), ("zero", "same", math.pi / 2), ("zero", "zero", 0.0), ("same", "minus", math.pi)],
)
def test_gradients_stay_finite(one, other, expected):
    spectrum = torch.rand(1, 5) + 0.1
    given_spectra = {"same": spectrum, "zero": torch.zeros(1, 5), "minus": -spectrum}
    first, second = (given_spectra[name].clone().requires_grad_() for name in (one, other))
    found = spectral_angles(first, second)
    assert float(found.detach()) == pytest.approx(expected, abs=1e-6)
    found.sum().backward()
    assert bool(first.grad.isfinite().all())
    assert float(first.grad.abs().max()) < 1e3


def test_shares_of_one_material_are_the_sparsest():
    pure, even = torch.eye(4)[None, :, :1], torch.full((1, 4, 1), 0.25)
    torch.testing.assert_close(root_sparsity(pure), torch.full((1, 1), 0.25), atol=1e-3, rtol=0)
    torch.testing.assert_close(root_sparsity(even), torch.full((1, 1), 0.5))
    shares = torch.zeros(1, 3, 2, requires_grad=True)
    root_sparsity(shares).sum().backward()
    assert not shares.grad.any()


def test_variation_is_along_bands_and_has_a_gradient():
    spectra = torch.tensor([[0.0, 1.0, 0.5], [2.0, 2.0, 2.0]], requires_grad=True)
    variation = total_variation(spectra)
    assert float(variation.detach()) == pytest.approx(1.5 / 4)
    variation.backward()
    assert spectra.grad.any()
    assert float(total_variation(torch.rand(3, 1))) == 0.0


def test_published_variation_is_between_endmembers_and_has_none():
    spectra = torch.tensor([[0.0, 1.0], [2.0, 1.5], [2.0, 1.0]], requires_grad=True)
    variation = total_variation(spectra, published=True)
    assert float(variation) == pytest.approx(3.0)
    assert not variation.requires_grad


@pytest.mark.parametrize("published", [True, False])
def test_the_loss_is_the_sum_of_its_parts(published):
    unmixed, image = example()
    endmembers = torch.rand(3, 6)
    expected = (
        spectral_angles(unmixed.reconstruction, image).mean()
        + SPARSITY_WEIGHT * unmixed.abundances.sqrt().mean()
        + VARIATION_WEIGHT * total_variation(endmembers, published=published)
    )
    torch.testing.assert_close(unmixing_loss(unmixed, image, endmembers, published=published), expected)


def test_weights_of_zero_leave_the_angle():
    unmixed, image = example()
    angles = spectral_angles(unmixed.reconstruction, image)
    loss = unmixing_loss(unmixed, image, torch.rand(3, 6), sparsity=0.0, variation=0.0)
    torch.testing.assert_close(loss, angles.mean())


def test_pixels_and_bands_without_data_do_not_matter():
    unmixed, image = example()
    endmembers = torch.rand(3, 6)
    known, present = torch.rand(2, 4, 4) > 0.4, torch.tensor([True, False, True, True, True, False])
    loss = unmixing_loss(unmixed, image, endmembers, known=known, present=present)
    image = image.masked_fill(~known[:, None], torch.nan)
    image[:, ~present] = torch.inf
    torch.testing.assert_close(unmixing_loss(unmixed, image, endmembers, known=known, present=present), loss)
    kept = unmixed.reconstruction[:, present], image[:, present]
    angles = spectral_angles(*kept)[known].mean()
    roots = root_sparsity(unmixed.abundances)[known].mean()
    rough = total_variation(endmembers[:, present])
    torch.testing.assert_close(loss, angles + SPARSITY_WEIGHT * roots + VARIATION_WEIGHT * rough)
    loss.backward()
    assert bool(unmixed.reconstruction.grad.isfinite().all())
    assert not unmixed.reconstruction.grad[:, ~present].any()


def test_without_data_there_is_nothing_to_learn():
    unmixed, image = example()
    nothing = torch.zeros(2, 4, 4, dtype=torch.bool)
    loss = unmixing_loss(unmixed, torch.full_like(image, torch.nan), torch.ones(3, 6), known=nothing)
    assert float(loss.detach()) == 0.0
    loss.backward()
    assert not unmixed.abundances.grad.any()
    assert not unmixed.reconstruction.grad.any()
