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


def test_a_direction_with_lines_stays_as_it_was_filtered() -> None:
    """Stripes that the filter took out would come back: it learned on white noise alone."""
    truth = fields(2.0)
    noisy = (truth + np.random.default_rng(6).standard_normal(truth.shape)).astype(np.float32)
    striped = noisy.copy()
    striped[1, :, ::5] += 1.5
    for number, image in ((0, striped), (1, striped), (1, striped.swapaxes(1, 2))):
        clean = truth.astype(np.float32) if image is striped else truth.astype(np.float32).swapaxes(1, 2)
        found = polished(image, clean)
        assert np.array_equal(found[number], clean[number]) == (number == 1)


def test_an_image_of_one_pixel_or_row_has_no_lines_to_tell() -> None:
    for shape in ((1, 1, 1), (1, 1, 9), (1, 9, 1)):
        noisy = np.random.default_rng(7).standard_normal(shape).astype(np.float32)
        assert np.isfinite(polished(noisy, np.zeros_like(noisy))).all()
