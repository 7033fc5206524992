"""What differs between two dates beyond what a linear map explains: multivariate alteration and slow features.

Both look for linear functions a.x and b.y of the bands of two dates whose differences, divided by their deviation,
tell change from no change; where nothing changed the squares of p such variates add up to a chi-square variable with p
degrees of freedom. Pixels that look changed then count less, and the functions are found anew (Nielsen, 2007, "The
regularized iteratively reweighted MAD method"; Wu, Du, Zhang, 2014, "Slow feature analysis for change detection").
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, eigh, solve_triangular, svd
from scipy.special import chdtrc

Array = NDArray[np.float32]
Floats = NDArray[np.float64]

ROUNDS = 30
_SETTLED = 1e-4  # mean step of the weights at which rounds end
_LOADING = 1e-6  # of the mean variance, on the diagonals: bands may depend on each other
_LEAST_VARIANCE = 1e-9  # of a variate: dates may be equal
_FEWEST_UNCHANGED = 10  # pixels for each variate, by their weights; with fewer the rounds end


@dataclass(frozen=True, eq=False)
class Alteration:
    """Variates (left x - right y - offset) / deviation of two dates, ordered from those that agree least.

    Attributes:
        left, right: (variates, bands).
        offset, deviation: (variates,).
    """

    left: Floats
    right: Floats
    offset: Floats
    deviation: Floats

    def variates(self, before: NDArray[Any], after: NDArray[Any]) -> Array:
        """Variates (p, ...) of pixels (bands, ...) of both dates."""
        shape = (len(self.left), *before.shape[1:])
        left, right = ((matrix / self.deviation[:, None]).astype(np.float32) for matrix in (self.left, self.right))
        found = left @ before.reshape(len(before), -1) - right @ after.reshape(len(after), -1)
        found -= (self.offset / self.deviation).astype(np.float32)[:, None]
        result: Array = found.reshape(shape).astype(np.float32, copy=False)
        return result

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All numbers by their names."""
        return {"left": self.left, "right": self.right, "offset": self.offset, "deviation": self.deviation}


def chi_square(variates: NDArray[Any]) -> NDArray[Any]:
    """The sum (...) of the squares of variates (p, ...)."""
    total: NDArray[Any] = np.einsum("p...,p...->...", variates, variates)
    return total


def alteration(before: NDArray[Any], after: NDArray[Any], rounds: int = ROUNDS) -> Alteration:
    """IR-MAD: canonical variates of pixels (bands, n) of both dates, whose numbers of bands may differ.

    With `rounds` 1 it is MAD (Nielsen, Conradsen, Simpson, 1998).
    """
    return _reweighted(before, after, rounds, _canonical)


def slow_features(before: NDArray[Any], after: NDArray[Any], rounds: int = ROUNDS) -> Alteration:
    """ISFA: the functions of pixels (bands, n), the same on both dates, that differ least against their variance.

    With `rounds` 1 it is SFA.
    """
    return _reweighted(before, after, rounds, _slow)


def _reweighted(
    before: NDArray[Any],
    after: NDArray[Any],
    rounds: int,
    fit: Callable[[Floats, Floats, Floats, Floats, Floats], Alteration],
) -> Alteration:
    x, y = (np.asarray(date, dtype=np.float64) for date in (before, after))
    weights = np.ones(x.shape[1])
    num = len(x)
    for _ in range(max(1, rounds)):
        share = weights / weights.sum()
        joint = np.concatenate([x, y])
        mean = joint @ share
        joint -= mean[:, None]
        covariance = (joint * share) @ joint.T
        found = fit(covariance[:num, :num], covariance[num:, num:], covariance[:num, num:], mean[:num], mean[num:])
        chances = chdtrc(len(found.left), chi_square(found.variates(x, y)).astype(np.float64))
        settled = float(np.abs(chances - weights).mean()) < _SETTLED
        if settled or chances.sum() < _FEWEST_UNCHANGED * len(found.left):
            break
        weights = chances
    return found


def _canonical(xx: Floats, yy: Floats, xy: Floats, x_mean: Floats, y_mean: Floats) -> Alteration:
    """Canonical correlations: a.x and b.y of unit variance and correlation r differ with variance 2 (1 - r)."""
    x_root, y_root = cholesky(_loaded(xx), lower=True), cholesky(_loaded(yy), lower=True)
    inner = solve_triangular(y_root, solve_triangular(x_root, xy, lower=True).T, lower=True).T
    left, correlations, right = svd(inner, full_matrices=False)
    # from those that agree least
    order = slice(None, None, -1)
    a = solve_triangular(x_root, left[:, order], lower=True, trans="T").T
    b = solve_triangular(y_root, right[order].T, lower=True, trans="T").T
    deviation = np.sqrt(np.maximum(2 * (1 - correlations[order]), _LEAST_VARIANCE))
    sign = _sign(a @ xx)
    a, b = sign * a, sign * b
    return Alteration(a, b, a @ x_mean - b @ y_mean, deviation)


def _slow(xx: Floats, yy: Floats, xy: Floats, x_mean: Floats, y_mean: Floats) -> Alteration:
    """The generalised eigenvectors of the differences' covariance and the mean one of the dates."""
    values, vectors = eigh(xx + yy - xy - xy.T, _loaded((xx + yy) / 2))
    order = slice(None, None, -1)
    matrix = vectors.T[order]
    matrix = _sign(matrix @ xx) * matrix
    deviation = np.sqrt(np.maximum(values[order], _LEAST_VARIANCE))
    return Alteration(matrix, matrix, matrix @ (x_mean - y_mean), deviation)


def _sign(covariances: Floats) -> Floats:
    """Signs (variates, 1) with which variates agree with the bands on the whole: else either would do."""
    signs: Floats = np.where(covariances.sum(axis=1, keepdims=True) < 0, -1.0, 1.0)
    return signs


def _loaded(covariance: Floats) -> Floats:
    load = _LOADING * float(np.trace(covariance)) / len(covariance) + 1e-12
    loaded: Floats = covariance + load * np.eye(len(covariance))
    return loaded
