"""One library out of several: bad and repeated spectra left out, like ones grouped, all on one grid of wavelengths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hypersigma.errors import ConfigError, InputError
from hypersigma.products import SpectralLibrary

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_BLOCK = 512
_LIKE_BRIGHTNESS = 0.1  # relative difference below which spectra of one shape are the same


@dataclass(frozen=True, kw_only=True)
class MaterialConfig:
    """Which spectra a library of materials takes, and how it holds them.

    Attributes:
        first, last, step: the grid of wavelengths in nm.
        lowest: reflectance; a spectrum that goes lower anywhere is taken for a failed measurement.
        highest: the same for one that goes higher.
        darkest: a spectrum whose greatest reflectance is lower says nothing.
        covered: least share of the grid that a spectrum must cover.
        widest_gap: gaps inside a spectrum up to so many nm are bridged by a straight line, as those that air leaves in
            field spectra; wider ones stay gaps.
        roughest: greatest root mean square of second differences on the grid, in shares of the mean.
        angle: radians; spectra of like brightness that are nearer to one taken before are repetitions.
        num_groups: groups of like shape into which the spectra are sorted, so that a frequent kind does not drown
            others; 0 leaves them unsorted.
    """

    first: float = 400.0
    last: float = 2500.0
    step: float = 10.0
    lowest: float = -0.02
    highest: float = 1.5
    darkest: float = 0.005
    covered: float = 0.85
    widest_gap: float = 300.0
    roughest: float = 0.05
    angle: float = 0.02
    num_groups: int = 48

    def __post_init__(self) -> None:
        if not (200 <= self.first < self.last <= 20000 and 1 <= self.step <= self.last - self.first):
            grid = f"{self.first:g} to {self.last:g} nm in steps of {self.step:g}"
            raise ConfigError(f"the grid runs from {grid}; expected two ascending wavelengths and a step of 1 or more")
        if not self.lowest < self.highest:
            raise ConfigError(f"lowest ({self.lowest}) must be below highest ({self.highest})")
        if not 0 <= self.covered <= 1:
            raise ConfigError(f"covered is {self.covered}; expected a share from 0 to 1")
        if min(self.darkest, self.widest_gap, self.roughest, self.angle, self.num_groups) < 0:
            raise ConfigError("darkest, widest_gap, roughest, angle and num_groups must not be negative")

    @property
    def grid(self) -> Floats:
        """The wavelengths (bands,) in nm."""
        return np.arange(self.first, self.last + self.step / 2, self.step)


def material_library(
    libraries: Sequence[SpectralLibrary], config: MaterialConfig | None = None, seed: int = 0
) -> SpectralLibrary:
    """A library of the good and distinct spectra of several, on one grid, reflectance from 0 to 1.

    What was left out and why is in its notes.

    Args:
        libraries: of reflectance.
        config: the grid, and which spectra are taken.
        seed: of the sorting into groups.

    Raises:
        InputError: none is given, one holds no reflectance, or no spectrum is good enough.
    """
    config = config or MaterialConfig()
    if not libraries:
        raise InputError("no library is given; give at least one")
    parts = [_good(library, config) for library in libraries]
    names = tuple(name for part in parts for name in part.names)
    notes = tuple(note for part in parts for note in part.notes)
    spectra = np.concatenate([part.spectra for part in parts])
    if not len(spectra):
        raise InputError(f"no spectrum is good enough: {'; '.join(notes)}; look at the scale of the libraries")
    kept = _distinct(spectra, config.angle)
    notes += (f"{len(kept)} of {len(spectra)} good spectra kept, the others repeat them",)
    return SpectralLibrary(
        names=tuple(names[index] for index in kept),
        wavelengths=config.grid,
        spectra=np.clip(spectra[kept], 0.0, 1.0),
        fwhm=np.full(len(config.grid), config.step),
        quantity="reflectance",
        groups=_groups(spectra[kept], config.num_groups, seed),
        name=" + ".join(library.name for library in libraries),
        notes=notes,
    )


class _Part(NamedTuple):
    """The good spectra of one library, on the grid."""

    names: tuple[str, ...]
    spectra: Floats
    notes: tuple[str, ...]


def _good(library: SpectralLibrary, config: MaterialConfig) -> _Part:
    if library.quantity != "reflectance":
        raise InputError(
            f"{library.name}: its numbers are of kind '{library.quantity}'; reflectance is needed: give read_library "
            "the scale that makes them such"
        )
    known = np.isfinite(library.spectra)
    low = np.where(known, library.spectra, np.inf).min(axis=1)
    high = np.where(known, library.spectra, -np.inf).max(axis=1)
    faults = {
        f"go below {config.lowest:g}": low < config.lowest,
        f"exceed {config.highest:g}": high > config.highest,
        f"stay below {config.darkest:g}": known.any(axis=1) & (high < config.darkest),
    }
    plausible = np.flatnonzero(~np.any(list(faults.values()), axis=0))
    counts = {reason: int(mask.sum()) for reason, mask in faults.items()}
    spectra = np.empty((0, len(config.grid)))
    if len(plausible):
        resampled = library.select(plausible).resampled(config.grid, np.full(len(config.grid), config.step))
        spectra = _bridged(resampled.spectra, round(config.widest_gap / config.step))
    covers = np.isfinite(spectra).mean(axis=1) >= config.covered
    rough = covers & (_roughness(spectra) > config.roughest)
    counts |= {f"cover less than {config.covered:.0%} of the grid": int((~covers).sum()), "are noisy": int(rough.sum())}
    kept = covers & ~rough
    notes = tuple(f"{library.name}: {count} spectra {reason}" for reason, count in counts.items() if count)
    return _Part(tuple(library.names[index] for index in plausible[kept]), spectra[kept], notes)


def _bridged(spectra: Floats, widest: int) -> Floats:
    """Spectra whose inner gaps of up to `widest` bands are bridged by straight lines."""
    bridged = spectra.copy()
    for values in bridged:
        known = np.flatnonzero(np.isfinite(values))
        for start, end in pairwise(known):
            if 1 < end - start <= widest + 1:
                values[start : end + 1] = np.linspace(values[start], values[end], end - start + 1)
    return bridged


def _roughness(spectra: Floats) -> Floats:
    """Root mean square of second differences of each spectrum, in shares of its mean; 0 where it has no band."""
    bends = np.diff(spectra, n=2, axis=1)
    known = np.isfinite(bends)
    square = np.where(known, bends, 0.0) ** 2
    bend = np.sqrt(square.sum(axis=1) / np.maximum(known.sum(axis=1), 1))
    present = np.isfinite(spectra)
    mean = np.where(present, spectra, 0.0).sum(axis=1) / np.maximum(present.sum(axis=1), 1)
    rough: Floats = bend / np.maximum(mean, 1e-6)
    return rough


def _shapes(spectra: Floats) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Spectra of length 1 (spectra, bands), their ends going on as they are, and the logarithms of their lengths."""
    bands = np.arange(spectra.shape[1])
    whole = np.stack(
        [np.interp(bands, bands[known], row[known]) for row in spectra if (known := np.isfinite(row)).any()]
    )
    length = np.maximum(np.linalg.norm(whole, axis=1), 1e-9)
    return (whole / length[:, None]).astype(np.float32), np.log(length).astype(np.float32)


