"""Endmembers and abundances of scenes whose light may change from pixel to pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from hypersigma.data.separation import separate

ROWS, COLS, BANDS, NUM = 40, 44, 30, 3
Made = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]


def made(*, light: bool, snr: float = 40.0) -> Made:
    """Spectra (bands, n), endmembers (K, bands) and shares (K, n) of a scene."""
    generator = np.random.default_rng(5)
    endmembers = np.abs(np.cumsum(generator.normal(0, 0.1, (NUM, BANDS)), axis=1)) + 0.2
    fields = np.stack([ndimage.gaussian_filter(generator.normal(size=(ROWS, COLS)), 4) for _ in range(NUM)])
    shares = np.exp(60 * fields).reshape(NUM, -1)
    shares /= shares.sum(axis=0)
    spectra = endmembers.T @ shares
    if light:
        spectra = spectra * generator.uniform(0.4, 1.2, spectra.shape[1])
    deviation = np.sqrt(np.mean(spectra**2) * 10 ** (-snr / 10))
    return spectra + deviation * generator.normal(size=spectra.shape), endmembers, shares


def smooth(spectra: NDArray[Any]) -> NDArray[Any]:
    return np.stack([ndimage.gaussian_filter(band.reshape(ROWS, COLS), 1).ravel() for band in spectra])


def angles(found: NDArray[Any], true: NDArray[Any]) -> NDArray[Any]:
    unit = [values / np.linalg.norm(values, axis=1, keepdims=True) for values in (found, true)]
    return np.arccos(np.clip(unit[0] @ unit[1].T, -1, 1))


@pytest.mark.parametrize("snr", [25.0, 40.0])
@pytest.mark.parametrize("light", [False, True])
def test_shapes_count_where_the_light_changes_and_nowhere_else(light: bool, snr: float) -> None:
    spectra, endmembers, shares = made(light=light, snr=snr)
    found = separate(spectra, smooth(spectra), NUM)
    assert found.by_shape == light
    apart = angles(found.endmembers, endmembers)
    assert sorted(apart.argmin(axis=1)) == [0, 1, 2]
    assert apart.min(axis=1).max() < 0.1
    abundances = found.abundances(spectra)
    assert abundances.min() >= 0
    np.testing.assert_allclose(abundances.sum(axis=0), 1, atol=1e-5)
    error = abundances - shares[apart.argmin(axis=1)]
    assert np.sqrt(np.mean(error**2)) < (0.12 if light else 0.06)


def test_with_shade_a_changing_light_is_a_mixture_with_zeros() -> None:
    spectra, endmembers, _ = made(light=True)
    found = separate(spectra, smooth(spectra), NUM, shade=True)
    apart = angles(found.endmembers, endmembers)
    assert sorted(apart.argmin(axis=1)) == [0, 1, 2]
    assert apart.min(axis=1).max() < 0.1


def test_brightness_changes_nothing_where_shapes_count() -> None:
    spectra, _, _ = made(light=True)
    found = separate(spectra, smooth(spectra), NUM)
    factors = np.random.default_rng(0).uniform(0.1, 3.0, spectra.shape[1])
    np.testing.assert_allclose(found.abundances(spectra * factors), found.abundances(spectra), atol=1e-5)


def test_one_endmember_is_the_mean() -> None:
    spectra, _, _ = made(light=False)
    found = separate(spectra, spectra, 1)
    np.testing.assert_allclose(found.endmembers[0], spectra.mean(axis=1))
    np.testing.assert_allclose(found.abundances(spectra), 1.0)


def test_no_band_beside_those_of_the_endmembers() -> None:
    spectra, _, _ = made(light=False)
    few = spectra[: NUM + 1]
    assert separate(few, smooth(few), NUM).endmembers.shape == (NUM, NUM + 1)
