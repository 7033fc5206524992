"""Simulated change: a later date made from a real scene, in which patches bear the spectra of another place of it.

Pixels are copied as they are, so that a patch keeps the texture and the noise of the place that it comes from. Without
disturbances nothing else differs, and any difference finds all changes: how hard they are to find is what disturbances
make of it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from hypersigma.cube import ArraySource, Cube
from hypersigma.data.labels import LabelledScene
from hypersigma.data.pair import CHANGED, LEGEND, UNCHANGED, Pair
from hypersigma.data.simulate.random_fields import Field, drawn, drawn_size, random_fields
from hypersigma.data.simulate.settings import ChangeConfig, DisturbanceConfig
from hypersigma.errors import InputError

Mask = NDArray[np.bool_]
# Rows and columns of the pixels of a patch.
Pixels = tuple[NDArray[np.intp], NDArray[np.intp]]

_ROUGHNESS = 0.4  # how far the rim of a patch departs from a circle, in radii
_NUM_PLACES = 16  # places of which one gives a patch its spectra
_WEAKEST = 10  # per cent of a patch's pixels that may change less than what places are ranked by
_MOST_MISSES = 300  # patches one after the other for which no place is found
_SMOOTHNESS = 7.0  # exponent with which the power of shading falls with frequency; terrain itself is rougher

_NO_DISTURBANCE = DisturbanceConfig()


def simulated_change(
    cube: Cube, seed: int, config: ChangeConfig | None = None, disturbances: DisturbanceConfig = _NO_DISTURBANCE
) -> LabelledScene:
    """A scene and a later date of it, with the truth of what has changed; pixels without data are unknown.

    The patches hang on the seed alone, not on the disturbances. Of a date registered wrongly the truth is where things
    are on the first date.

    Args:
        cube: the first date.
        seed: of patches and disturbances.
        config: what changes.
        disturbances: what else differs.

    Raises:
        InputError: the scene has no room for the patches.
    """
    values = cube.read(bands=np.arange(cube.shape[0]))
    seen = values[cube.used]
    generator = np.random.default_rng([seed, 0])
    after = _implanted(generator, values, cube, config or ChangeConfig())
    known = np.isfinite(seen).all(axis=0)
    changed = known & (after[cube.used] != seen).any(axis=0)
    labels = np.where(changed, CHANGED, np.where(known, UNCHANGED, 0)).astype(np.int32)
    later = replace(disturbed(_with_values(cube, after), seed, disturbances), name=f"{cube.name}_later")
    pair = replace(Pair.of(cube, later, notes=("the second date is simulated from the first",)), name=cube.name)
    return LabelledScene(pair, labels, LEGEND)


def disturbed(cube: Cube, seed: int, disturbances: DisturbanceConfig) -> Cube:
    """A date as it would look registered wrongly, in other light and through noise, in this order.

    The direction of each, and the fields drawn for it, hang on the seed and not on the strength.
    """
    values = cube.read(bands=np.arange(cube.shape[0]))
    registration, light, noise = (np.random.default_rng([seed, stream]) for stream in (1, 2, 3))
    if disturbances.shift > 0:
        values = _shifted(registration, values, disturbances.shift)
    values = _lit(light, values, disturbances)
    if np.isfinite(disturbances.snr):
        power = np.nanmean(values.astype(np.float64) ** 2, axis=(1, 2), keepdims=True)
        deviation = np.sqrt(power * 10 ** (-disturbances.snr / 10)).astype(np.float32)
        values = values + deviation * noise.standard_normal(values.shape, dtype=np.float32)
    return _with_values(cube, values)


def _with_values(cube: Cube, values: Field) -> Cube:
    """A cube of the same bands and place with other numbers (bands, rows, cols) in its quantity, in memory."""
    source, order = ArraySource(values), np.arange(len(values))
    return replace(cube, source=source, order=order, scale=1.0, offset=0.0, nodata=None, path=None)


def _implanted(generator: np.random.Generator, values: Field, cube: Cube, config: ChangeConfig) -> Field:
    """The numbers (bands, rows, cols) with patches from elsewhere, until the wished share of pixels has changed.

    Raises:
        InputError: there is no room for so many patches.
    """
    seen = values[cube.used]
    known = np.asarray(np.isfinite(seen).all(axis=0))
    # bands count alike, whatever their numbers
    scaled = seen / np.maximum(np.nanstd(seen, axis=(1, 2), keepdims=True), np.float32(1e-12))
    after, free = values.copy(), known.copy()
    wanted = config.share * np.count_nonzero(known)
    misses = 0
    while misses < _MOST_MISSES:
        if np.count_nonzero(known & ~free) >= wanted:
            return after
        blob = _blob(generator, drawn_size(generator, config.size))
        patch = _at(generator, blob, known.shape)
        origin = None
        if patch is not None and free[patch].all():
            origin = _origin(generator, blob, patch, scaled, known)
        if patch is None or origin is None:
            misses += 1
            continue
        share = np.float32(drawn(generator, config.purity))
        after[:, *patch] = (1 - share) * values[:, *patch] + share * values[:, *origin]
        free[patch], misses = False, 0
    raise InputError(
        f"{cube.name}: {known.shape[0]} x {known.shape[1]} pixels, {np.count_nonzero(known)} of them with data, leave "
        f"no room for patches of {config.size[0]:g} to {config.size[1]:g} pixels on {config.share:.1%} of the scene: "
        "take smaller ones or fewer"
    )


def _blob(generator: np.random.Generator, size: float) -> Mask:
    """A patch about `size` pixels wide with a rough rim, in a box of its own."""
    reach = int(np.ceil(size))
    rows, cols = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    (rim,) = random_fields(generator, 1, rows.shape, 3.0, size)
    inside = np.hypot(rows, cols) < size / 2 * (1 + _ROUGHNESS * np.clip(rim, -1, 1))
    # the rim may cut pieces off; the one in the middle is the patch
    pieces, _ = ndimage.label(inside)
    box = ndimage.find_objects((pieces == pieces[reach, reach]).astype(int))[0]
    cut: Mask = pieces[box] == pieces[reach, reach]
    return cut


def _at(generator: np.random.Generator, blob: Mask, shape: tuple[int, ...]) -> Pixels | None:
    """The pixels of a patch laid somewhere in a scene, None where it is too large."""
    room = [length - extent for length, extent in zip(shape, blob.shape, strict=True)]
    if min(room) < 0:
        return None
    row, col = (int(generator.integers(left + 1)) for left in room)
    rows, cols = np.nonzero(blob)
    return rows + row, cols + col


def _origin(generator: np.random.Generator, blob: Mask, patch: Pixels, scaled: Field, known: Mask) -> Pixels | None:
    """Where a patch takes its spectra from: a random one of the places that differ more from it than others do.

    Even the weakest pixels are to change, so places are ranked by those.
    """
    places: list[Pixels] = []
    differences: list[float] = []
    for _ in range(_NUM_PLACES):
        place = _at(generator, blob, known.shape)
        if place is not None and known[place].all():
            distance = np.sqrt(np.mean((scaled[:, *place] - scaled[:, *patch]) ** 2, axis=0))
            places.append(place)
            differences.append(float(np.percentile(distance, _WEAKEST)))
    if not places or max(differences) == 0:
        return None
    farthest = np.argsort(differences)[len(places) // 2 :]
    return places[int(generator.choice(farthest))]


def _shifted(generator: np.random.Generator, values: Field, distance: float) -> Field:
    """Numbers moved by a distance in pixels in a drawn direction, between pixels by cubic splines."""
    angle = generator.uniform(0, 2 * np.pi)
    step = (distance * np.sin(angle), distance * np.cos(angle))
    missing = ~np.isfinite(values)
    moved = np.empty_like(values)
    for band, gaps, result in zip(values, missing, moved, strict=True):
        # a spline hangs on all pixels of a line, so gaps are filled first and cut out again
        mean = float(band[~gaps].mean()) if not gaps.all() else 0.0
        ndimage.shift(np.where(gaps, mean, band), step, output=result, order=3, mode="mirror")
        if gaps.any():
            result[ndimage.shift(gaps.astype(np.float32), step, order=1, mode="nearest") > 0] = np.nan
    return moved


def _lit(generator: np.random.Generator, values: Field, config: DisturbanceConfig) -> Field:
    """Numbers under other light: a gain, smooth shading, and a gain that rises or falls with wavelength."""
    bands, rows, cols = values.shape
    brighter, rising = (bool(draw < 0.5) for draw in generator.random(2))
    (field,) = random_fields(generator, 1, (rows, cols), _SMOOTHNESS, max(rows, cols) / 2)
    gain = (1 + config.gain) if brighter else 1 / (1 + config.gain)
    slope = np.linspace(-0.5, 0.5, bands) * (config.tilt if rising else -config.tilt)
    light = np.float32(gain) * np.exp(np.float32(config.shading) * field)
    lit: Field = values * (1 + slope).astype(np.float32)[:, None, None] * light
    return lit
