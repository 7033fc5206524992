"""Constrained least squares of networks against the exact one."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hypersigma.data.abundances import fcls
from hypersigma.nn.simplex import constrained, on_simplex


@given(st.integers(1, 6), st.integers(0, 2**31 - 1))
def test_the_nearest_point_of_the_simplex(num: int, seed: int) -> None:
    """No point of the simplex that is drawn lies nearer."""
    generator = np.random.default_rng(seed)
    value = generator.normal(scale=2.0, size=num)
    found = on_simplex(torch.from_numpy(value)[None])[0].numpy()
    assert found.min() >= 0
    assert found.sum() == pytest.approx(1.0)
    others = generator.dirichlet(np.full(num, 0.5), size=200)
    assert np.square(found - value).sum() <= np.square(others - value).sum(axis=1).min() + 1e-12


@pytest.mark.parametrize("num", [1, 2, 4])
def test_abundances_are_those_of_constrained_least_squares(num: int) -> None:
    generator = np.random.default_rng(num)
    endmembers = 1 + 0.1 * generator.normal(size=(num, 60)).cumsum(axis=1)
    shares = generator.dirichlet(np.full(num, 0.5), size=48).T
    spectra = endmembers.T @ shares + 0.01 * generator.normal(size=(60, 48))
    image = torch.from_numpy(spectra).reshape(1, 60, 6, 8)
    found = constrained(image, torch.from_numpy(endmembers))[0].reshape(num, -1).numpy()
    np.testing.assert_allclose(found, fcls(spectra, endmembers), atol=1e-3)


def test_endmembers_of_zeros_get_equal_shares() -> None:
    found = constrained(torch.rand(1, 5, 2, 2), torch.zeros(4, 5))
    torch.testing.assert_close(found, torch.full((1, 4, 2, 2), 0.25))
