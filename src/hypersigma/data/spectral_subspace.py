"""The few directions in which the spectra of a scene vary more than noise does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.moments import moments
from hypersigma.data.noise_level import RESOLUTION, complete_pixels, noise_deviations, strips
from hypersigma.errors import InputError

Floats = NDArray[np.float64]

_BEYOND = 8  # directions below the edge of noise that are looked at for patterns
_PATTERN = 0.05  # covariance of neighbours over the variance of the noise from which on a direction has a pattern
_CERTAIN = 5.0  # deviations of that covariance in white noise
_SURE = 2.02  # of the Tracy-Widom law of order 1, which is above it in one case of a hundred
_CLEAR = 1.5  # of the variance of the noise, from which on a direction is signal where most of them seem to be
_ROUNDS = 100
_REFINEMENTS = 4
_RIDGE = 1e-3  # of the information of a whole pixel, for those of which next to nothing is known
_LEAST_OUTSIDE = 0.3  # share of a band outside the directions, for its noise to be told by what they leave


@dataclass(frozen=True, kw_only=True, eq=False)
class SpectralSubspace:
    """An affine subspace of spectra, in which noise has unit variance and is white.

    Attributes:
        deviations: (bands,) standard deviation of the noise; NaN or 0 for bands that have no part in the subspace.
        mean: (bands,) mean spectrum.
        vectors: (directions, bands) orthonormal, of spectra over the deviations; by descending variance.
    """

    deviations: Floats
    mean: Floats
    vectors: Floats

    @property
    def used(self) -> NDArray[np.bool_]:
        """Whether each band has a part in it (bands,)."""
        return self.deviations > 0

    def coefficients(self, image: NDArray[Any], known: NDArray[np.bool_] | None = None) -> NDArray[np.float32]:
        """The image in the subspace (directions, rows, cols); pixels that lack a number are its mean, all zeros.

        Args:
            image: (bands, rows, cols).
            known: (bands, rows, cols), the numbers that count, of which spectra are told by least squares; None for
                all.
        """
        used = self.used
        into = (self.vectors[:, used] / self.deviations[used]).astype(np.float32)
        mean = self.mean[used, None, None].astype(np.float32)
        result = np.empty((len(into), *image.shape[1:]), dtype=np.float32)
        for rows in strips(image.shape):
            centred = image[used, rows] - mean
            centred[:, ~np.isfinite(centred).all(axis=0)] = 0.0
            if known is not None:
                centred *= known[used, rows]
            result[:, rows] = np.tensordot(into, centred, axes=1)
            if known is not None:
                self._complete(result[:, rows], known[used, rows])
        return result

    def _complete(self, sums: NDArray[np.float32], known: NDArray[np.bool_]) -> None:
        """Solve for coefficients (directions, rows, cols) in place where some numbers (bands, rows, cols) are left out.

        There `sums` are those over the others alone.
        """
        some = ~known.all(axis=0)
        if not some.any():
            return
        weights = self.information(known[:, some])
        weights += _RIDGE * np.eye(len(sums))
        sums[:, some] = np.linalg.solve(weights, sums[:, some].T[..., None])[..., 0].T

    def information(self, known: NDArray[np.bool_]) -> NDArray[np.float64]:
        """What pixels tell of the coefficients (n, directions, directions): the inverse covariance of their noise.

        Args:
            known: (used bands, n), the numbers of each that count.
        """
        vectors = self.vectors[:, self.used]
        products = np.einsum("kb,lb->klb", vectors, vectors).reshape(-1, vectors.shape[1])
        lost = (products @ (~known)).reshape(len(vectors), len(vectors), -1)
        weights: NDArray[np.float64] = np.eye(len(vectors)) - lost.transpose(2, 0, 1)
        return weights

    def restore(self, image: NDArray[np.float32], coefficients: NDArray[np.float32]) -> None:
        """Put the spectra of coefficients (directions, rows, cols) into an image (bands, rows, cols), in place.

        Bands without a part in the subspace, and pixels that lack a number, stay as they are.
        """
        used = self.used
        back = (self.vectors[:, used] * self.deviations[used]).T.astype(np.float32)
        mean = self.mean[used, None, None].astype(np.float32)
        for rows in strips(image.shape):
            known = np.isfinite(image[used, rows]).all(axis=0)
            spectra = np.tensordot(back, coefficients[:, rows], axes=1) + mean
            for band, values in zip(np.flatnonzero(used), spectra, strict=True):
                image[band, rows][known] = values[known]


def fit_subspace(image: NDArray[Any], rank: int | None = None, extra: int = 0) -> SpectralSubspace:
    """The subspace of an image with noise of unknown deviation, one for each band.

    Noise is estimated band by band and brought to one level. Directions are principal components whose variance is
    above the largest that white noise has in one scene of a hundred (Johnstone, 2001), and a few more as long as
    neighbours vary together in them, which noise does not. What the directions leave of each band is a closer estimate
    of its noise, with which they are found anew.

    Args:
        image: (bands, rows, cols); pixels that lack a number in any band but empty ones are left out.
        rank: number of directions; None finds it.
        extra: further directions after these, as far as there are bands.

    Raises:
        InputError: too few pixels have numbers, no band varies, or there are not so many directions.
    """
    deviations = noise_deviations(image)
    used = deviations > 0
    if not used.any():
        raise InputError("no band of the scene varies from pixel to pixel; there is nothing to restore")
    found = moments(lambda: complete_pixels(image, used))
    num_bands = len(found.mean)
    if rank is not None and not 1 <= rank <= num_bands:
        raise InputError(f"a subspace of {rank} directions was asked for; {num_bands} bands have 1 to {num_bands}")
    noise, vectors, edge = deviations[used], np.eye(num_bands), 1
    # of bands that others tell, as where spectra were interpolated, rounding would leave nothing, or less
    least = RESOLUTION * np.sqrt(np.diag(found.covariance))
    for _ in range(_REFINEMENTS):
        values, vectors = np.linalg.eigh(found.covariance / np.outer(noise, noise))
        values, vectors = values[::-1], vectors[:, ::-1].T
        edge = _edge(values, found.num_pixels)
        noise = np.maximum(noise * np.sqrt(np.maximum(_left(values, vectors, edge), 0.0)), least)
    num = edge if rank is None else rank
    subspace = SpectralSubspace(
        deviations=np.where(used, _spread(noise, used), deviations),
        mean=_spread(found.mean, used),
        vectors=np.stack([_spread(vector, used) for vector in vectors[: num + _BEYOND + extra]]),
    )
    if rank is None:
        num += _with_pattern(subspace.coefficients(image)[: num + _BEYOND], num)
    return replace(subspace, vectors=subspace.vectors[: num + extra])


def _left(values: Floats, vectors: Floats, num: int) -> Floats:
    """Variance (bands,) of the noise of each band, from what the leading directions (num, bands) leave of it."""
    if num == len(values):
        return np.ones(num)
    residual = (values[num:, None] * vectors[num:] ** 2).sum(axis=0)
    outside = (vectors[num:] ** 2).sum(axis=0)
    # Of a band that is nearly a direction by itself too little is left to tell.
    told = outside > _LEAST_OUTSIDE
    level = values[num:].mean()
    return np.asarray(np.where(told, residual / np.maximum(outside, _LEAST_OUTSIDE), level))


def _edge(values: Floats, num_pixels: int) -> int:
    """How many variances (bands,), descending, over that of the noise, are above its largest; at least one."""
    root, bands = np.sqrt(num_pixels - 1), np.sqrt(len(values))
    above = ((root + bands) ** 2 + _SURE * (root + bands) * (1 / root + 1 / bands) ** (1 / 3)) / num_pixels
    num = 0
    for _ in range(_ROUNDS):
        # The mean of what is left falls as directions are taken out, and the edge with it.
        more = int(np.count_nonzero(values > above * values[num:].mean()))
        if more <= num or more == len(values):
            break
        num = more
    if num > len(values) / 2:
        # Levels of noise that are not told well yet differ more than samples do, and one by one would pass for signal.
        num = int(np.count_nonzero(values > _CLEAR))
    return max(num, 1)


def _with_pattern(coefficients: NDArray[np.float32], start: int) -> int:
    """How many directions from `start` on vary together between neighbours more than noise does."""
    # Pixels that lack a number are zeros throughout, and tell nothing.
    known = (coefficients != 0).any(axis=0)
    every, later, earlier = slice(None), slice(1, None), slice(None, -1)
    pairs = [((every, later), (every, earlier)), ((later, every), (earlier, every))]
    count = sum(int(np.count_nonzero(known[one] & known[other])) for one, other in pairs)
    least = max(_PATTERN, _CERTAIN / np.sqrt(max(count, 1)))
    for index, image in enumerate(coefficients[start:]):
        covariance = sum(float(np.sum(image[one] * image[other])) for one, other in pairs) / max(count, 1)
        if covariance < least:
            return index
    return len(coefficients) - start


def _spread(values: Floats, used: NDArray[np.bool_]) -> Floats:
    """Values of the used bands among all bands (bands,), 0 for the others."""
    result: Floats = np.zeros(len(used))
    result[used] = values
    return result
