"""How the numbers of two dates become comparable: each date and band by its own mean and deviation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.pair import Pair
from hypersigma.data.shared_bands import SharedBands
from hypersigma.errors import InputError
from hypersigma.tiling import spread_blocks

Array = NDArray[np.float32]

MOST_COMPONENTS = 16  # bands up to which they are taken as they are
_MOST_PIXELS, _MOST_NUMBERS = 1 << 16, 1 << 24  # in a sample, and their numbers on a date
_BLOCK = 32  # pixels; side of the blocks that a sample is made of


@dataclass(frozen=True, eq=False)
class DateStatistics:
    """Standardised bands of both dates, or, of many bands, the principal components that both share.

    Attributes:
        means, deviations: (2, bands).
        basis: (components, bands), or None to keep the bands.
    """

    means: NDArray[np.float64]
    deviations: NDArray[np.float64]
    basis: NDArray[np.float64] | None = None

    @property
    def num_components(self) -> int:
        """Numbers of a pixel on each date."""
        return self.means.shape[1] if self.basis is None else len(self.basis)

    def apply(self, before: NDArray[Any], after: NDArray[Any]) -> tuple[Array, Array]:
        """Both dates (bands, ...) as comparable numbers (components, ...)."""
        return self._apply(0, before), self._apply(1, after)

    def _apply(self, date: int, array: NDArray[Any]) -> Array:
        flat = array.reshape(len(array), -1)
        mean, scale = self.means[date].astype(np.float32), (1 / self.deviations[date]).astype(np.float32)
        numbers = (flat - mean[:, None]) * scale[:, None]
        if self.basis is not None:
            numbers = self.basis.astype(np.float32) @ numbers
        result: Array = numbers.reshape(-1, *array.shape[1:]).astype(np.float32, copy=False)
        return result


def date_statistics(before: NDArray[Any], after: NDArray[Any]) -> DateStatistics:
    """The statistics of a sample of pixels (bands, n) of both dates.

    A band that is constant on a date is zero there.
    """
    dates = [np.asarray(date, dtype=np.float64) for date in (before, after)]
    means = np.stack([date.mean(axis=1) for date in dates])
    deviations = np.stack([date.std(axis=1) for date in dates])
    flat = deviations <= 1e-9 * np.maximum(np.abs(means), 1e-12)
    deviations[flat] = np.inf
    if len(before) <= MOST_COMPONENTS:
        return DateStatistics(means, deviations)
    scaled = [(date - means[i][:, None]) / deviations[i][:, None] for i, date in enumerate(dates)]
    covariance = sum(date @ date.T for date in scaled) / (2 * before.shape[1])
    _, vectors = np.linalg.eigh(covariance)
    basis = vectors[:, ::-1][:, :MOST_COMPONENTS].T
    # eigenvectors come with either sign: the largest entry decides
    sign = np.sign(basis[np.arange(len(basis)), np.abs(basis).argmax(axis=1)])
    return DateStatistics(means, deviations, basis * sign[:, None])


def sampled_pixels(shared: SharedBands, pair: Pair) -> tuple[Array, Array]:
    """Pixels (bands, n) of both dates that have data on both, from blocks evenly spread over a large scene.

    Raises:
        InputError: fewer than two pixels have data on both dates.
    """
    parts = list(_parts(shared, pair))
    before, after = (np.concatenate([part[date] for part in parts], axis=1) for date in (0, 1))
    if before.shape[1] < 2:
        raise InputError(
            f"{pair.before.name} and {pair.after.name}: {before.shape[1]} pixels have data on both dates; two at least "
            "are needed; check no-data values and where the scenes lie"
        )
    return before, after


def _parts(shared: SharedBands, pair: Pair) -> Iterator[tuple[Array, Array]]:
    _, rows, cols = pair.shape
    most = min(_MOST_PIXELS, _MOST_NUMBERS // shared.num_bands)
    for window in spread_blocks(rows, cols, _BLOCK, most):
        before, after = (date.reshape(shared.num_bands, -1) for date in shared.read(pair, window))
        known = np.isfinite(before[0])
        yield before[:, known], after[:, known]
