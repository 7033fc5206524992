"""Relative radiometric normalisation: one date in the light of another, by pixels that did not change.

Pixels that iteratively reweighted multivariate alteration finds unchanged are the pseudo-invariant features; in every
band an orthogonal regression through them takes the second date to the first (Canty, Nielsen, 2008, "Automatic
radiometric normalization of multitemporal satellite imagery with the iteratively re-weighted MAD transformation").
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from hypersigma.cube import Cube
from hypersigma.data.alteration import alteration, chi_square
from hypersigma.data.date_statistics import date_statistics, sampled_pixels
from hypersigma.data.pair import Pair
from hypersigma.data.shared_bands import SharedBands
from hypersigma.errors import InputError

Floats = NDArray[np.float64]

_UNCHANGED = 0.5  # chance of a chi-square as large, above which a pixel counts as unchanged
_FEWEST = 50  # such pixels


@dataclass(frozen=True, eq=False)
class Normalisation:
    """What takes the second date to the light of the first: gain * number + offset.

    Attributes:
        gain, offset: (bands of the second date,), 1 and 0 for bands that do not count.
        num_unchanged: pixels that they were found by; share: of those looked at.
    """

    gain: Floats
    offset: Floats
    num_unchanged: int
    share: float

    def applied(self, cube: Cube) -> Cube:
        """A date in the light of the first."""
        bands = cube.shape[0]
        scale, offset = (
            np.broadcast_to(np.asarray(term, dtype=np.float64), bands) for term in (cube.scale, cube.offset)
        )
        return replace(cube, scale=scale * self.gain, offset=offset * self.gain + self.offset)

    @property
    def note(self) -> str:
        """What was done, in a sentence."""
        used = self.gain[np.isfinite(self.gain)]
        return (
            f"the second date was brought to the light of the first by {self.num_unchanged} pixels that look unchanged "
            f"({self.share:.0%} of those looked at): gains {used.min():#.3g} to {used.max():#.3g} by band"
        )


def normalisation(pair: Pair) -> Normalisation:
    """The normalisation of a pair whose dates have the same bands.

    Raises:
        InputError: the sensors differ, or too few pixels look unchanged.
    """
    shared = SharedBands.of(pair)
    if any(matrix is not None for matrix in shared.matrices):
        raise InputError(
            f"{pair.before.name} and {pair.after.name} are of different sensors; normalisation compares band with band"
        )
    before, after = sampled_pixels(shared, pair)
    numbers = date_statistics(before, after).apply(before, after)
    variates = alteration(*numbers).variates(*numbers)
    same = chdtrc(len(variates), chi_square(variates).astype(np.float64)) > _UNCHANGED
    if same.sum() < _FEWEST:
        raise InputError(
            f"{pair.before.name} and {pair.after.name}: {int(same.sum())} pixels look unchanged, {_FEWEST} at least "
            "are needed to bring one date to the light of the other"
        )
    gain, offset = np.ones(pair.after.shape[0]), np.zeros(pair.after.shape[0])
    bands = list(shared.after.indices)
    gain[bands], offset[bands] = _orthogonal(after[:, same].astype(np.float64), before[:, same].astype(np.float64))
    return Normalisation(gain, offset, int(same.sum()), float(same.mean()))


def _orthogonal(from_: Floats, to: Floats) -> tuple[Floats, Floats]:
    """Gains and offsets (bands,) of the lines with the least squared distance from points (bands, n), n - 1 freedoms.

    A band that is constant on either date is only shifted.
    """
    x_mean, y_mean = from_.mean(axis=1), to.mean(axis=1)
    xx, yy = from_.var(axis=1), to.var(axis=1)
    xy = ((from_ - x_mean[:, None]) * (to - y_mean[:, None])).mean(axis=1)
    known = np.abs(xy) > 1e-12 * np.sqrt(np.maximum(xx * yy, 1e-300))
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = (yy - xx + np.sqrt((yy - xx) ** 2 + 4 * xy**2)) / (2 * xy)
    gain = np.where(known & (slope > 0), slope, 1.0)
    return gain, y_mean - gain * x_mean
