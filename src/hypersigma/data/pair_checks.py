"""What a person should be told of two dates before they are compared, and what makes a comparison senseless."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.errors import InputError
from hypersigma.tiling import spread_blocks

Floats = NDArray[np.float64]

_NUM_BLOCKS, _BLOCK = 64, 32
# Light, season and air change the numbers of a place by less; other units change them by more.
_OTHER_SCALE = 10.0
# Bands of each date that lie where the other one has bands too; fewer say nothing of the same light.
_LEAST_BANDS, _FEW = 2, 0.5
# nm; bands of two sensors that are meant to be the same differ by so much.
_SAME_BAND = 20.0


def pair_findings(before: Cube, after: Cube) -> tuple[str, ...]:
    """Notes on two dates that lie on one grid, from their descriptions and a sample of both.

    Raises:
        InputError: a date holds no data; no pixel holds data in both; the dates show light of different wavelengths; or
            their sizes differ.
    """
    if before.shape[1:] != after.shape[1:]:
        raise InputError(
            f"{before.name} has {before.shape[1:]} pixels, {after.name} {after.shape[1:]}; "
            "two dates are compared on one grid: bring them onto one first"
        )
    samples = _sample(before), _sample(after)
    # a date of which nothing is shown may have no band either
    notes = _shown(before, after, *samples) + _wavelengths(before, after)
    if samples[0].shape == samples[1].shape and np.array_equal(*samples, equal_nan=True):
        return (*notes, "the two dates hold the same numbers: nothing can have changed; is one the other's copy?")
    return (*notes, *_scaling(before, after, *samples))


def _wavelengths(before: Cube, after: Cube) -> tuple[str, ...]:
    """Whether both dates show the same light, as far as their wavelengths tell.

    Raises:
        InputError: next to none of the bands of one lies where the other has bands; with both ranges.
    """
    if before.wavelengths is None or after.wavelengths is None:
        return ()
    centres = [cube.wavelengths[cube.used] for cube in (before, after) if cube.wavelengths is not None]
    low, high = max(part[0] for part in centres) - _SAME_BAND, min(part[-1] for part in centres) + _SAME_BAND
    shared = [int(((part >= low) & (part <= high)).sum()) for part in centres]
    told = ", ".join(
        f"{cube.name} {len(part)} bands from {part[0]:.0f} to {part[-1]:.0f} nm"
        for cube, part in zip((before, after), centres, strict=True)
    )
    if any(count < min(_LEAST_BANDS, len(part)) for count, part in zip(shared, centres, strict=True)):
        raise InputError(
            f"the two dates show different light: {told}; at least {_LEAST_BANDS} bands of each must lie where the "
            "other one has bands: are these the right scenes, and their wavelengths right?"
        )
    if any(count < _FEW * len(part) for count, part in zip(shared, centres, strict=True)):
        return (f"the two dates share a part of the spectrum only: {told}",)
    return ()


def _shown(before: Cube, after: Cube, first: NDArray[np.float32], second: NDArray[np.float32]) -> tuple[str, ...]:
    """How much of the ground both dates show.

    Raises:
        InputError: one shows nothing, or they have no pixel in common.
    """
    seen = [np.isfinite(values).any(axis=0) for values in (first, second)]
    for cube, pixels in zip((before, after), seen, strict=True):
        if not pixels.any():
            raise InputError(
                f"{cube.name}: no data in a sample of what both dates should show; check its no-data value and place"
            )
    share = float((seen[0] & seen[1]).mean())
    if share == 0.0:
        raise InputError(f"no pixel of a sample holds data in both {before.name} and {after.name}; nothing to compare")
    return () if share >= _FEW else (f"only {share:.0%} of the pixels hold data in both dates",)


def _scaling(before: Cube, after: Cube, first: NDArray[np.float32], second: NDArray[np.float32]) -> tuple[str, ...]:
    """Whether both dates hold numbers of one kind and size."""
    found = []
    if before.quantity != after.quantity:
        found.append(f"{before.name} holds {before.quantity}, {after.name} {after.quantity}")
    ratio = _ratio(before, after, *(_medians(values) for values in (first, second)))
    if ratio is not None and not 1 / _OTHER_SCALE <= ratio <= _OTHER_SCALE:
        found.append(f"the numbers of {after.name} are about {float(f'{ratio:.2g}'):g} times those of {before.name}")
    if not found:
        return ()
    return (f"{' and '.join(found)}: differences of the two dates are partly those of units or scales",)


def _ratio(before: Cube, after: Cube, first: Floats, second: Floats) -> float | None:
    """The median over bands of the second date's medians (bands,) by the first one's; None where that says nothing."""
    if before.wavelengths is not None and after.wavelengths is not None:
        # at the bands of the first date that the second one shows
        centres, others = before.wavelengths[before.used], after.wavelengths[after.used]
        known = np.isfinite(second)
        second = np.interp(centres, others[known], second[known], left=np.nan, right=np.nan)
    if len(first) != len(second):
        first, second = first.mean(keepdims=True), second.mean(keepdims=True)
    usable = (first > 0) & (second > 0)
    return float(np.median(second[usable] / first[usable])) if usable.any() else None


def _medians(values: NDArray[np.float32]) -> Floats:
    """The median (bands,) of the pixels with data, NaN for bands without."""
    medians = [np.median(band[np.isfinite(band)]) if np.isfinite(band).any() else np.nan for band in values]
    return np.array(medians, dtype=np.float64)


def _sample(cube: Cube) -> NDArray[np.float32]:
    """Numbers (used bands, n) of blocks spread over a date, the same ones for dates of one size."""
    _, rows, cols = cube.shape
    chosen = spread_blocks(rows, cols, _BLOCK, _NUM_BLOCKS * _BLOCK**2)
    # a cube may have no valid band, of which -1 would make nothing
    parts = [cube.read(window).reshape(len(cube.used), window.height * window.width) for window in chosen]
    return np.concatenate(parts, axis=1)
