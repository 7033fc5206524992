"""Linear transforms of spectra, fitted without labels: standardising, principal components, minimum noise fraction.

Each is a frozen state of a few arrays with one `apply`; pixels with a missing number in any band are left out of
every statistic and come out as NaN.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.errors import InputError

_BLOCK_PIXELS = 1 << 16  # pixels held in double precision at once
_RIDGE = 1e-6  # of the mean variance; keeps a noise covariance of few pixels invertible


@dataclass(frozen=True, kw_only=True, eq=False)
class Components:
    """A linear transform of spectra.

    Attributes:
        mean: (bands,) subtracted first.
        matrix: (components, bands).
        values: (components,) variance of each component (principal components), or its variance over that
            of its noise (minimum noise fraction); descending.
        back: (bands, components) the way back to centred spectra with the least squared error, of those that it was
            fitted on; None where that was not kept.
    """

    mean: NDArray[np.float64]
    matrix: NDArray[np.float64]
    values: NDArray[np.float64]
    back: NDArray[np.float64] | None = None

    @cached_property
    def restoring(self) -> NDArray[np.float64]:
        """A way back (bands, components): the smallest centred spectra that give components, which holds noise back."""
        inverse: NDArray[np.float64] = np.linalg.pinv(self.matrix).astype(np.float64)
        return inverse

    def principal(self, num_leading: int, num: int) -> NDArray[np.float32]:
        """From all components to the principal components (num, components) of what the leading ones restore.

        Components must be uncorrelated with `values` as variances, as those of both kinds are over what they were
        fitted on (those of the minimum noise fraction being of unit noise).
        """
        restoring = self.restoring[:, :num_leading]
        covariance = (restoring * self.values[:num_leading]) @ restoring.T
        _, vectors = np.linalg.eigh(covariance)
        # No more of them than components that they are made of.
        directions = vectors[:, ::-1][:, : min(num, restoring.shape[1])].T @ restoring
        result = np.zeros((len(directions), len(self.matrix)), dtype=np.float32)
        result[:, : directions.shape[1]] = _signed(directions)
        return result

    def apply(self, array: NDArray[Any]) -> NDArray[np.float32]:
        """Components (components, ...) of spectra (bands, ...).

        Raises:
            InputError: the spectra have another number of bands than the transform was fitted on.
        """
        _check_bands(array, self.mean)
        flat = array.reshape(array.shape[0], -1)
        out = np.empty((len(self.matrix), flat.shape[1]), dtype=np.float32)
        for start in range(0, flat.shape[1], _BLOCK_PIXELS):
            part = slice(start, start + _BLOCK_PIXELS)
            centred = flat[:, part] - self.mean[:, None]
            # Infinities of both signs would warn; a missing number is the same either way.
            centred[~np.isfinite(centred)] = np.nan
            out[:, part] = self.matrix @ centred
        return out.reshape(len(self.matrix), *array.shape[1:])


@dataclass(frozen=True, kw_only=True, eq=False)
class Scaling:
    """Per-band standardising to zero mean and unit deviation; a constant band becomes zero.

    Attributes:
        mean: (bands,).
        deviation: (bands,) standard deviation, infinite where the band is constant.
    """

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]

    def apply(self, array: NDArray[Any]) -> NDArray[np.float32]:
        """Standardised spectra (bands, ...) of spectra (bands, ...).

        Raises:
            InputError: the spectra have another number of bands than the scaling was fitted on.
        """
        _check_bands(array, self.mean)
        axes = (slice(None),) + (None,) * (array.ndim - 1)
        scaled: NDArray[np.float32] = ((array - self.mean[axes]) / self.deviation[axes]).astype(np.float32)
        return scaled


def fit_scaling(arrays: Sequence[NDArray[Any]]) -> Scaling:
    """The scaling that standardises all pixels of arrays (bands, ...) together.

    Raises:
        InputError: no pixel has all its bands.
    """
    mean, covariance = _mean_covariance(block for array in arrays for block in _pixel_blocks(array))
    deviation = np.sqrt(np.diag(covariance))
    constant = deviation <= 1e-9 * np.maximum(np.abs(mean), 1e-30)
    return Scaling(mean=mean, deviation=np.where(constant, np.inf, deviation))


def fit_pca(arrays: Sequence[NDArray[Any]], num_components: int) -> Components:
    """Principal components: the leading eigenvectors of the covariance of all pixels.

    Args:
        arrays: scenes (bands, ...) of the same bands.
        num_components: how many to keep, at most the number of bands.

    Raises:
        InputError: no pixel has all its bands.
    """
    mean, covariance = _mean_covariance(block for array in arrays for block in _pixel_blocks(array))
    values, vectors = np.linalg.eigh(covariance)
    return _leading(mean, values, vectors, num_components, covariance)


def fit_mnf(arrays: Sequence[NDArray[Any]], num_components: int) -> Components:
    """Minimum noise fraction: components of unit noise variance in order of signal to noise (Green et al., 1988).

    The noise covariance is half that of the differences between horizontal neighbours, so it contains texture
    of one pixel too. Solved as PCA of the noise-whitened spectra; bands are standardised first, which leaves the
    components unchanged and the small ridge on the noise fair to every band.

    Args:
        arrays: scenes (bands, rows, cols) of the same bands, two columns at least.
        num_components: how many to keep, at most the number of bands.

    Raises:
        InputError: no pixel, or no pair of neighbours, has all its bands.
    """
    mean, covariance = _mean_covariance(block for array in arrays for block in _pixel_blocks(array))
    differences = (block for array in arrays for block in _difference_blocks(array))
    _, noise = _mean_covariance(differences, "pair of neighbouring pixels")
    deviation = np.sqrt(np.diag(covariance))
    used = deviation > 1e-9 * np.maximum(np.abs(mean), 1e-30)
    inverse = np.divide(1.0, deviation, out=np.zeros_like(deviation), where=used)
    # In standardised bands the ridge is as small for a dark band as for a bright one.
    scale = np.outer(inverse, inverse)
    noise = noise * scale / 2.0
    noise[np.diag_indices_from(noise)] += _RIDGE * max(float(np.trace(noise)) / len(noise), 1e-30)
    noise_values, noise_vectors = np.linalg.eigh(noise)
    whitening = noise_vectors / np.sqrt(np.maximum(noise_values, 1e-30))
    values, vectors = np.linalg.eigh(whitening.T @ (covariance * scale) @ whitening)
    return _leading(mean, values, inverse[:, None] * (whitening @ vectors), num_components, covariance)


def _leading(
    mean: NDArray[Any], values: NDArray[Any], vectors: NDArray[Any], num_components: int, covariance: NDArray[Any]
) -> Components:
    """The eigenvectors (columns) of the largest values."""
    # The sign of an eigenvector is free; fixing it keeps saved and refitted components alike.
    order = np.argsort(values)[::-1][:num_components]
    matrix = _signed(vectors[:, order].T)
    # Regression of spectra on components, which are uncorrelated; one that never changes tells nothing.
    told = covariance @ matrix.T
    variance = np.einsum("kb,bk->k", matrix, told)
    back = np.divide(told, variance, out=np.zeros_like(told), where=variance > 1e-30)
    return Components(mean=mean, matrix=matrix, values=np.maximum(values[order], 0.0), back=back)


def _signed(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rows, each signed so that its largest entry is positive."""
    peak = matrix[np.arange(len(matrix)), np.argmax(np.abs(matrix), axis=1)]
    signed: NDArray[np.float64] = matrix * np.where(peak < 0, -1.0, 1.0)[:, None]
    return signed


