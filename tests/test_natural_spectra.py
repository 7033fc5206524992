"""What bands are expected to be, and the components that tell places apart."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hypersigma.natural_spectra import components, expectation, natural_spectra
from hypersigma.nn.expected import expected


def drawn(count: int = 400) -> np.ndarray:
    spectra = natural_spectra()
    return np.random.default_rng(0).multivariate_normal(spectra.mean, spectra.covariance, size=count)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.booleans(), min_size=100, max_size=100).filter(any))
def test_bands_that_are_there_stay(present: list[bool]) -> None:
    there = np.array(present)
    matrix, constant = expectation(there.tobytes())
    spectra = drawn(3)
    whole = spectra[:, there] @ matrix.T + constant
    np.testing.assert_allclose(whole[:, there], spectra[:, there], atol=1e-9)


def test_expectation_is_better_than_a_straight_line() -> None:
    there = np.ones(100, dtype=bool)
    there[45:50] = there[66:75] = False
    spectra = drawn()
    matrix, constant = expectation(there.tobytes())
    guess = (spectra[:, there] @ matrix.T + constant)[:, ~there]
    line = np.array([np.interp(np.flatnonzero(~there), np.flatnonzero(there), one[there]) for one in spectra])
    assert np.square(guess - spectra[:, ~there]).mean() < 0.5 * np.square(line - spectra[:, ~there]).mean()


def test_components_are_as_loud_as_each_other() -> None:
    matrix = components(32)
    variance = np.diag(matrix @ natural_spectra().within @ matrix.T)
    assert variance.max() <= 1.0
    assert variance[:10].min() > 0.9
    assert variance.min() > 0.3


def test_what_is_missing_may_hold_anything() -> None:
    image = torch.rand(2, 100, 3, 4)
    present = torch.arange(100) < 40
    spoiled = torch.where(present[:, None, None], image, torch.nan)
    whole = expected(spoiled, present)
    assert whole.isfinite().all()
    torch.testing.assert_close(whole[:, :40], image[:, :40])
    assert expected(image, None) is image
