"""Class probabilities spread within regions and not across their edges.

The extended random walker of Kang et al. (IEEE TGRS 2015): the spread probabilities x of every class minimise
    sum_ij w_ij (x_i - x_j)^2 + g sum_i (x_i - p_i)^2,    w_ij = exp(-b |f_i - f_j|^2 / s),
over 4-neighbours i, j with features f and their mean squared difference s, so that (D - W + g) x = g p. It is
solved by a fixed number of Chebyshev-accelerated Jacobi steps: a pixel then depends on nothing further away than
that number of pixels, and a window with that margin gives the same numbers wherever it is cut.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

STEPS = 64
CONTRAST = 4.0  # b: a difference of half the mean square halves the bond, roughly
_LEAST = 1e-4  # bond between the most different neighbours; keeps every pixel tied to its own probability


def mean_square_difference(features: NDArray[Any]) -> float:
    """The mean squared difference between 4-neighbours of features (F, rows, cols), NaN pixels left out."""
    total, count = 0.0, 0
    for axis in (1, 2):
        squares = np.square(np.diff(features.astype(np.float64), axis=axis)).sum(axis=0)
        known = np.isfinite(squares)
        total += float(squares[known].sum())
        count += int(known.sum())
    return total / max(count, 1)


def diffuse(
    probabilities: NDArray[np.float32], features: NDArray[Any], fidelity: float, scale: float
) -> NDArray[np.float32]:
    """Spread probabilities (K, rows, cols) that sum to one at each pixel, NaN where either input is.

    Args:
        probabilities: (K, rows, cols), NaN = no data; of each pixel they sum to one.
        features: (F, rows, cols) that tell regions apart.
        fidelity: g > 0, the weight of a pixel's own probability; the smaller, the wider they spread.
        scale: s, from `mean_square_difference` of the scene that the model was fitted on.
    """
    known = np.isfinite(probabilities).all(axis=0) & np.isfinite(features).all(axis=0)
    own = np.where(known, probabilities, 0.0).astype(np.float32)
    down = _bonds(features, known, 1, scale)
    right = _bonds(features, known, 2, scale)
    degree = fidelity + _received(np.ones_like(own[:1]), down, right)
    # The most that one plain step leaves of an error, bonds being at most 1; it sets the acceleration (Varga, 1962).
    radius = 4.0 / (4.0 + fidelity)
    previous, current, omega = own, own, 1.0
    for step in range(STEPS):
        target = (_received(current, down, right) + fidelity * own) / degree
        omega = 1.0 if step == 0 else 1.0 / (1.0 - radius**2 * omega / (2.0 if step == 1 else 4.0))
        previous, current = current, previous + np.float32(omega) * (target - previous)
    # Accelerated steps overshoot a little before they settle.
    spread = np.clip(current, 0.0, 1.0)
    spread[:, ~known] = np.nan
    normalised: NDArray[np.float32] = spread / spread.sum(axis=0)
    return normalised


def _bonds(features: NDArray[Any], known: NDArray[np.bool_], axis: int, scale: float) -> NDArray[np.float32]:
    """Bonds w of each pixel with the next along an axis, 0 without data: (rows - 1, cols) or (rows, cols - 1)."""
    squares = np.square(np.diff(np.where(known, features, 0.0), axis=axis)).sum(axis=0)
    both = known[:-1] & known[1:] if axis == 1 else known[:, :-1] & known[:, 1:]
    bonds = np.maximum(np.exp(-CONTRAST * squares / max(scale, 1e-30)), _LEAST)
    joined: NDArray[np.float32] = np.where(both, bonds, 0.0).astype(np.float32)
    return joined


def _received(values: NDArray[Any], down: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float32]:
    """W x (K, rows, cols): what each pixel receives from its neighbours."""
    received = np.zeros_like(values)
    received[:, :-1] += down * values[:, 1:]
    received[:, 1:] += down * values[:, :-1]
    received[:, :, :-1] += right * values[:, :, 1:]
    received[:, :, 1:] += right * values[:, :, :-1]
    return received