def _distinct(spectra: Floats, angle: float) -> NDArray[np.intp]:
    """Indices of spectra that repeat none before them."""
    shapes, brightness = _shapes(spectra)
    kept: list[int] = []
    for start in range(0, len(shapes), _BLOCK):
        block = np.arange(start, min(start + _BLOCK, len(shapes)))
        before = np.array([*kept, *block])
        # rounding takes cosines beyond 1, where nothing may be alike at an angle of 0
        like = np.minimum(shapes[block] @ shapes[before].T, 1.0) > np.cos(angle)
        like &= np.abs(brightness[block][:, None] - brightness[before]) < _LIKE_BRIGHTNESS
        num_kept = len(kept)
        fresh = ~like[:, :num_kept].any(axis=1)
        # inside a block the first of its like stays
        for place in np.flatnonzero(fresh):
            earlier = np.flatnonzero(fresh[:place])
            if like[place, num_kept + earlier].any():
                fresh[place] = False
            else:
                kept.append(int(block[place]))
    return np.array(kept, dtype=np.intp)


def _groups(spectra: Floats, num_groups: int, seed: int) -> tuple[str, ...]:
    """The group of each spectrum, by k-means of their shapes."""
    if not num_groups:
        return ()
    from sklearn.cluster import KMeans

    from hypersigma.data.threads import one_thread

    shapes, _ = _shapes(spectra)
    # sums of several threads differ in their last digits from run to run
    with one_thread():
        found = KMeans(min(num_groups, len(shapes)), n_init=1, random_state=seed).fit_predict(shapes)
    return tuple(f"group {index + 1}" for index in found)