def _pixel_blocks(array: NDArray[Any]) -> Iterator[NDArray[np.float64]]:
    """Complete pixels of an array (bands, ...) as blocks (n, bands)."""
    flat = array.reshape(array.shape[0], -1)
    for start in range(0, flat.shape[1], _BLOCK_PIXELS):
        block = flat[:, start : start + _BLOCK_PIXELS].T.astype(np.float64)
        yield block[np.isfinite(block).all(axis=1)]


def _difference_blocks(array: NDArray[Any]) -> Iterator[NDArray[np.float64]]:
    """Differences of horizontal neighbours of a scene (bands, rows, cols) as blocks (n, bands)."""
    num_rows = max(1, _BLOCK_PIXELS // max(1, array.shape[2]))
    for start in range(0, array.shape[1], num_rows):
        rows = array[:, start : start + num_rows].astype(np.float64)
        yield from _pixel_blocks(rows[:, :, 1:] - rows[:, :, :-1])


def _mean_covariance(
    blocks: Iterable[NDArray[np.float64]], what: str = "pixel"
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean (bands,) and covariance (bands, bands) of blocks (n, bands), shifted by the first for accuracy."""
    count = 0
    shift = total = product = np.zeros(0)
    for block in blocks:
        if not len(block):
            continue
        if not count:
            shift = block.mean(axis=0)
            total = np.zeros_like(shift)
            product = np.zeros((len(shift), len(shift)))
        centred = block - shift
        total = total + centred.sum(axis=0)
        product += centred.T @ centred
        count += len(block)
    if not count:
        raise InputError(f"no {what} has numbers in all bands; mark bands without data as not valid, or check no-data")
    offset = total / count
    return shift + offset, product / count - np.outer(offset, offset)


def _check_bands(array: NDArray[Any], mean: NDArray[Any]) -> None:
    if array.shape[0] != len(mean):
        raise InputError(
            f"spectra have {array.shape[0]} bands, the transform was fitted on {len(mean)}; "
            "use a scene with the same bands"
        )
