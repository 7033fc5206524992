"""How many endmembers a scene holds, with the evidence that a person can judge it by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.separation import separate
from hypersigma.data.signal_dimension import Dimension, hfc, hysime, scene_moments
from hypersigma.data.unmixing_sample import Sample
from hypersigma.errors import InputError
from hypersigma.metrics.unmixing import match_endmembers, spectral_angles

Floats = NDArray[np.float64]

_FALSE_ALARM_RATE = 1e-3
_PARTS, _PART = 8, 0.1  # how many parts of the pixels, and how large, endmembers are sought in again
_FOUND_AGAIN = 0.5  # of the angle to the nearest other endmember: nearer to itself than to that
_MOST_PIXELS = 10_000  # that they are drawn from


@dataclass(frozen=True, eq=False)
class Counted:
    """A number of endmembers and what it rests on.

    Attributes:
        num_endmembers: the number.
        hysime, hfc: by signal subspace, and by virtual dimensionality of whitened bands.
        moved: (most - 1,) how far the endmembers move from part to part of the pixels if there are 2, 3, ... of them:
            as of `moves`.
    """

    num_endmembers: int
    hysime: Dimension
    hfc: Dimension
    moved: Floats

    @property
    def note(self) -> str:
        """The number in a sentence."""
        found = "1 endmember" if self.num_endmembers == 1 else f"{self.num_endmembers} endmembers"
        return (
            f"{found}: HySime finds {self.hysime.num_endmembers} directions of signal, NWHFC "
            f"{self.hfc.num_endmembers}; of as many as the smaller number, {self.num_endmembers} is the most that are "
            "found again in tenths of the pixels"
        )


def counted(sample: Sample) -> Counted:
    """The largest number of endmembers that a scene's parts agree on, at least 1.

    HySime and NWHFC count whatever stands out of noise, and what varies within a material does too; the smaller of both
    is the most there can be. Endmembers that are materials are found again in any part of the pixels that is large
    enough, while corners of what varies are those of the pixels that happen to be drawn. So of these numbers the
    largest is taken at which all endmembers move by less than half of the angle to their nearest neighbour.

    Raises:
        InputError: there are not more pixels than bands.
    """
    try:
        found = scene_moments(sample.spectra)
        signal, virtual = hysime(found), hfc(found, _FALSE_ALARM_RATE)
    except (InputError, np.linalg.LinAlgError) as error:
        raise InputError(f"the number of endmembers cannot be told: {error}; give it (--endmembers N)") from error
    most = min(signal.num_endmembers, virtual.num_endmembers)
    parts = _parts(sample)
    moved = np.array([moves(parts, num) for num in range(2, most + 1)])
    number = 1 + max((place + 1 for place in np.flatnonzero(moved < _FOUND_AGAIN)), default=0)
    return Counted(int(number), signal, virtual, moved)


def moves(parts: list[Sample], num: int) -> float:
    """How far endmembers move from part to part of the pixels, against the angle to their nearest neighbour.

    It is the largest over the endmembers, and the median over the parts; infinite where most parts do not hold so many.

    Args:
        parts: all pixels, and then parts of them.
        num: of endmembers, 2 or more.
    """
    try:
        first, *others = (_endmembers(part, num) for part in parts)
    except InputError:
        return np.inf
    apart = spectral_angles(first, first)
    np.fill_diagonal(apart, np.inf)
    largest = []
    for other in others:
        angles = spectral_angles(first, other)
        largest.append((angles[np.arange(num), match_endmembers(angles)] / apart.min(axis=1)).max())
    middle = float(np.median(largest))
    return middle if np.isfinite(middle) else np.inf


def _endmembers(part: Sample, num: int) -> Floats:
    return separate(part.spectra, part.smooth, num).endmembers


def _parts(sample: Sample) -> list[Sample]:
    """All pixels, every so many of a large scene, and random parts of them, the same for all seeds."""
    step = -(-sample.spectra.shape[1] // _MOST_PIXELS)
    whole = Sample(sample.spectra[:, ::step], sample.smooth[:, ::step])
    generator = np.random.default_rng(0)
    count = whole.spectra.shape[1]
    drawn = [generator.choice(count, max(1, round(_PART * count)), replace=False) for _ in range(_PARTS)]
    return [whole, *(Sample(whole.spectra[:, chosen], whole.smooth[:, chosen]) for chosen in map(np.sort, drawn))]
