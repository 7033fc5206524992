"""How many dimensions the signal of a scene has: HySime, and virtual dimensionality by HFC and NWHFC.

All three need the mean and the covariance of a scene alone. Noise is what a linear function of all other bands does not
tell of a band.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from hypersigma.data.moments import Moments, descending, moments
from hypersigma.errors import ConfigError, InputError

Floats = NDArray[np.float64]

_PIXELS_AT_ONCE = 1 << 14
_RIDGE = 1e-10  # share of a band's power below which noise is not told from round-off
_FLOOR = 1e-5  # share of the mean signal a band that HySime counts as noise in any case


class Dimension(NamedTuple):
    """A number of endmembers and its evidence.

    Attributes:
        num_endmembers: the number.
        evidence: (bands,) a direction each, by descending power; directions above 0 were counted. Of HySime it is the
            power less twice the noise, of HFC the difference of eigenvalues less its threshold.
        noise: (bands,) standard deviation of the noise in each band.
    """

    num_endmembers: int
    evidence: Floats
    noise: Floats


def scene_moments(spectra: ArrayLike) -> Moments:
    """Mean and covariance of spectra (bands, n), those left out that are NaN in a band.

    Raises:
        InputError: spectra have another shape, or fewer than two have data.
    """
    array = np.asarray(spectra)
    if array.ndim != 2:
        raise InputError(f"endmembers are counted in spectra of shape (bands, n), found {array.shape}")

    def blocks() -> Iterator[NDArray[Any]]:
        for start in range(0, array.shape[1], _PIXELS_AT_ONCE):
            block = array[:, start : start + _PIXELS_AT_ONCE].astype(np.float64)
            yield block[:, np.isfinite(block).all(axis=0)]

    return moments(blocks)


def hysime(found: Moments) -> Dimension:
    """The number of directions in which signal costs less than it tells.

    With the correlation of spectra R_y, of noise R_n (diagonal) and of signal R_x, the eigenvectors e of R_x are kept
    for which e' R_y e > 2 e' R_n e: then leaving e out would cost more power than the noise that it brings. As
    published R_n is enlarged by 1e-5 of the mean signal, so that nothing smaller counts.

    Source: Bioucas-Dias and Nascimento, "Hyperspectral subspace identification", IEEE TGRS 46(8), 2008.

    Args:
        found: moments of the scene, of more pixels than bands.

    Raises:
        InputError: there are not more pixels than bands.
    """
    correlation = found.correlation
    predictor, variances = _noise(found, correlation)
    signal = np.eye(len(correlation)) - predictor
    signal = signal @ correlation @ signal.T
    _, directions = descending((signal + signal.T) / 2)
    raised = variances + _FLOOR * float(np.trace(signal)) / len(signal)
    power = np.einsum("bk,bc,ck->k", directions, correlation, directions)
    evidence = power - 2.0 * (np.square(directions) * raised[:, None]).sum(axis=0)
    return Dimension(int((evidence > 0).sum()), evidence, np.sqrt(variances))


def hfc(found: Moments, false_alarm_rate: float = 1e-3, *, whiten: bool = True) -> Dimension:
    """The virtual dimensionality: directions in which correlation and covariance differ by more than chance.

    Where there is noise alone, the l-th largest eigenvalues r of the correlation and c of the covariance are equal; a
    signal adds its mean. Their difference has a variance of about 2 (r^2 + c^2) / n, and counts above the threshold
    that noise exceeds with the false alarm rate.

    Source: Chang and Du, "Estimation of number of spectrally distinct signal sources in hyperspectral imagery", IEEE
    TGRS 42(3), 2004.

    Args:
        found: moments of the scene, of more pixels than bands.
        false_alarm_rate: of each direction.
        whiten: whether bands are first divided by the deviation of their noise (NWHFC), as noise of unequal bands
            passes for signal.

    Raises:
        ConfigError: the rate is not between 0 and 1/2.
        InputError: there are not more pixels than bands.
    """
    if not 0 < false_alarm_rate < 0.5:
        raise ConfigError(f"the false alarm rate must lie between 0 and 0.5, not {false_alarm_rate}")
    _, variances = _noise(found, found.covariance)
    deviations = np.sqrt(variances)
    weights = np.outer(deviations, deviations) if whiten else 1.0
    correlations, _ = descending(found.correlation / weights)
    covariances, _ = descending(found.covariance / weights)
    spread = np.sqrt(2.0 * (np.square(correlations) + np.square(covariances)) / found.num_pixels)
    # Of a scene without noise all that is left of small eigenvalues is round-off of the largest.
    spread = np.maximum(spread, np.finfo(np.float64).eps * len(variances) * correlations[0])
    evidence = correlations - covariances + float(ndtri(false_alarm_rate)) * spread
    return Dimension(int((evidence > 0).sum()), evidence, deviations)


def _noise(found: Moments, scatter: Floats) -> tuple[Floats, Floats]:
    """What gives the noise of a spectrum (bands, bands), and its variance in each band (bands,).

    With P the inverse of the scatter S of spectra y, the regression of a band on all others leaves (P y)_b / P_bb,
    whose variance is 1 / P_bb.

    Raises:
        InputError: there are not more pixels than bands, so that a regression would leave nothing.
    """
    num_bands = len(scatter)
    if found.num_pixels <= num_bands:
        raise InputError(
            f"{found.num_pixels} pixels have data in all of {num_bands} bands; noise can be told from signal where "
            f"there are more pixels than bands: take a larger scene or fewer bands"
        )
    # Bands of one unit, so that what is round-off is the same in all.
    deviations = np.sqrt(np.diag(scatter))
    deviations = np.where(deviations > 0, deviations, 1.0)
    scaled = scatter / np.outer(deviations, deviations) + _RIDGE * np.eye(num_bands)
    precision = np.linalg.inv(scaled)
    own = np.diag(precision)
    predictor = precision / own[:, None] * deviations[:, None] / deviations
    # A regression on so many bands takes some of the noise for signal.
    free = 1.0 - (num_bands - 1) / found.num_pixels
    return predictor.astype(np.float64), np.square(deviations) / own / free
