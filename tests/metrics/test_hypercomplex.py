"""The hypercomplex index against the universal index, explicit quaternions and the algebra's own rules."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hypersigma.metrics.hypercomplex import _signs, hypercomplex_quality
from hypersigma.metrics.restoration import q2n


def images(bands: int, rows: int = 32, cols: int = 32, seed: int = 100) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    truth = 0.5 + generator.random((bands, rows, cols))
    return truth + 0.3 * generator.standard_normal(truth.shape) + 0.1, truth


def times(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The product of two hypercomplex numbers, part by part."""
    product = np.zeros(len(one))
    for i, j in np.ndindex(len(one), len(one)):
        product[i ^ j] += _signs(len(one))[i, j] * one[i] * other[j]
    return product


def hamilton(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """The product of quaternions (4, n) as Hamilton wrote it."""
    a, b, c, d = p
    e, f, g, h = q
    return np.stack(
        [
            a * e - b * f - c * g - d * h,
            a * f + b * e + c * h - d * g,
            a * g - b * h + c * e + d * f,
            a * h + b * g - c * f + d * e,
        ]
    )


def test_of_one_band_it_is_the_universal_index() -> None:
    restored, truth = images(1)
    x, y = restored.ravel(), truth.ravel()
    expected = 4 * np.cov(x, y, bias=True)[0, 1] * x.mean() * y.mean()
    expected /= (x.var() + y.var()) * (x.mean() ** 2 + y.mean() ** 2)
    assert q2n(restored, truth) == pytest.approx(expected)


def test_of_four_bands_it_is_that_of_quaternions() -> None:
    restored, truth = images(4)
    x, y = (image.reshape(4, -1) for image in (restored, truth))
    conjugate = y * np.array([1, -1, -1, -1])[:, None]
    means = x.mean(axis=1), y.mean(axis=1)
    shared = hamilton(x, conjugate).mean(axis=1) - hamilton(means[0][:, None], conjugate.mean(axis=1)[:, None])[:, 0]
    variances = [(image**2).sum(axis=0).mean() - mean @ mean for image, mean in zip((x, y), means, strict=True)]
    lengths = [np.linalg.norm(mean) for mean in means]
    expected = 4 * np.linalg.norm(shared) * math.prod(lengths) / sum(variances) / sum(n**2 for n in lengths)
    assert q2n(restored, truth) == pytest.approx(expected)


@pytest.mark.parametrize("num", [1, 2, 4, 8])
def test_lengths_multiply_up_to_octonions(num: int) -> None:
    one, other = np.random.default_rng(100).standard_normal((2, num))
    assert np.linalg.norm(times(one, other)) == pytest.approx(np.linalg.norm(one) * np.linalg.norm(other))


@pytest.mark.parametrize("num", [16, 64])
def test_a_number_times_its_conjugate_is_its_squared_length(num: int) -> None:
    one = np.random.default_rng(100).standard_normal(num)
    conjugate = np.where(np.arange(num) > 0, -one, one)
    np.testing.assert_allclose(times(one, conjugate), np.where(np.arange(num) > 0, 0.0, one @ one), atol=1e-9)


@pytest.mark.parametrize("bands", [1, 3, 4, 31])
def test_equal_images_have_one_and_bands_of_zeros_change_nothing(bands: int) -> None:
    restored, truth = images(bands)
    assert q2n(truth, truth) == pytest.approx(1)
    found = q2n(restored, truth)
    assert 0 < found < 1
    if bands == 3:
        padded = (np.concatenate([image, np.zeros((1, 32, 32))]) for image in (restored, truth))
        assert q2n(*padded) == pytest.approx(found)


def test_more_noise_is_worse() -> None:
    restored, truth = images(6)
    figures = [q2n(truth + share * (restored - truth), truth) for share in (0.1, 0.3, 1.0)]
    assert figures == sorted(figures, reverse=True)


def test_blocks_are_averaged_and_edges_and_gaps_left_out() -> None:
    restored, truth = images(3, 70, 64)
    corners = [np.s_[:, row : row + 32, col : col + 32] for row in (0, 32) for col in (0, 32)]
    single = [q2n(restored[corner], truth[corner]) for corner in corners]
    assert q2n(restored, truth) == pytest.approx(np.mean(single))
    restored[:, :32, :20] = np.nan
    assert q2n(restored, truth) == pytest.approx(np.mean(single[1:]))
    part = restored.copy()
    part[1, 32:, 32:40] = np.nan
    known = (image[:, 32:64, 40:64].reshape(3, -1) for image in (part, truth))
    assert q2n(part, truth) == pytest.approx(np.mean([*single[1:3], hypercomplex_quality(*known)]))


def test_nothing_left_is_not_a_number() -> None:
    restored, truth = images(2, 4, 4)
    restored[:, :, :3] = np.nan
    assert math.isnan(q2n(restored, truth))


def test_what_is_constant() -> None:
    flat = np.full((2, 4, 4), 3.0)
    assert q2n(flat, flat) == pytest.approx(1)
    assert q2n(flat, 3 * flat) == pytest.approx(0.6)
    assert q2n(0 * flat, 0 * flat) == 1
