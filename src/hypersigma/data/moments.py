"""Mean and covariance of a scene, read block by block, and the whitening that they give.

Sums run in single precision about a mean that is already close, part by part, and parts are added up in double: half
the work of double precision throughout. Where bands depend on each other so closely that this would not do, which the
covariance itself tells, everything runs in double precision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cholesky, solve_triangular
from scipy.linalg.blas import dtrmm, strmm

from hypersigma.errors import InputError

Array = NDArray[np.float32]

SHRINKAGE = 1e-3  # of the mean variance: put on the diagonal where a covariance cannot be inverted by itself
_PIXELS_AT_ONCE = 1 << 12
_SINGLE = 1e-3  # least pivot down to which single precision keeps three digits
_SMALLEST = 1e-10  # share of a whitened direction below which a covariance counts as singular


@dataclass(frozen=True, kw_only=True, eq=False)
class Moments:
    """Mean (bands,) and covariance (bands, bands), with n - 1, of `num_pixels` pixels."""

    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]
    num_pixels: int

    @property
    def correlation(self) -> NDArray[np.float64]:
        """The mean of x x^T over the pixels, (bands, bands)."""
        scatter = self.covariance * ((self.num_pixels - 1) / self.num_pixels)
        result: NDArray[np.float64] = scatter + np.outer(self.mean, self.mean)
        return result


def moments(blocks: Callable[[], Iterable[NDArray[Any]]]) -> Moments:
    """Moments of pixels that come in blocks (bands, n), none of them missing; `blocks` may be called twice.

    Raises:
        InputError: there are fewer than two pixels.
    """
    found = _summed(blocks(), np.float32)
    return found if _least_pivot(found.covariance) > _SINGLE else _summed(blocks(), np.float64)


def _summed(blocks: Iterable[NDArray[Any]], kind: type[np.floating[Any]]) -> Moments:
    """Moments by sums over parts in single or double precision."""
    count, about = 0, np.zeros(0, dtype=kind)
    total = scatter = np.zeros(0)
    for block in _parts(blocks):
        if not count:
            about = block.mean(axis=1, dtype=np.float64).astype(kind)
            total, scatter = np.zeros(len(block)), np.zeros((len(block), len(block)))
        centred = np.subtract(block, about[:, None], dtype=kind)
        total += centred @ np.ones(centred.shape[1], dtype=kind)
        scatter += centred @ centred.T
        count += block.shape[1]
    if count < 2:
        raise InputError(
            f"{count} pixels have data in all bands; statistics of a scene need two at least; check no-data and bands"
        )
    shift = total / count
    covariance = (scatter - count * np.outer(shift, shift)) / (count - 1)
    # by round-off the covariance is symmetric only almost
    mean = about.astype(np.float64) + shift
    return Moments(mean=mean, covariance=(covariance + covariance.T) / 2, num_pixels=count)


def _parts(blocks: Iterable[NDArray[Any]]) -> Iterator[NDArray[Any]]:
    """Blocks (bands, n) cut into parts that a cache holds."""
    for block in blocks:
        for start in range(0, block.shape[1], _PIXELS_AT_ONCE):
            yield block[:, start : start + _PIXELS_AT_ONCE]


@dataclass(frozen=True, kw_only=True, eq=False)
class Whitening:
    """A linear map after which background has zero mean and the unit matrix as covariance.

    Attributes:
        mean: (bands,) subtracted first.
        matrix: (bands, bands), lower triangular.
        single: whether single precision is enough for the map.
    """

    mean: NDArray[np.float64]
    matrix: NDArray[Any]
    single: bool

    def apply(self, spectra: NDArray[Any]) -> Array:
        """Whitened spectra (bands, n) of spectra (bands, n)."""
        kind, multiply = (np.float32, strmm) if self.single else (np.float64, dtrmm)
        matrix = self.matrix.astype(kind, order="C", copy=False)
        centred = np.ascontiguousarray(spectra - self.mean.astype(kind)[:, None])
        # BLAS counts columns first: (bands, n) by rows is (n, bands) by columns, and half of the matrix is zeros
        product: NDArray[Any] = multiply(1.0, matrix.T, centred.T, side=1, overwrite_b=1)
        return product.T.astype(np.float32, copy=False)


def whitening(found: Moments, loading: float = 0.0, *, about_mean: bool = True) -> tuple[Whitening, bool]:
    """The whitening of a covariance (or of the correlation, not `about_mean`), and whether it had to be shrunk.

    A band that is constant gets a variance of one, and is zero after subtraction. A covariance that cannot be
    inverted, of bands that depend on each other or of fewer pixels than bands, gets `SHRINKAGE` of the mean variance
    on its diagonal.

    Args:
        found: of the background.
        loading: share of the mean variance that is put on the diagonal in any case.
        about_mean: False for zero as mean, and the correlation in place of the covariance.
    """
    matrix = found.covariance if about_mean else found.correlation
    mean = found.mean if about_mean else np.zeros_like(found.mean)
    variances = np.diag(matrix).copy()
    matrix = matrix + np.diag(np.full(len(mean), loading * variances.mean()))
    shrunk = False
    try:
        root, pivot = _inverse_root(matrix)
    except LinAlgError:
        matrix = matrix + np.diag(np.full(len(mean), SHRINKAGE * max(float(variances.mean()), 1e-30)))
        (root, pivot), shrunk = _inverse_root(matrix), True
    return Whitening(mean=mean, matrix=root, single=pivot > _SINGLE), shrunk


def _scaled(matrix: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A covariance with bands of unit variance, and their deviations; what is left of its condition is dependence."""
    deviation = np.sqrt(np.maximum(np.diag(matrix), 0.0))
    deviation[deviation <= 0] = 1.0
    scaled = matrix / np.outer(deviation, deviation)
    np.fill_diagonal(scaled, 1.0)
    return scaled, deviation


def _least_pivot(covariance: NDArray[np.float64]) -> float:
    """The least share of a band's variance that the bands before it do not tell; 0 of a singular covariance."""
    try:
        return float(np.diag(cholesky(_scaled(covariance)[0], lower=True)).min() ** 2)
    except LinAlgError:
        return 0.0


def _inverse_root(matrix: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """A lower triangular W with W C W^T = 1, and the least pivot of C, as `_least_pivot`.

    Raises:
        LinAlgError: C is singular or so nearly so that its inverse would be round-off.
    """
    scaled, deviation = _scaled(matrix)
    root = cholesky(scaled, lower=True)
    pivot = float(np.diag(root).min() ** 2)
    if pivot < _SMALLEST:
        raise LinAlgError("singular")
    return solve_triangular(root, np.diag(1 / deviation), lower=True), pivot


def descending(matrix: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Eigenvalues (n,) of a symmetric matrix (n, n), largest first, and its eigenvectors (n, n) as columns."""
    values, vectors = np.linalg.eigh(matrix)
    return values[::-1].astype(np.float64), vectors[:, ::-1].astype(np.float64)
