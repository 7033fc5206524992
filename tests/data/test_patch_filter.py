"""Groups of like patches, and what is expected of them."""

import numpy as np
import pytest
from scipy import ndimage

from hypersigma.data import patch_filter
from hypersigma.data.patch_filter import PatchFilterConfig, filtered
from hypersigma.errors import ConfigError

SMALL = PatchFilterConfig(sides=(3,), members=(6,), reach=4)


def image(channels=2, rows=20, cols=23, scale=20.0):
    generator = np.random.default_rng(0)
    return (scale * ndimage.gaussian_filter(generator.standard_normal((channels, rows, cols)), (0, 2, 2))).astype("f4")


def with_noise(clean, seed=1):
    return clean + np.random.default_rng(seed).standard_normal(clean.shape, dtype=np.float32)


def by_loops(noisy, clean, config):
    """The filter in double precision, group by group."""
    noisy, clean = noisy.astype(float), clean.astype(float)
    channels, rows, cols = noisy.shape
    (size,), (members,), reach = config.sides, config.members, config.reach
    stride = (size + 2) // 2
    total, count = np.zeros_like(noisy), np.zeros((rows, cols))
    starts = [sorted({*range(0, length - size + 1, stride), length - size}) for length in (rows, cols)]

    def patch(array, corner):
        return array[:, corner[0] : corner[0] + size, corner[1] : corner[1] + size].reshape(channels, -1)

    for top in starts[0]:
        for left in starts[1]:
            near = [
                (r, c)
                for r in range(max(0, top - reach), min(rows - size, top + reach) + 1)
                for c in range(max(0, left - reach), min(cols - size, left + reach) + 1)
            ]
            own = patch(clean, (top, left))
            near.sort(key=lambda corner: ((patch(clean, corner) - own) ** 2).sum())
            group = near[:members]
            told = np.stack([patch(clean, corner) for corner in group], axis=1)
            known = told.mean(axis=1, keepdims=True)
            told = told - known
            seen = np.stack([patch(noisy, corner) for corner in group], axis=1)
            _, turn = np.linalg.eigh(np.einsum("cnp,dnp->cd", told, told))
            told, seen, known = (np.einsum("cd,cnp->dnp", turn, part) for part in (told, seen, known))
            result = np.empty_like(seen)
            error = 1 / len(group)
            for channel in range(channels):
                covariance = told[channel].T @ told[channel] / (len(group) - 1)
                mean = seen[channel].mean(axis=0)
                step = mean - known[channel, 0]
                share = max(0.0, 1 - 0.5 / len(group) / (step**2).mean())
                gain = covariance @ np.linalg.inv(covariance + np.eye(size * size))
                error += np.trace(gain) / size**2 / channels
                result[channel] = (seen[channel] - mean) @ gain.T + known[channel, 0] + share * step
            result = np.einsum("cd,dnp->cnp", turn, result)
            for index, (r, c) in enumerate(group):
                total[:, r : r + size, c : c + size] += result[:, index].reshape(channels, size, size) / error
                count[r : r + size, c : c + size] += 1 / error
    return total / count


@pytest.mark.parametrize("channels", [1, 3])
def test_the_filter_is_that_of_its_formula(channels):
    clean = image(channels, rows=11, cols=13)
    noisy = with_noise(clean)
    np.testing.assert_allclose(filtered(noisy, clean, SMALL), by_loops(noisy, clean, SMALL), atol=2e-3)


def test_strips_change_nothing(monkeypatch):
    clean = image()
    noisy = with_noise(clean)
    whole = filtered(noisy, clean, SMALL)
    monkeypatch.setattr(patch_filter, "_NUMBERS_AT_ONCE", 2000)
    np.testing.assert_allclose(filtered(noisy, clean, SMALL), whole, atol=1e-4)


def test_noise_goes_and_the_image_stays():
    clean = image(3, 60, 60)
    noisy = with_noise(clean)
    start = ndimage.gaussian_filter(noisy, (0, 1, 1))
    before = np.mean((start - clean) ** 2)
    after = np.mean((filtered(noisy, start, PatchFilterConfig()) - clean) ** 2)
    assert after < before < np.mean((noisy - clean) ** 2)


def test_strong_patterns_come_through():
    clean = 1000 * image()
    np.testing.assert_allclose(filtered(with_noise(clean), clean, SMALL), with_noise(clean), atol=0.05 * clean.std())


@pytest.mark.parametrize(("rows", "cols"), [(1, 1), (1, 9), (2, 3), (5, 5), (6, 40)])
def test_images_of_any_size(rows, cols):
    clean = np.ones((2, rows, cols), dtype=np.float32)
    found = filtered(with_noise(clean), clean, PatchFilterConfig())
    assert found.shape == clean.shape
    assert np.isfinite(found).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sides": (0, 4)}, "must be at least 1"),
        ({"members": (1, 4)}, "members 2"),
        ({"sides": (4,)}, "1 sides and 2 members"),
    ],
)
def test_settings_that_filter_nothing_are_refused(change, message):
    with pytest.raises(ConfigError, match=message):
        PatchFilterConfig(**change)
