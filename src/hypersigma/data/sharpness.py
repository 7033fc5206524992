"""Two dates of one sharpness: one of them blurred as the other is, by the kernel that tells most of the other.

Where one date is less sharp, because it was moved between pixels or seen from farther away, edges look changed. As in
the subtraction of images of the sky (Alard and Lupton, 1998, "A method for optimal image subtraction"), the sharper
date is convolved with the small kernel that brings it closest to the other in least squares. The kernel takes back
fractions of a pixel that are left of a shift as well.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.date_statistics import date_statistics, sampled_pixels
from hypersigma.data.pair import Pair
from hypersigma.data.resampled import FilteredSource
from hypersigma.data.shared_bands import SharedBands
from hypersigma.tiling import spread_blocks

Array = NDArray[np.float32]
Floats = NDArray[np.float64]

_REACH = 2  # pixels that a kernel reaches either way
_SIDE = 2 * _REACH + 1
_LEAST_GAIN = 0.05  # share of what differs, beyond what is gained by smoothing noise
_LEAST_LIGHT = 0.3  # the sum of factors: even of noisy dates much of the light is explained
_MOST_LIGHT = 1.3  # a sharper date is amplified a little (1.2 for a blur of 5 x 5), a noisy one more
_BLOCK, _MOST_PIXELS = 32, 1 << 14
_ROUNDS, _OUTLYING = 8, 2.0  # of reweighting; medians of the misfit from which pixels count for less
_LOADING = 1e-6  # of the mean power, on the diagonal: neighbours may be alike


@dataclass(frozen=True, eq=False)
class _Kernel:
    """What brings a date closest to the other.

    Attributes:
        taps: (25,) factors of the pixels around each.
        left: mean square of what it leaves of the other date.
        differed: the same of the date itself under the best factor.
    """

    taps: Floats
    left: float
    differed: float

    def gain(self, noise: float) -> float:
        """The share of what differed, as a root mean square, that it takes away and smoothing noise would not.

        It is 0 for kernels that sharpen, which would make noise stronger, for those that let no light through, and for
        those that amplify it: of such a date noise made up much of the deviation that it was divided by.

        Args:
            noise: how much noise, as a mean square, the date may hold at most; a kernel keeps sum(taps²) of it.
        """
        kept = float(self.taps @ self.taps)
        if kept > 1 or not _LEAST_LIGHT < self.taps.sum() < _MOST_LIGHT or self.differed == 0:
            return 0.0
        return 1 - float(np.sqrt((self.left + noise * (1 - kept)) / self.differed))


class Alike(NamedTuple):
    """Both dates, and what was done to them; as they are, and "", where they are alike in sharpness."""

    before: Cube
    after: Cube
    note: str


def equally_sharp(before: Cube, after: Cube) -> Alike:
    """Two dates on one grid, the sharper one blurred where this takes away a twentieth of what differs.

    Smoothing the noise of a date brings it closer to the other as well, and would blur it without need. That noise is
    at most what the other date, however filtered, leaves unexplained of it; what smoothing it gains does not count.

    Raises:
        InputError: the dates share no bands, or fewer than two pixels have data on both.
    """
    numbers = _surroundings(before, after)
    if numbers is None:
        return Alike(before, after, "")
    kernels = _kernel(*numbers), _kernel(*reversed(numbers))
    gains = [kernel.gain(other.left) for kernel, other in zip(kernels, reversed(kernels), strict=True)]
    chosen = int(np.argmax(gains))
    if gains[chosen] < _LEAST_GAIN:
        return Alike(before, after, "")
    dates = [before, after]
    taps = kernels[chosen].taps
    dates[chosen] = filtered(dates[chosen], (taps / taps.sum()).reshape(_SIDE, _SIDE))
    note = f"{dates[chosen].name} was blurred as {dates[1 - chosen].name} is: edges would look changed"
    return Alike(dates[0], dates[1], note)


def filtered(cube: Cube, weights: Floats) -> Cube:
    """A date convolved with weights (side, side), lazily; a pixel stands in for neighbours that are missing."""
    return replace(
        cube,
        source=FilteredSource(cube, weights.astype(np.float32)),
        order=np.arange(cube.shape[0]),
        scale=1.0,
        offset=0.0,
        nodata=None,
    )


def _surroundings(before: Cube, after: Cube) -> tuple[Array, Array] | None:
    """Comparable numbers (25, components, n) of pixels of both dates and those around; None where there are too few."""
    pair = Pair.of(before, after)
    shared = SharedBands.of(pair)
    statistics = date_statistics(*sampled_pixels(shared, pair))
    parts: list[tuple[Array, Array]] = []
    for window in spread_blocks(*pair.shape[1:], _BLOCK, _MOST_PIXELS):
        first, second = (_neighbours(date) for date in statistics.apply(*shared.read(pair, window, _REACH)))
        # either date lacks what the other lacks
        known = np.isfinite(first).all(axis=(0, 1))
        parts.append((first[..., known], second[..., known]))
    first, second = (np.concatenate([part[date] for part in parts], axis=-1) for date in (0, 1))
    return (first, second) if first.shape[-1] > len(first) else None


def _neighbours(date: Array) -> Array:
    """Numbers (25, components, n) around each pixel of a date (components, h + 4, w + 4)."""
    views = np.lib.stride_tricks.sliding_window_view(date, (_SIDE, _SIDE), axis=(1, 2))
    return np.moveaxis(views, (-2, -1), (0, 1)).reshape(_SIDE * _SIDE, len(date), -1)


def _kernel(first: Array, second: Array) -> _Kernel:
    """The kernel that brings pixels of a date closest to those of another, both (25, components, n).

    Pixels that changed are outliers, which count ever less: weights 1 / (1 + (r / 2 median)²)² of misfits r.
    """
    middle = len(first) // 2
    target = second[middle]
    weights = np.ones(target.shape[1], dtype=np.float32)
    for _ in range(_ROUNDS):
        taps, misfit = _least_squares(first, target, weights)
        typical = max(float(np.median(misfit)), 1e-12)
        weights = (1 / (1 + (misfit / (_OUTLYING * typical)) ** 2) ** 2).astype(np.float32)
    _, plain = _least_squares(first[middle : middle + 1], target, weights)
    left, differed = (float(np.average(np.square(off), weights=weights)) for off in (misfit, plain))
    return _Kernel(taps, left, differed)


def _least_squares(numbers: Array, target: Array, weights: Array) -> tuple[Floats, Array]:
    """Factors (k,) of numbers (k, components, n) that come closest to a target, and how far off each pixel is (n,)."""
    root = np.sqrt(weights)
    flat = (numbers * root).reshape(len(numbers), -1)
    gram = (flat @ flat.T).astype(np.float64)
    loading = _LOADING * np.trace(gram) / len(gram) + 1e-12
    factors: Floats = np.linalg.solve(
        gram + loading * np.eye(len(gram)), (flat @ (target * root).ravel()).astype(np.float64)
    )
    off: Array = np.linalg.norm(target - np.tensordot(factors.astype(np.float32), numbers, axes=1), axis=0)
    return factors, off
