"""Kernel RX agrees with scikit-learn's kernel components and, for a wide kernel, with RX."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from sklearn.decomposition import KernelPCA

from hypersigma.baselines import _kernel_rx
from hypersigma.baselines._kernel_rx import kernel_rx, learn_kernel
from hypersigma.errors import InputError


def spectra(num: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (30.0 + rng.normal(size=(num, 4)) @ rng.normal(size=(4, 4))).astype(np.float32)


def test_scores_are_squares_of_whitened_kernel_components() -> None:
    samples, pixels = spectra(80), spectra(300, seed=1) + 1.0
    learned = learn_kernel(samples, None)
    num = learned["projection"].shape[1]
    oracle = KernelPCA(num, kernel="rbf", gamma=1.0 / (2.0 * float(learned["width"]) ** 2))
    variance = oracle.fit_transform(samples.astype(np.float64)).var(axis=0, ddof=1)
    plain = (oracle.transform(pixels.astype(np.float64)) ** 2 / variance).sum(axis=1)
    np.testing.assert_allclose(kernel_rx(learned, pixels), plain, rtol=1e-6)
    assert oracle.eigenvalues_[-1] >= 1e-3 * oracle.eigenvalues_[0]
    assert KernelPCA(num + 1, kernel="rbf", gamma=oracle.gamma_).fit(samples.astype(np.float64)).eigenvalues_[-1] < (
        1e-3 * oracle.eigenvalues_[0]
    )


def test_the_width_is_the_median_distance() -> None:
    samples = spectra(60)
    assert learn_kernel(samples, None)["width"] == pytest.approx(np.median(pdist(samples)))
    assert learn_kernel(samples, 2.5)["width"] == 2.5


def test_a_wide_kernel_is_rx() -> None:
    rng = np.random.default_rng(2)
    samples, pixels = rng.normal(size=(200, 3)), 2.0 * rng.normal(size=(50, 3))
    difference = pixels - samples.mean(axis=0)
    rx = (difference * np.linalg.solve(np.cov(samples.T), difference.T).T).sum(axis=1)
    np.testing.assert_allclose(kernel_rx(learn_kernel(samples, 300.0), pixels), rx, rtol=1e-3)


def test_missing_numbers_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    samples, pixels = spectra(40), spectra(9, seed=1)
    holed = np.insert(samples, [3, 20], np.nan, axis=0)
    learned = learn_kernel(holed, None)
    whole = kernel_rx(learned, pixels)
    np.testing.assert_array_equal(whole, kernel_rx(learn_kernel(samples, None), pixels))
    pixels[4, 1] = np.nan
    monkeypatch.setattr(_kernel_rx, "_BATCH_BYTES", 40 * 8 * 2)
    scores = kernel_rx(learned, pixels)
    np.testing.assert_allclose(scores, np.where(np.arange(9) == 4, np.nan, whole), rtol=1e-9)


def test_a_background_of_one_spectrum_tells_nothing() -> None:
    learned = learn_kernel(np.full((10, 3), 0.1), None)
    assert np.array_equal(kernel_rx(learned, np.eye(3)), np.zeros(3))


def test_too_few_samples_are_refused() -> None:
    with pytest.raises(InputError, match="2 background samples .* give 3 at least"):
        learn_kernel(np.array([[1.0, 2.0], [2.0, 1.0], [np.nan, 1.0]]), None)
