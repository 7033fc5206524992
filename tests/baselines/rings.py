"""Padded scenes, and the rings of their pixels one by one: what the oracles of local detectors share."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray


def scene(num_bands: int, rows: int, cols: int, *, no_data: float = 0.0, seed: int = 0) -> NDArray[np.float32]:
    """Correlated spectra (bands, rows, cols) far from zero, some bright, NaN in a share of pixels."""
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(num_bands, num_bands)) * np.geomspace(1.0, 0.1, num_bands)
    spectra = 50.0 + np.einsum("bk,krc->brc", mixing, rng.normal(size=(num_bands, rows, cols)))
    spectra[:, rng.random((rows, cols)) < 0.01] *= 3.0
    spectra[:, rng.random((rows, cols)) < no_data] = np.nan
    return spectra.astype(np.float32)


def padded(array: NDArray[Any], outer: int) -> NDArray[Any]:
    radius = outer // 2
    return np.pad(array, ((0, 0), (radius, radius), (radius, radius)), constant_values=np.nan)


def one_by_one(
    array: NDArray[Any], inner: int, outer: int, score: Callable[[NDArray[Any], NDArray[Any]], float]
) -> NDArray[np.float64]:
    """`score(samples (n, bands), pixel (bands,))` in double precision for each pixel that has one."""
    _, rows, cols = array.shape
    result = np.full((rows, cols), np.nan)
    for row, col in np.ndindex(rows, cols):
        away = np.maximum(np.abs(np.arange(rows)[:, None] - row), np.abs(np.arange(cols) - col))
        samples = array[:, (away > inner // 2) & (away <= outer // 2)].T.astype(np.float64)
        samples = samples[np.isfinite(samples).all(axis=1)]
        pixel = array[:, row, col].astype(np.float64)
        if np.isfinite(pixel).all() and len(samples) >= 3:
            result[row, col] = score(samples, pixel)
    return result
