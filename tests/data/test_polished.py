"""Filtered images polished by the network that ships."""

from __future__ import annotations

import numpy as np
import pytest

from hypersigma.data.patch_filter import filtered
from hypersigma.data.polished import polished
from hypersigma.data.subspace_denoising import SubspaceDenoisingConfig, in_groups


def fields(level: float) -> np.ndarray:
    """Two images (2, 60, 70) of fields with straight edges, on a slope."""
    generator = np.random.default_rng(3)
    rows, cols = np.mgrid[:60, :70]
    images = []
    for _ in range(2):
        cells = generator.normal(size=(6, 7))[(rows + cols // 4) // 13 % 6, (cols + rows // 3) // 15 % 7]
        images.append(level * (cells + 0.01 * rows))
    return np.stack(images)


@pytest.mark.parametrize("level", [1.0, 4.0])
def test_polished_images_are_nearer(level: float) -> None:
    truth = fields(level)
    noisy = (truth + np.random.default_rng(4).standard_normal(truth.shape)).astype(np.float32)
    clean = in_groups(noisy, SubspaceDenoisingConfig(), 2)
    found = polished(noisy, clean)
    assert found.dtype == np.float32
    assert np.square(found - truth).mean() < np.square(clean - truth).mean()
    np.testing.assert_array_equal(polished(noisy, clean), found)


def test_images_are_polished_one_at_a_time() -> None:
    noisy = (fields(2.0) + np.random.default_rng(5).standard_normal((2, 60, 70))).astype(np.float32)
    clean = filtered(noisy, noisy, SubspaceDenoisingConfig().patches)
    both = polished(noisy, clean)
    np.testing.assert_allclose(polished(noisy[1:], clean[1:])[0], both[1], atol=1e-5)
