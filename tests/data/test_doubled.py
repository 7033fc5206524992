"""Scenes with two, four, eight times as many rows and columns, by what was learned on others."""

from __future__ import annotations

import numpy as np
import pytest

from hypersigma.data.doubled import doubled, is_doubling
from hypersigma.data.resize import resized
from hypersigma.data.wald import WaldConfig, coarsened
from hypersigma.metrics.restoration import mean_psnr


def edges(rows: int, cols: int) -> np.ndarray:
    """A disc and a stripe of two spectra on a third."""
    row, col = np.indices((rows, cols))
    disc = np.hypot(row - rows / 2.2, col - cols / 2.3) < rows / 4
    stripe = np.abs(0.7 * row + col - cols) < cols / 12
    spectra = np.random.default_rng(0).uniform(size=(3, 20, 1, 1))
    return np.where(disc, spectra[0], np.where(stripe, spectra[1], spectra[2])).astype(np.float32)


@pytest.mark.parametrize("scale", [2, 4, 8])
def test_edges_are_sharper_than_interpolated_and_means_stay(scale: int) -> None:
    truth = edges(96, 64)
    config = WaldConfig(scale=scale, spread="mean")
    coarse = coarsened(truth, config)
    found = doubled(coarse, scale)
    np.testing.assert_allclose(coarsened(found, config), coarse, atol=1e-4)
    assert mean_psnr(found, truth) > mean_psnr(resized(coarse, truth.shape[1:]), truth) + 0.5


def test_blocks_tell_what_the_whole_image_does(monkeypatch: pytest.MonkeyPatch) -> None:
    image = edges(50, 41)
    whole = doubled(image, 4)
    monkeypatch.setattr("hypersigma.data.doubled._BLOCK", 24)
    np.testing.assert_allclose(doubled(image, 4), whole, atol=1e-5)


def test_an_image_without_variance_stays() -> None:
    np.testing.assert_array_equal(doubled(np.full((3, 4, 5), 0.5, dtype=np.float32), 2), np.float32(0.5))


def test_scales() -> None:
    assert [scale for scale in range(-2, 20) if is_doubling(scale)] == [2, 4, 8, 16]


def test_a_scene_of_few_pixels_with_a_dead_band() -> None:
    image = np.random.default_rng(0).uniform(size=(6, 3, 2)).astype(np.float32)
    image[2] = 0
    found = doubled(image, 4)
    assert found.shape == (6, 12, 8)
    np.testing.assert_allclose(found[2], 0, atol=1e-6)
    np.testing.assert_allclose(coarsened(found, WaldConfig(scale=4, spread="mean")), image, atol=1e-4)
