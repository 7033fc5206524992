"""The gate."""

import torch

from hypersigma.nn.fusion import SpectralGate


def test_factors_lie_between_one_and_two():
    factors = SpectralGate(5, 4, 3)(torch.randn(2, 5, 7))
    assert factors.shape == (2, 3, 1, 1)
    assert bool(((factors > 1) & (factors < 2)).all())


def test_the_published_gate_sees_means_alone():
    gate = SpectralGate(5, 4, 3, mask_input=False)
    tokens = torch.randn(2, 5, 7)
    expected = 1 + torch.sigmoid(torch.relu(tokens.mean(2) @ gate.squeeze.weight.T) @ gate.excite.weight.T)
    torch.testing.assert_close(gate(tokens)[..., 0, 0], expected)


def test_a_missing_token_differs_from_a_zero_one():
    torch.manual_seed(0)
    gate = SpectralGate(5, 16, 3)
    tokens = torch.randn(1, 5, 7)
    tokens[:, 2] = 0
    present = torch.tensor([True, True, False, True, True])
    assert not torch.allclose(gate(tokens[:, present], present), gate(tokens))
    torch.testing.assert_close(gate(tokens, torch.ones(5, dtype=torch.bool)), gate(tokens))
