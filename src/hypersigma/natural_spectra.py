"""What spectra in nature are like on the canonical grid: their mean, and how their bands vary together.

The figures, `natural_spectra.npz`, are those of noiseless simulated scenes of four sensors (`docs/simulation.md`),
whose materials come from spectral libraries: reflectance, bands that the air absorbs interpolated. They were made by
`benchmarks/natural_spectra.py`.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_NOISE = 2e-5  # variance of a band's reflectance that is noise


class NaturalSpectra(NamedTuple):
    """Statistics of reflectance on the canonical grid.

    Attributes:
        mean: (100,).
        covariance: (100, 100) over the pixels of all scenes.
        within: (100, 100) over the pixels of a scene, on average: what tells its places apart.
    """

    mean: Floats
    covariance: Floats
    within: Floats


@lru_cache(maxsize=1)
def natural_spectra() -> NaturalSpectra:
    """The statistics."""
    with resources.as_file(resources.files("hypersigma") / "natural_spectra.npz") as path, np.load(path) as file:
        return NaturalSpectra(*(file[name].astype(np.float64) for name in NaturalSpectra._fields))


@lru_cache(maxsize=64)
def expectation(present: bytes) -> tuple[Floats, Floats]:
    """The linear function that completes spectra: bands that are there stay, others become what these make expected.

    The expectation of Gaussian spectra given some bands, mean + C_am (C_mm + noise)^-1 (x - mean_m), the linear
    estimate of least squared error (Wiener).

    Args:
        present: (100,) bool as bytes, which bands are there, at least one.

    Returns:
        Matrix (100, n) and constant (100,).
    """
    there = np.frombuffer(present, dtype=bool)
    spectra = natural_spectra()
    own = spectra.covariance[np.ix_(there, there)] + _NOISE * np.eye(int(there.sum()))
    matrix = np.linalg.solve(own, spectra.covariance[there]).T
    matrix[there] = np.eye(len(own))
    return matrix, spectra.mean - matrix @ spectra.mean[there]


@lru_cache(maxsize=4)
def components(count: int) -> Floats:
    """The matrix (count, 100) that makes spectra less their mean into principal components of variance at most 1.

    Components are those of a scene's pixels; those that vary no more than noise does are not scaled up to 1.
    """
    values, vectors = np.linalg.eigh(natural_spectra().within)
    values, vectors = values[::-1][:count], vectors[:, ::-1][:, :count]
    matrix: Floats = vectors.T / np.sqrt(np.maximum(values, 0.0) + _NOISE / 2)[:, None]
    return matrix
