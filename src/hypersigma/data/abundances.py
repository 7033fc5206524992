"""Abundances of known endmembers by least squares: free, with sum one, not negative, or both.

All are exact, for many pixels at once. What the bands say is first brought down to as many numbers a pixel as there are
endmembers, so that the number of bands costs one matrix product.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import qr

from hypersigma.errors import ConfigError, InputError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_NUMBERS_AT_ONCE = 1 << 20  # of the systems of equations that are solved together
_PIXELS_AT_ONCE = 1 << 13
_SINGULAR = 1e-13  # share of the largest number of a system of equations that is round-off
_ROUNDING = 16.0 * np.finfo(np.float64).eps  # slope below which a share that is zero stays so


def ucls(spectra: ArrayLike, endmembers: ArrayLike) -> Floats:
    """Unconstrained abundances (K, ...) that minimise |x - E a|^2; of dependent endmembers those of least norm.

    Args:
        spectra: (bands, ...) x; a pixel that is NaN in any band has no abundances, NaN.
        endmembers: (K, bands), the columns of E.

    Raises:
        InputError: bands differ, there is no endmember, or one has a band without a number.
    """
    return _unmixed(spectra, endmembers, _Kind(positive=False))


def scls(spectra: ArrayLike, endmembers: ArrayLike) -> Floats:
    """Abundances (K, ...) with sum one that minimise |x - E a|^2; they may be negative.

    Source: Heinz and Chang, "Fully constrained least squares linear spectral mixture analysis method for material
    quantification in hyperspectral imagery", IEEE TGRS 39(3), 2001. Arguments and errors are those of
    `ucls`.
    """
    return _unmixed(spectra, endmembers, _Kind(positive=False, sum_to_one=True))


def nnls(spectra: ArrayLike, endmembers: ArrayLike, *, sparsity: float = 0.0) -> Floats:
    """Abundances (K, ...), none negative, that minimise |x - E a|^2 / 2 + sparsity * sum(a).

    Source: Lawson and Hanson, "Solving Least Squares Problems", 1974, chapter 23. With a sparsity it is the problem of
    sparse regression (Iordache, Bioucas-Dias and Plaza, "Sparse unmixing of hyperspectral data", IEEE TGRS 49(6),
    2011), here solved exactly. Other arguments and errors are those of `ucls`.

    Args:
        spectra: (bands, ...).
        endmembers: (K, bands).
        sparsity: price of a share, in squared units of the spectra.

    Raises:
        ConfigError: the sparsity is negative.
    """
    if not sparsity >= 0:
        raise ConfigError(f"the sparsity of abundances must be at least 0, not {sparsity}")
    return _unmixed(spectra, endmembers, _Kind(positive=True, penalty=sparsity))


def fcls(spectra: ArrayLike, endmembers: ArrayLike) -> Floats:
    """Fully constrained abundances (K, ...), none negative and with sum one, that minimise |x - E a|^2.

    The problem is that of Heinz and Chang (IEEE TGRS 39(3), 2001). Theirs is solved by a heavy row of ones below E,
    which holds the sum only almost; here the sum is a condition of its own in the active sets of Lawson and Hanson.
    Arguments and errors are those of `ucls`.
    """
    return _unmixed(spectra, endmembers, _Kind(positive=True, sum_to_one=True))


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """Which conditions abundances meet, and what they cost."""

    positive: bool
    sum_to_one: bool = False
    penalty: float = 0.0


def _unmixed(spectra: ArrayLike, endmembers: ArrayLike, kind: _Kind) -> Floats:
    """Abundances (K, ...), block by block."""
    pixels, columns = np.asarray(spectra), np.atleast_2d(np.asarray(endmembers, dtype=np.float64)).T
    _require_fit(pixels, columns)
    shape, pixels = pixels.shape[1:], pixels.reshape(len(pixels), -1)
    # Numbers of order one, whatever the unit: the condition on the sum has no unit.
    scale = float(np.linalg.norm(columns, axis=0).max()) or 1.0
    basis, root = qr(columns / scale, mode="economic")
    problem = _Problem(root.astype(np.float64), kind, kind.penalty / scale**2)
    abundances = np.full((columns.shape[1], pixels.shape[1]), np.nan)
    step = max(min(_PIXELS_AT_ONCE, _NUMBERS_AT_ONCE // (columns.shape[1] + 1) ** 2), 1)
    for start in range(0, pixels.shape[1], step):
        block = pixels[:, start : start + step].astype(np.float64)
        known = np.isfinite(block).all(axis=0)
        projected = (basis.T @ block[:, known]).T / scale
        abundances[:, start : start + step][:, known] = problem.solve(projected).T
    return abundances.reshape(len(abundances), *shape)


def _require_fit(pixels: NDArray[Any], columns: Floats) -> None:
    """Raise InputError unless spectra and endmembers are of the same bands, with numbers in all of them."""
    if pixels.ndim < 1 or columns.ndim != 2 or len(pixels) != len(columns) or not columns.size:
        raise InputError(
            f"spectra of shape {pixels.shape} and endmembers of shape {columns.shape[::-1]} do not fit; expected "
            f"(bands, ...) and (endmembers, bands) of the same bands; resample the endmembers to the scene"
        )
    lacking = int((~np.isfinite(columns)).any(axis=1).sum())
    if lacking:
        raise InputError(
            f"endmembers have no number in {lacking} of {len(columns)} bands; leave these bands out of endmembers and "
            f"scene alike"
        )


class _Problem:
    """Least squares |y - R a|^2 / 2 + penalty * sum(a) for many y at once, R (rows, K) being the same for all."""

    def __init__(self, root: Floats, kind: _Kind, penalty: float) -> None:
        self.root, self.kind, self.penalty = root, kind, penalty
        self.gram = root.T @ root
        self.lengths = np.sqrt(np.diag(self.gram))

    def solve(self, targets: Floats) -> Floats:
        """Shares (n, K) of targets (n, rows)."""
        count = self.gram.shape[0]
        if not self.kind.positive:
            return self.equalities(targets, np.ones((len(targets), count), dtype=bool))[0]
        return _ActiveSets(self, targets).solve()

    def equalities(self, targets: Floats, free: Bools) -> tuple[Floats, Floats]:
        """Shares (n, K) where all but the `free` (n, K) are zero, and the slopes (n, K) of minus the costs.

        Slopes are measured against the multiplier of the sum: those of free shares are zero.
        """
        sets, which = _distinct(free)
        size = max(int(sets.sum(axis=1).max(initial=0)), 1)
        members = np.argsort(~sets, axis=1, kind="stable")[:, :size]
        there = np.take_along_axis(sets, members, axis=1)
        inverse = _inverse(self._systems(members, there))[which]
        members, there = members[which], there[which]
        shares, multiplier = np.zeros(free.shape), np.zeros(len(targets))
        # The second pass corrects what the squared condition of the equations cost the first (Bjorck, "Numerical
        # Methods for Least Squares Problems", 1996: corrected seminormal equations).
        for _ in range(2):
            slopes = self._slopes(targets, shares) - multiplier[:, None]
            right = np.zeros((len(targets), size + 1))
            right[:, :size] = np.where(there, np.take_along_axis(slopes, members, axis=1), 0.0)
            if self.kind.sum_to_one:
                right[:, size] = 1.0 - shares.sum(axis=1)
            step = np.einsum("nij,nj->ni", inverse, right)
            moved = np.zeros(free.shape)
            np.put_along_axis(moved, members, np.where(there, step[:, :size], 0.0), axis=1)
            shares, multiplier = shares + moved, multiplier + step[:, size]
        return shares, self._slopes(targets, shares) - multiplier[:, None]

    def _slopes(self, targets: Floats, shares: Floats) -> Floats:
        """Slopes (n, K) of minus the costs at shares (n, K)."""
        slopes: Floats = (targets - shares @ self.root.T) @ self.root - self.penalty
        return slopes

    def _systems(self, members: NDArray[np.intp], there: Bools) -> Floats:
        """The equations (sets, size + 1, size + 1) of each set of free shares and of the multiplier of their sum.

        Places without a member, and the multiplier where sums are free, have equations of their own, that they are 0.
        """
        size = members.shape[1]
        systems = np.zeros((len(members), size + 1, size + 1))
        both = there[:, :, None] & there[:, None, :]
        systems[:, :size, :size] = np.where(both, self.gram[members[:, :, None], members[:, None, :]], 0.0)
        diagonal = np.arange(size)
        systems[:, diagonal, diagonal] += ~there
        if self.kind.sum_to_one:
            systems[:, :size, size] = systems[:, size, :size] = there
        else:
            systems[:, size, size] = 1.0
        return systems


class _ActiveSets:
    """The active sets of Lawson and Hanson for many pixels at once, each at its own step.

    A pixel's shares meet all conditions at any time. They move towards the best ones of the free set; where one becomes
    negative on the way, it stops at zero and leaves the set. At the best ones the share of the steepest slope becomes
    free, until there is none.
    """

    def __init__(self, problem: _Problem, targets: Floats) -> None:
        self.problem, self.targets = problem, targets
        count = len(problem.gram)
        self.shares, self.free = np.zeros((len(targets), count)), np.zeros((len(targets), count), dtype=bool)
        self.refused = np.zeros_like(self.free)
        self.entered = np.full(len(targets), -1)
        if problem.kind.sum_to_one and len(targets):
            # The nearest endmember alone.
            nearest = (np.square(problem.lengths) - 2.0 * targets @ problem.root).argmin(axis=1)
            self.shares[np.arange(len(targets)), nearest] = 1.0
            self.free[np.arange(len(targets)), nearest] = True
        lengths = np.linalg.norm(targets, axis=1, keepdims=True) + problem.lengths.max()
        self.least = _ROUNDING * count * problem.lengths * lengths

    def solve(self) -> Floats:
        """Shares (n, K)."""
        left = np.arange(len(self.targets))
        # A bound that only rounding reaches; shares meet the conditions then too.
        for _ in range(10 * len(self.problem.gram) + 50):
            if not len(left):
                break
            left = left[self._step(left)]
        return self.shares

    def _step(self, left: NDArray[np.intp]) -> Bools:
        """One step of the pixels `left` (n,); which of them are still not at their best."""
        goal, slopes = self.problem.equalities(self.targets[left], self.free[left])
        free, entered = self.free[left], self.entered[left]
        # What has just become free must grow; where it does not, its slope was rounding.
        wrong = np.zeros(len(left), dtype=bool)
        fresh = np.flatnonzero(entered >= 0)
        wrong[fresh] = ~(goal[fresh, entered[fresh]] > 0)
        self.free[left[wrong], entered[wrong]] = False
        self.refused[left[wrong], entered[wrong]] = True
        self.entered[left] = -1
        arrived = ~wrong & (~free | (goal > 0)).all(axis=1)
        self._turn_back(left[~wrong & ~arrived], goal[~wrong & ~arrived])
        self.shares[left[arrived]] = goal[arrived]
        # Only a pixel that has moved may try again what was refused.
        self.refused[left[arrived & (entered >= 0)]] = False
        going = np.ones(len(left), dtype=bool)
        going[arrived] = self._free_steepest(left[arrived], slopes[arrived])
        return going

    def _turn_back(self, pixels: NDArray[np.intp], goal: Floats) -> None:
        """Go towards a goal (n, K) until the first share is zero, which leaves the free set."""
        shares, free = self.shares[pixels], self.free[pixels]
        falling = free & ~(goal > 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            part = np.where(falling, shares / (shares - goal), np.inf)
        first = part.argmin(axis=1)
        part = np.clip(np.nan_to_num(part[np.arange(len(pixels)), first]), 0.0, 1.0)[:, None]
        shares = np.maximum(shares + part * (goal - shares), 0.0)
        shares[np.arange(len(pixels)), first] = 0.0
        self.free[pixels] = free & (shares > 0)
        self.shares[pixels] = np.where(self.free[pixels], shares, 0.0)

    def _free_steepest(self, pixels: NDArray[np.intp], slopes: Floats) -> Bools:
        """Let the share of the steepest slope (n, K) become free; False where none has one."""
        slopes = np.where(self.free[pixels] | self.refused[pixels], -np.inf, slopes - self.least[pixels])
        steepest = slopes.argmax(axis=1)
        going: Bools = slopes[np.arange(len(pixels)), steepest] > 0
        self.free[pixels[going], steepest[going]] = True
        self.entered[pixels[going]] = steepest[going]
        return going


def _distinct(sets: Bools) -> tuple[Bools, NDArray[np.intp]]:
    """The different rows of sets (n, K), and which of them each row is (n,)."""
    packed = np.packbits(sets, axis=1)
    # Eight bytes are one number, which sorts much faster than a row.
    packed = np.pad(packed, ((0, 0), (0, -packed.shape[1] % 8)))
    codes = np.ascontiguousarray(packed).view(np.uint64)
    if codes.shape[1] == 1:
        _, first, which = np.unique(codes[:, 0], return_index=True, return_inverse=True)
    else:
        _, first, which = np.unique(codes, axis=0, return_index=True, return_inverse=True)
    return sets[first], which.reshape(-1)


def _inverse(systems: Floats) -> Floats:
    """The inverses of systems of equations (n, size, size); of singular ones the pseudo-inverses."""
    try:
        inverses: NDArray[Any] = np.linalg.inv(systems)
    except np.linalg.LinAlgError:
        inverses = np.full_like(systems, np.inf)
    growth = np.abs(inverses).max(axis=(1, 2)) * np.abs(systems).max(axis=(1, 2))
    singular = ~(growth < 1.0 / _SINGULAR)
    if singular.any():
        inverses[singular] = np.linalg.pinv(systems[singular], rcond=_SINGULAR, hermitian=True)
    return inverses
