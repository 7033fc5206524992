"""Samples of scenes: smoothed over neighbours that are alike but for noise, and over no others."""

from __future__ import annotations

import numpy as np
import pytest

from hypersigma.cube import Cube
from hypersigma.data.bands import Bands
from hypersigma.data.unmixing import UnmixingScene
from hypersigma.data.unmixing_sample import Sample, alike_note, sample_of

NOISE = 0.01


def materials() -> np.ndarray:
    """Three spectra (3, 40)."""
    grid = np.linspace(0.0, 1.0, 40)
    return np.stack([0.2 + 0.3 * grid, 0.5 - 0.2 * grid, 0.3 + 0.2 * np.sin(4 * grid)])


def sampled(shares: np.ndarray, smoothing: float = 1.0, hole: bool = False) -> tuple[Sample, np.ndarray]:
    """The sample of a scene of shares (3, rows, cols) with noise, and its spectra (40, n) without."""
    truth = np.tensordot(materials().T, shares, axes=1)
    image = (truth + NOISE * np.random.default_rng(1).standard_normal(truth.shape)).astype(np.float32)
    if hole:
        image[4, 2, 3] = np.nan
    cube = Cube.from_array(image)
    sample, _ = sample_of([UnmixingScene(cube, 3)], Bands.of(cube), smoothing)
    return sample, truth.reshape(40, -1)


def errors(sample: Sample, truth: np.ndarray) -> tuple[float, float]:
    """Root mean squared errors of spectra, and of smoothed ones."""
    plain, smooth = (float(np.sqrt(np.square(values - truth).mean())) for values in sample)
    return plain, smooth


def test_pixels_that_have_nothing_in_common_are_left_alone() -> None:
    shares = np.random.default_rng(0).dirichlet(np.full(3, 0.5), size=(24, 20)).transpose(2, 0, 1)
    plain, smooth = errors(*sampled(shares))
    assert smooth < 1.2 * plain


def test_noise_goes_and_edges_stay() -> None:
    fields = np.eye(3)[(np.arange(24)[:, None] // 8 + np.arange(20) // 7) % 3].transpose(2, 0, 1)
    plain, smooth = errors(*sampled(fields))
    assert smooth < 0.45 * plain


def test_without_smoothing_spectra_are_as_they_are() -> None:
    sample, _ = sampled(np.full((3, 12, 12), 1 / 3), smoothing=0.0)
    np.testing.assert_array_equal(sample.smooth, sample.spectra)


@pytest.mark.parametrize("smoothing", [0.5, 1.0])
def test_pixels_without_data_take_no_part(smoothing: float) -> None:
    sample, _ = sampled(np.full((3, 12, 12), 1 / 3), smoothing, hole=True)
    assert sample.spectra.shape == sample.smooth.shape == (40, 143)
    assert np.isfinite(sample.smooth).all()


def test_bands_that_never_vary_are_no_measure() -> None:
    image = np.full((5, 9, 9), 2.0, dtype=np.float32)
    image[1] += np.arange(9)
    cube = Cube.from_array(image)
    sample, _ = sample_of([UnmixingScene(cube, 2)], Bands.of(cube))
    assert np.isfinite(sample.smooth).all()


def test_endmembers_closer_than_noise_are_said() -> None:
    sample, _ = sampled(np.random.default_rng(0).dirichlet(np.full(3, 0.5), size=(24, 20)).transpose(2, 0, 1))
    names = ("one", "two", "three")
    assert alike_note(sample, materials(), names) == ""
    close = materials()
    close[2] = close[0] + 0.5 * NOISE
    assert "one and three differ by less than the noise" in alike_note(sample, close, names)
    assert alike_note(sample, close[:1], names) == ""
