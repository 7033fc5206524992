"""Local RX: the Mahalanobis distance of each pixel to the ring about it (Reed & Yu, 1990, with local statistics)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import blas, lapack

from hypersigma.baselines._ring import MIN_SAMPLES, Array, complete, ring_offsets, ring_sum

_FEW_BANDS = 20  # up to here sums over all rings at once are the quicker way
_MIN_LOADING = 1e-9  # of the mean variance: a ring may have fewer samples than bands
_ROUNDING = 1e-14  # variance, relative to the square of a number, that storing it in single precision adds at most
_BLOCK_BYTES = 1 << 26  # covariances held at once


def local_rx(padded: NDArray[Any], inner: int, outer: int, loading: float) -> Array:
    """Squared Mahalanobis distances (x - m)^T C^-1 (x - m) of pixels x to their rings: (h, w).

    m and C are mean and covariance (n - 1) of the ring's samples. To the diagonal of C is added `loading` of its mean,
    1e-9 at least, and the rounding of single precision, 1e-14 (|x|^2 + |m|^2) / bands: a pixel in a flat region, where
    C is zero, scores zero if it is like its ring. Samples without data are left out, so neither borders of a scene nor
    the way it is cut into blocks changes a score.

    A BLAS with several threads is slower than with one on matrices this small.

    Args:
        padded: (bands, h + 2 r, w + 2 r) with r = outer // 2; NaN where there is no data or no scene.
        inner: width of the inner window in pixels, odd; the pixels inside are not used.
        outer: width of the outer window in pixels, odd.
        loading: what is added to the diagonal, as a share of its mean.

    Returns:
        Scores, NaN where a pixel has no data or its ring fewer than 3 samples.
    """
    method = _from_ring_sums if len(padded) <= _FEW_BANDS else _pixel_by_pixel
    return method(padded, inner, outer, max(loading, _MIN_LOADING))


def _ridge(variance: Any, loading: float, mean_square: Any) -> Any:
    """What is added to the diagonal of covariances of mean variance `variance`; positive."""
    return loading * variance + _ROUNDING * mean_square + np.finfo(np.float64).tiny


def _from_ring_sums(padded: NDArray[Any], inner: int, outer: int, loading: float) -> Array:
    """Scores from sums of band products over all rings at once, by blocks of rows."""
    valid = complete(padded)
    num_bands, num_rows, num_cols = (len(padded), *(size - outer + 1 for size in valid.shape))
    if not valid.any():
        return np.full((num_rows, num_cols), np.nan)
    # About the middle of the values E[x x^T] - m m^T is no small difference of large numbers.
    centre = np.median(padded[:, valid], axis=1).astype(np.float64)
    image = np.where(valid, padded - centre[:, None, None], 0.0)
    height = max(1, _BLOCK_BYTES // (8 * num_bands**2 * num_cols))
    blocks = [slice(start, min(start + height, num_rows) + outer - 1) for start in range(0, num_rows, height)]
    return np.concatenate(
        [_ring_sum_block(image[:, rows], valid[rows], centre, (inner, outer), loading) for rows in blocks]
    )


def _ring_sum_block(
    image: Array, valid: NDArray[np.bool_], centre: Array, windows: tuple[int, int], loading: float
) -> Array:
    """Scores of a centred padded image (bands, h + 2 r, w + 2 r) with zeros where there is no data: (h, w)."""
    count = ring_sum(valid.astype(np.float64), *windows)
    sums = np.stack([ring_sum(band, *windows) for band in image])
    mean = sums / np.maximum(count, 1.0)
    num_bands, radius = len(image), windows[1] // 2
    covariance = np.empty((*count.shape, num_bands, num_bands))
    for first in range(num_bands):
        for second in range(first + 1):
            scatter = ring_sum(image[first] * image[second], *windows) - mean[first] * sums[second]
            covariance[..., first, second] = covariance[..., second, first] = scatter
    inside = slice(radius, -radius)
    scored = valid[inside, inside] & (count >= MIN_SAMPLES)
    pixels, means = image[:, inside, inside][:, scored].T, mean[:, scored].T
    loaded = covariance[scored] / (count[scored] - 1.0)[:, None, None]
    diagonal = np.einsum("pbb->pb", loaded)
    mean_square = ((pixels + centre) ** 2 + (means + centre) ** 2).mean(axis=1)
    diagonal += _ridge(diagonal.mean(axis=1), loading, mean_square)[:, None]
    difference = pixels - means
    scores = np.full(count.shape, np.nan)
    scores[scored] = (difference * np.linalg.solve(loaded, difference[..., None])[..., 0]).sum(axis=1)
    return scores


def _pixel_by_pixel(padded: NDArray[Any], inner: int, outer: int, loading: float) -> Array:
    """Scores from one Cholesky decomposition a pixel.

    With windows 5 and 15 and 200 bands the decomposition was measured to be over half of the time, so products shared
    between neighbours could save less than the rest, and a score would come to depend on how a scene is cut.
    """
    image, valid = np.ascontiguousarray(padded.transpose(1, 2, 0)), complete(padded)
    num_rows, num_cols = (size - outer + 1 for size in valid.shape)
    offsets = ring_offsets(inner, outer, valid.shape[1])
    middle = outer // 2 * (valid.shape[1] + 1)
    scores = np.full((num_rows, num_cols), np.nan)
    for row in range(num_rows):
        spectra = image[row : row + outer].reshape(-1, len(padded)).astype(np.float64)
        has_data = valid[row : row + outer].ravel()
        for col in np.flatnonzero(has_data[middle : middle + num_cols]):
            places = offsets + col
            places = places[has_data[places]]
            if len(places) >= MIN_SAMPLES:
                scores[row, col] = _distance(spectra[places], spectra[middle + col], loading)
    return scores


def _distance(samples: Array, pixel: Array, loading: float) -> float:
    """The squared Mahalanobis distance of a pixel (bands,) to samples (n, bands), which are centred in place.

    With fewer samples than bands, X of n rows, by the matrix inversion lemma:
    d^T (X^T X / (n - 1) + t)^-1 d = (d^T d - (X d)^T (X X^T + (n - 1) t)^-1 X d) / t.
    """
    num, num_bands = samples.shape
    mean = samples.mean(axis=0)
    samples -= mean
    difference = pixel - mean
    flat = samples.ravel()
    ridge = _ridge(flat @ flat / (num_bands * (num - 1)), loading, (pixel @ pixel + mean @ mean) / num_bands)
    if num < num_bands:
        root = _cholesky(blas.dsyrk(1.0, samples.T, trans=1, lower=1), (num - 1) * ridge)
        part = lapack.dtrtrs(root, samples @ difference, lower=1)[0]
        return max(float(difference @ difference - part @ part), 0.0) / float(ridge)
    root = _cholesky(blas.dsyrk(1.0 / (num - 1), samples.T, lower=1), ridge)
    part = lapack.dtrtrs(root, difference, lower=1)[0]
    return float(part @ part)


def _cholesky(matrix: Array, ridge: float) -> Array:
    """The lower Cholesky factor of a matrix in Fortran order plus a ridge on its diagonal, in the matrix's place."""
    matrix.T.reshape(-1)[:: len(matrix) + 1] += ridge
    factor: Array = lapack.dpotrf(matrix, lower=1, clean=0, overwrite_a=1)[0]
    return factor
