"""Endmembers of a scene, its purest pixels: VCA, N-FINDR, ATGP and PPI.

Spectra are (bands, n). A pixel that is NaN in any band is none. Which pixels were taken is told, so that they can be
shown; only statistics and projections of the spectra are kept in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hypersigma.data.moments import descending, moments
from hypersigma.errors import InputError

Floats = NDArray[np.float64]
Spectra = NDArray[Any]

_PIXELS_AT_ONCE = 1 << 14
_DIRECTIONS_AT_ONCE = 128
_DEPENDENT = 1e-13  # share of the power of the brightest pixel that is round-off
_GROWTH = 1e-9  # by which a volume must grow, relatively, for a pixel to be exchanged
_MOST_ROUNDS = 100


class Endmembers(NamedTuple):
    """Pixels that stand for materials.

    Attributes:
        spectra: (K, bands).
        pixels: (K,) index of each among the pixels.
    """

    spectra: Floats
    pixels: NDArray[np.intp]


def vca(spectra: ArrayLike, num_endmembers: int, seed: int = 0) -> Endmembers:
    """Endmembers by vertex component analysis, as spectra on the subspace of the signal.

    Each is the pixel farthest along a random direction that is orthogonal to those before it. With little noise (signal
    to noise above 15 + 10 log10(K) dB) pixels are projected on K directions and scaled to a plane, so that brightness
    does not count; with much noise on K - 1 principal components.

    Source: Nascimento and Bioucas-Dias, "Vertex component analysis: a fast algorithm to unmix hyperspectral data", IEEE
    TGRS 43(4), 2005, algorithm 1.

    Args:
        spectra: (bands, n).
        num_endmembers: K, at most the number of bands, and of pixels with data.
        seed: of the directions.

    Raises:
        InputError: the scene holds fewer independent spectra.
    """
    pixels = _Pixels(spectra, num_endmembers)
    if num_endmembers == 1:
        return atgp(spectra, 1)
    components = _Components(pixels)
    components.require(num_endmembers)
    noisy = components.signal_to_noise(num_endmembers) < 15.0 + 10.0 * np.log10(num_endmembers)
    if noisy:
        mean, basis = components.found.mean, components.principal[:, : num_endmembers - 1]
        projected = pixels.projected(basis, mean)
        height = np.sqrt(np.square(projected).sum(axis=0).max())
        plane = np.concatenate([projected, np.full((1, projected.shape[1]), height)])
    else:
        mean, basis = np.zeros(pixels.num_bands), components.directions[:, :num_endmembers]
        projected = pixels.projected(basis, mean)
        along = projected.mean(axis=1) @ projected
        # Of a pixel without light there is no direction.
        plane = np.where(along > 0, projected / np.where(along > 0, along, 1.0), 0.0)
    chosen = _vertices(plane, np.random.default_rng(seed))
    return Endmembers((basis @ projected[:, chosen]).T + mean, pixels.known[chosen])


def _vertices(plane: Floats, generator: np.random.Generator) -> NDArray[np.intp]:
    """Indices (K,) of the vertices of points (K, n) in a plane of K dimensions."""
    count = len(plane)
    taken = np.zeros((count, count))
    taken[-1, 0] = 1.0
    chosen = np.zeros(count, dtype=np.intp)
    for index in range(count):
        direction = generator.standard_normal(count)
        direction -= taken @ (np.linalg.pinv(taken) @ direction)
        chosen[index] = np.abs(direction @ plane).argmax()
        taken[:, index] = plane[:, chosen[index]]
    return chosen


def nfindr(spectra: ArrayLike, num_endmembers: int, *, shade: bool = False) -> Endmembers:
    """Endmembers by N-FINDR: the pixels between which no single exchange makes the volume larger.

    In K - 1 principal components the volume of a simplex is |det [1; y_1 .. y_K]| / (K - 1)!. Beginning with the pixels
    that ATGP takes there, each in turn is exchanged for the pixel that makes the volume largest, until none is.

    Source: Winter, "N-FINDR: an algorithm for fast autonomous spectral end-member determination in hyperspectral
    data", SPIE 3753, 1999. Arguments and errors are those of `vca`, and:

    Args:
        spectra: (bands, n).
        num_endmembers: K.
        shade: whether zero is a corner of the simplex beside the pixels that are sought; then its volume, in K
            directions of power, is |det [y_1 .. y_K]| / K!.
    """
    pixels = _Pixels(spectra, num_endmembers)
    if num_endmembers == 1:
        return atgp(spectra, 1)
    components = _Components(pixels)
    points = _with_corner(pixels, components, num_endmembers) if shade else _centred(pixels, components, num_endmembers)
    chosen = _farthest(_Pixels(points, num_endmembers), num_endmembers)
    for _ in range(_MOST_ROUNDS):
        before = chosen.copy()
        for index in range(num_endmembers):
            # A determinant is linear in each column: its growth at every pixel is a row of the inverse times that.
            growth = np.abs(np.linalg.inv(points[:, chosen])[index] @ points)
            best = int(growth.argmax())
            if growth[best] > 1.0 + _GROWTH:
                chosen[index] = best
        if np.array_equal(chosen, before):
            break
    return pixels.endmembers(chosen)


def _centred(pixels: _Pixels, components: _Components, count: int) -> Floats:
    """Principal components of the pixels, and a row of ones (count, n)."""
    projected = pixels.projected(components.principal[:, : count - 1], components.found.mean)
    # Components of about one, as the row of ones is: the beginning is to see both.
    projected /= max(float(np.sqrt(np.square(projected).sum(axis=0).max())), np.finfo(np.float64).tiny)
    return np.concatenate([projected, np.ones((1, projected.shape[1]))])


def _with_corner(pixels: _Pixels, components: _Components, count: int) -> Floats:
    """Coordinates (count, n) of the pixels, zero being that of zeros."""
    components.require(count)
    return pixels.projected(components.directions[:, :count], np.zeros(pixels.num_bands))


def atgp(spectra: ArrayLike, num_endmembers: int) -> Endmembers:
    """Endmembers by automatic target generation: the brightest pixel, then always the one that is least explained.

    What is explained is the projection on those before. Source: Ren and Chang, "Automatic spectral target recognition
    in hyperspectral imagery", IEEE TAES 39(4), 2003. Arguments and errors are those of `vca`, without a seed.
    """
    pixels = _Pixels(spectra, num_endmembers)
    return pixels.endmembers(_farthest(pixels, num_endmembers))


def pixel_purity(spectra: ArrayLike, num_directions: int = 1000, seed: int = 0) -> NDArray[np.intp]:
    """How often each pixel (n,) is the first or the last of all along random directions; 0 without data.

    Only pixels at the corners of the scene are counted at all. Source: Boardman, Kruse and Green, "Mapping target
    signatures via partial unmixing of AVIRIS data", JPL Publication 95-1, 1995.

    Args:
        spectra: (bands, n).
        num_directions: of these.
        seed: of the directions.

    Raises:
        InputError: no pixel has data.
    """
    pixels = _Pixels(spectra, 1)
    generator = np.random.default_rng(seed)
    counts = np.zeros(np.asarray(spectra).shape[1], dtype=np.intp)
    for start in range(0, num_directions, _DIRECTIONS_AT_ONCE):
        number = min(_DIRECTIONS_AT_ONCE, num_directions - start)
        extremes = pixels.extremes(generator.standard_normal((pixels.num_bands, number)))
        np.add.at(counts, pixels.known[extremes.ravel()], 1)
    return counts


def ppi(spectra: ArrayLike, num_endmembers: int, seed: int = 0, *, num_directions: int = 1000) -> Endmembers:
    """Endmembers by the pixel purity index: of K kinds of pixels that are extreme along random directions, the purest.

    The index leaves it to the eye which of the extreme pixels are of one kind. Here k-means of their K leading
    principal components tells it, each pixel counting as often as it was extreme. The purest come first. Arguments,
    errors and source are those of `vca` and `pixel_purity`.
    """
    from sklearn.cluster import KMeans

    pixels = _Pixels(spectra, num_endmembers)
    components = _Components(pixels)
    components.require(num_endmembers)
    places = pixels.projected(components.principal[:, :num_endmembers], components.found.mean)
    counts = pixel_purity(spectra, num_directions, seed)[pixels.known]
    extreme = np.flatnonzero(counts)
    if len(extreme) < num_endmembers:
        raise _too_many(num_endmembers, len(extreme))
    kinds = KMeans(num_endmembers, n_init=10, random_state=seed).fit_predict(
        places[:, extreme].T, sample_weight=counts[extreme]
    )
    purest = [extreme[kinds == kind][counts[extreme[kinds == kind]].argmax()] for kind in range(num_endmembers)]
    purest.sort(key=lambda pixel: -counts[pixel])
    return pixels.endmembers(np.array(purest))


class _Pixels:
    """The pixels of a scene that have data, read block by block.

    Attributes:
        known: (n,) their indices.
        num_bands: of each.
    """

    def __init__(self, spectra: ArrayLike, num_endmembers: int) -> None:
        self._spectra = np.asarray(spectra)
        if self._spectra.ndim != 2:
            raise InputError(f"endmembers are sought in spectra of shape (bands, n), found {self._spectra.shape}")
        self.num_bands = len(self._spectra)
        self.known = np.flatnonzero(np.isfinite(self._spectra).all(axis=0))
        most = min(self.num_bands, len(self.known))
        if not 1 <= num_endmembers <= most:
            raise InputError(
                f"{num_endmembers} endmembers cannot be found in {len(self.known)} pixels with data in all of "
                f"{self.num_bands} bands; ask for 1 to {most}"
            )

    def blocks(self) -> Iterator[Floats]:
        """Spectra (bands, n) of the pixels, in double precision."""
        for start in range(0, len(self.known), _PIXELS_AT_ONCE):
            yield self._spectra[:, self.known[start : start + _PIXELS_AT_ONCE]].astype(np.float64)

    def projected(self, basis: Floats, mean: Floats) -> Floats:
        """Coordinates (d, n) along the columns of a basis (bands, d), after a mean is subtracted."""
        return np.concatenate([basis.T @ (block - mean[:, None]) for block in self.blocks()], axis=1)

    def extremes(self, directions: Floats) -> NDArray[np.intp]:
        """The pixels (2, d) that lie first and last along directions (bands, d)."""
        sides = np.stack([directions.T, -directions.T])
        best, extremes = np.full(sides.shape[:2], -np.inf), np.zeros(sides.shape[:2], dtype=np.intp)
        start = 0
        for block in self.blocks():
            along = sides @ block
            farthest = along.argmax(axis=2)
            reached = np.take_along_axis(along, farthest[..., None], axis=2)[..., 0]
            farther = reached > best
            best, extremes = np.where(farther, reached, best), np.where(farther, start + farthest, extremes)
            start += block.shape[1]
        return extremes

    def endmembers(self, chosen: NDArray[np.intp]) -> Endmembers:
        """The chosen ones of the pixels, as they are in the scene."""
        pixels = self.known[chosen]
        return Endmembers(self._spectra[:, pixels].T.astype(np.float64), pixels)


class _Components:
    """Directions in which a scene varies, and in which it has power.

    Attributes:
        found: mean and covariance.
        principal: (bands, bands) eigenvectors of the covariance, by descending eigenvalue.
        directions: (bands, bands) eigenvectors of the correlation, by descending eigenvalue.
    """

    def __init__(self, pixels: _Pixels) -> None:
        self.found = moments(pixels.blocks)
        self._variances, self.principal = descending(self.found.covariance)
        self._powers, self.directions = descending(self.found.correlation)

    def require(self, num_endmembers: int) -> None:
        """Raise InputError where the pixels lie in fewer dimensions."""
        found = int((self._powers > _DEPENDENT * self._powers[0]).sum())
        if found < num_endmembers:
            raise _too_many(num_endmembers, found)

    def signal_to_noise(self, num_endmembers: int) -> float:
        """Signal over noise in dB, noise being what K principal components leave (Nascimento and Bioucas-Dias, 2005).

        With L bands, power P of the pixels and P_K of their projection it is (P_K - K / L P) / (P - P_K).
        """
        power = float(np.trace(self.found.correlation))
        share = (self.found.num_pixels - 1) / self.found.num_pixels
        kept = share * float(self._variances[:num_endmembers].sum()) + float(np.square(self.found.mean).sum())
        signal, noise = kept - num_endmembers / len(self.principal) * power, power - kept
        if noise <= _DEPENDENT * power:
            return np.inf
        return 10.0 * float(np.log10(signal / noise)) if signal > 0 else -np.inf


def _farthest(pixels: _Pixels, count: int) -> NDArray[np.intp]:
    """Indices (count,) among the pixels, each the farthest from the subspace of those before it.

    Raises:
        InputError: there are fewer independent spectra.
    """
    left = np.concatenate([np.square(block).sum(axis=0) for block in pixels.blocks()])
    least = _DEPENDENT * float(left.max())
    basis, chosen = np.zeros((pixels.num_bands, 0)), np.zeros(0, dtype=np.intp)
    for _ in range(count):
        chosen = np.append(chosen, left.argmax())
        if left[chosen[-1]] <= least:
            raise _too_many(count, len(chosen) - 1)
        direction = pixels.endmembers(chosen[-1:]).spectra[0]
        # Twice, as the first time leaves a share of round-off.
        for _ in range(2):
            direction = direction - basis @ (basis.T @ direction)
        basis = np.column_stack([basis, direction / np.linalg.norm(direction)])
        left -= np.square(pixels.projected(basis[:, -1:], np.zeros(pixels.num_bands))[0])
    return chosen


def _too_many(asked: int, found: int) -> InputError:
    """The error of a scene that holds fewer independent spectra than asked for."""
    return InputError(f"{asked} endmembers are asked for, but all pixels are mixtures of {found}; ask for fewer")
