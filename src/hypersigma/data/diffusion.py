"""Values spread within regions and not across their edges: smoothing of channels, and of class probabilities.

The extended random walker of Kang et al. (IEEE TGRS 2015): the spread values x of a picture p minimise
    sum_ij w_ij (x_i - x_j)^2 + sum_i g_i (x_i - p_i)^2,    w_ij = exp(-b |f_i - f_j|^2 / s),
over 4-neighbours i, j with features f and their mean squared difference s, so that (D - W + G) x = G p. It is
solved by a fixed number of Chebyshev-accelerated Jacobi steps: a pixel then depends on nothing further away than
that number of pixels, and a window with that margin gives the same numbers wherever it is cut. A scene that comes strip
by strip needs no margin: each step is one row behind the last, and two rows of every step are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.recent import Recent

Array = NDArray[np.float32]

STEPS = 64
_BYTES_AT_ONCE = 1 << 18
LEAST = 1e-4  # bond between the most different neighbours; keeps every pixel tied to its own value


def mean_square_difference(features: NDArray[Any]) -> float:
    """The mean squared difference between 4-neighbours of features (F, rows, cols), NaN pixels left out."""
    total, count = 0.0, 0
    for axis in (1, 2):
        squares = np.square(np.diff(features.astype(np.float64), axis=axis)).sum(axis=0)
        known = np.isfinite(squares)
        total += float(squares[known].sum())
        count += int(known.sum())
    return total / max(count, 1)


@dataclass(frozen=True, eq=False)
class Bonds:
    """How strongly neighbours hold together.

    Attributes:
        known: (rows, cols) pixels with features.
        down: (rows - 1, cols) bond of each pixel with the next in its column; right: (rows, cols - 1) in its row.
    """

    known: NDArray[np.bool_]
    down: Array
    right: Array

    @classmethod
    def of(cls, features: NDArray[Any], scale: float, contrast: float) -> Bonds:
        """The bonds that features (F, rows, cols) make; NaN = no data, bound to nothing.

        Args:
            features: tell regions apart.
            scale: s, from `mean_square_difference` of the scene that a model is fitted on.
            contrast: b; the larger, the fewer differences are bridged.
        """
        known = np.isfinite(features).all(axis=0)
        filled = np.where(known, features, 0.0)
        exponent = -contrast / max(scale, 1e-30)
        down, right = (
            np.maximum(np.exp(exponent * np.square(np.diff(filled, axis=axis)).sum(axis=0)), LEAST) for axis in (1, 2)
        )
        return cls(known, down.astype(np.float32), right.astype(np.float32)).among(known)

    def among(self, known: NDArray[np.bool_]) -> Bonds:
        """The bonds among some pixels (rows, cols) alone."""
        return Bonds(
            self.known & known,
            self.down * (known[:-1] & known[1:]),
            self.right * (known[:, :-1] & known[:, 1:]),
        )

    def received(self, values: Array, out: Array | None = None) -> Array:
        """W x (K, rows, cols): what each pixel receives from its neighbours, put into `out` if that is given."""
        received = np.empty_like(values) if out is None else out
        part = np.empty_like(values)
        np.multiply(self.down, values[:, 1:], out=received[:, :-1])
        received[:, -1] = 0.0
        received[:, 1:] += np.multiply(self.down, values[:, :-1], out=part[:, 1:])
        received[:, :, :-1] += np.multiply(self.right, values[:, :, 1:], out=part[:, :, 1:])
        received[:, :, 1:] += np.multiply(self.right, values[:, :, :-1], out=part[:, :, 1:])
        return received


def spread(values: Array, bonds: Bonds, fidelity: float | Array) -> Array:
    """Spread values (K, rows, cols), NaN where they are or no bond is known.

    Args:
        values: p, NaN = no data.
        bonds: w.
        fidelity: g > 0, the weight of a pixel's own value, one for all or (rows, cols); the smaller, the wider.
    """
    complete: NDArray[np.bool_] = np.logical_and.reduce(np.isfinite(values))
    bonds = bonds.among(complete)
    known = bonds.known
    weight = np.where(known, fidelity, 1.0).astype(np.float32)
    degree = weight + bonds.received(known[None].astype(np.float32))
    factors = acceleration(float(np.min(fidelity)))
    result = np.empty(values.shape, dtype=np.float32)
    # all steps of a few values at a time, which stay in a processor's cache
    count = max(1, _BYTES_AT_ONCE // max(4 * known.size, 1))
    for first in range(0, len(values), count):
        some = slice(first, first + count)
        own = np.where(known, values[some], 0.0).astype(np.float32)
        result[some] = _stepped(own, bonds, weight * own, degree, factors)
    result[:, ~known] = np.nan
    return result


def _stepped(own: Array, bonds: Bonds, source: Array, degree: Array, factors: NDArray[np.float32]) -> Array:
    """What the steps make of values (K, rows, cols): each goes from the last but one towards (W x + G p) / degree."""
    previous, current = own, own
    spare = [np.empty_like(own), np.empty_like(own), np.empty_like(own)]
    for factor in factors:
        target = _step(bonds.received(current, out=spare.pop()), source, degree, previous, factor)
        if previous is not own:
            spare.append(previous)
        previous, current = current, target
    return current


def _step(received: Array, source: Array, degree: Array, previous: Array, factor: np.float32) -> Array:
    """From the last value but one towards (W x + G p) / degree, in place of what was received, W x."""
    received += source
    received /= degree
    received -= previous
    received *= factor
    received += previous
    return received


class Spreading:
    """Values that spread as by `spread` while they come strip by strip; what comes out is STEPS rows behind.

    Above the first strip there is no data. The n-th step is n rows behind the strip: of each step the two last rows
    are kept, which the next steps look at, and of what stays as it is as many rows as there are steps.
    """

    def __init__(self, fidelity: float) -> None:
        """Nothing has come yet.

        Args:
            fidelity: g > 0, the weight of a pixel's own value.
        """
        self._fidelity = fidelity
        self._factors = acceleration(fidelity)
        self._known = Recent(STEPS + 1, above=False)
        self._up, self._right = Recent(STEPS + 1), Recent(STEPS + 1)
        self._degree = Recent(STEPS - 1, above=1.0)
        self._own = Recent(STEPS)
        self._values: dict[int, list[Recent]] = {}

    def spread(self, values: Array, bonds: Bonds) -> Array:
        """Spread values (K, h, cols) of the rows STEPS above a strip.

        Args:
            values: p (K, h, cols) of the strip, NaN where no bond is known.
            bonds: w of the strip and the row above it.
        """
        height = values.shape[1]
        new = np.where(bonds.known[1:], values, 0.0).astype(np.float32)
        known, right = self._known.joined(bonds.known[1:]), self._right.joined(bonds.right[1:])
        whole = Bonds(known, self._up.joined(bonds.down), right)
        seen = _rows(whole, STEPS - 1, height + 2)
        weight = np.where(seen.known, self._fidelity, 1.0).astype(np.float32)
        degree = self._degree.joined((weight + seen.received(seen.known[None].astype(np.float32))[0])[1:-1])
        source = self._own.joined(new)
        source *= np.where(whole.known[1:], self._fidelity, 1.0).astype(np.float32)
        result = np.empty_like(new)
        # all steps of a few values at a time, which stay in a processor's cache
        count = max(1, _BYTES_AT_ONCE // (4 * (height + 2) * values.shape[2]))
        for first in range(0, len(values), count):
            some = slice(first, first + count)
            result[some] = self._stepped(first, new[some], whole, source[some], degree)
        result[:, ~whole.known[1 : height + 1]] = np.nan
        return result

    def _stepped(self, group: int, own: Array, bonds: Bonds, source: Array, degree: Array) -> Array:
        """What the steps make of some values (K, h, cols), as in the function of that name."""
        height = own.shape[1]
        kept = self._values.setdefault(group, [Recent(2) for _ in self._factors])
        current = own
        for index, factor in enumerate(self._factors):
            window = kept[index].joined(current)
            if index == 0:
                previous = window[:, 1:-1]
            top = STEPS - 1 - index
            received = _rows(bonds, top, height + 2).received(window)[:, 1:-1]
            current = _step(received, source[:, top : top + height], degree[top : top + height], previous, factor)
            previous = window[:, :-2]
        return current


def _rows(bonds: Bonds, first: int, count: int) -> Bonds:
    """Bonds of some rows, where `down` has one with the row above for each."""
    rows = slice(first, first + count)
    return Bonds(bonds.known[rows], bonds.down[first + 1 : first + count], bonds.right[rows])


def acceleration(fidelity: float) -> NDArray[np.float32]:
    """How far each step (STEPS,) goes from the value before the last, for the least weight of a pixel's own value."""
    # The most that one plain step leaves of an error, bonds being at most 1; it sets the acceleration (Varga, 1962).
    radius = 4.0 / (4.0 + fidelity)
    factors = [1.0]
    for step in range(1, STEPS):
        factors.append(1.0 / (1.0 - radius**2 * factors[-1] / (2.0 if step == 1 else 4.0)))
    return np.array(factors, dtype=np.float32)


def spread_probabilities(probabilities: Array, bonds: Bonds, fidelity: float | Array) -> Array:
    """Spread probabilities (K, rows, cols) that sum to one at each pixel before and after."""
    # Accelerated steps overshoot a little before they settle.
    current = np.clip(spread(probabilities, bonds, fidelity), 0.0, 1.0)
    normalised: Array = current / current.sum(axis=0)
    return normalised
