"""Screening of patches: what is missing, broken, saturated, clouded or blank in one, and whether it is kept."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.patch_group import Group
from hypersigma.errors import ConfigError

Floats = NDArray[np.float32]

# ends of the ranges of 8 to 16 bits: what instruments and writers clip to
_FULL_SCALES = (255, 4095, 16383, 32767, 65535)
_FAR = 30.0  # nm; a band further from the wavelength asked for tells something else
_STRIPED, _WHITE = 3.0, 0.85
_NUM_BLANK_BANDS, _BANDS_AT_ONCE = 16, 16
# Planck's law for the Sun seen from the Earth: effective temperature in K, (solar radius / distance)^2
_SUN, _SUN_SIZE = 5772.0, (6.957e8 / 1.495978707e11) ** 2


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The most that a patch may have of each fault; a share that could not be measured keeps no patch out.

    Attributes:
        missing: share of pixels without data.
        dead: share of bands with no data or one number throughout.
        striped: share of bands with stripes.
        saturated: share of numbers at the end of their range.
        cloud: share of clouded pixels.
        water: share of water.
        blank: share of pixels that repeat their neighbour.
        duplicates: whether patches that look like an earlier one are left out.
    """

    missing: float = 0.01
    dead: float = 0.1
    striped: float = 0.3
    saturated: float = 0.01
    cloud: float = 0.5
    water: float = 0.9
    blank: float = 0.1
    duplicates: bool = True

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if not 0.0 <= value <= 1.0:
                raise ConfigError(f"the limit of '{item.name}' is a share between 0 and 1, not {value}")


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What was measured in a patch: shares as in `Limits`, None where the bands do not allow it.

    Attributes:
        dead_bands: indices of bands without information, among the group's.
        striped_bands: indices of bands with stripes.
    """

    missing: float
    dead: float
    striped: float
    saturated: float
    cloud: float | None
    water: float | None
    blank: float
    dead_bands: tuple[int, ...]
    striped_bands: tuple[int, ...]

    def shares(self) -> dict[str, float | None]:
        """The shares by name, to six digits."""
        values = {name: getattr(self, name) for name in SHARES}
        return {name: None if value is None else round(float(value), 6) for name, value in values.items()}

    def fault(self, limits: Limits) -> str:
        """The first share beyond its limit, "" where none is."""
        for name in SHARES:
            value = getattr(self, name)
            if value is not None and value > getattr(limits, name):
                return name
        return ""


SHARES = tuple(item.name for item in fields(Limits) if item.name != "duplicates")


def measure(stored: NDArray[Any], group: Group) -> Figures:
    """The figures of a patch (bands, rows, cols) of a group."""
    absent = group.missing(stored)
    # whole numbers of a whole patch are walked as they are: turning all into real ones costs more than the rest
    values = stored if absent is None and stored.dtype.kind != "f" else stored.astype(np.float32)
    lacking = np.zeros(len(stored), dtype=bool)
    if absent is not None:
        lacking = absent.mean(axis=(1, 2)) > 0.5
        # a band's own mean is neither an edge nor an extreme
        np.copyto(values, _means(values, absent)[:, None, None], where=absent)
    low, high = values.min(axis=(1, 2)), values.max(axis=(1, 2))
    dead = lacking | (low == high)
    alive = np.flatnonzero(~dead)
    striped = np.flatnonzero(~dead & (_stripes(values) >= _STRIPED))
    # a band that is empty throughout says nothing of pixels, unless all are
    told = None if absent is None else absent[alive] if len(alive) else absent
    missing = 0.0 if told is None else float(told.any(axis=0).mean())
    cloud, water = _cover(values, group, dead)
    return Figures(
        missing=missing,
        dead=float(dead.mean()),
        striped=len(striped) / len(stored),
        saturated=_saturated(stored, high),
        cloud=cloud,
        water=water,
        blank=_blank(stored, alive),
        dead_bands=tuple(int(band) for band in np.flatnonzero(dead)),
        striped_bands=tuple(int(band) for band in striped),
    )


def _means(values: Floats, absent: NDArray[np.bool_]) -> Floats:
    known = ~absent
    sums = np.where(known, values, 0.0).sum(axis=(1, 2), dtype=np.float64)
    means: Floats = (sums / np.maximum(known.sum(axis=(1, 2)), 1)).astype(np.float32)
    return means


def _stripes(values: NDArray[Any]) -> Floats:
    """How much more the means of lines along one direction jump than those along the other, a number a band.

    A jump is the second difference of the means of columns (or rows); its median over the patch passes over single
    edges. Ground is rough in both directions alike, and so is noise: there the ratio is about 1. A push-broom
    instrument whose detectors differ shifts whole columns, a whisk-broom one whole rows.
    """
    noise, columns, rows = (np.empty(len(values), dtype=np.float32) for _ in range(3))
    height, width = values.shape[1:]
    down, across = np.full(height, 1 / height, np.float32), np.full(width, 1 / width, np.float32)
    # a few bands at a time stay in the processor's cache, and products are the quickest sums
    for first in range(0, len(values), _BANDS_AT_ONCE):
        some = slice(first, first + _BANDS_AT_ONCE)
        block = values[some].astype(np.float32)
        noise[some] = np.abs(_second(block[:, ::16])).mean(axis=(1, 2)) / np.sqrt(height)
        columns[some] = _middle(np.abs(_second(down @ block)))
        rows[some] = _middle(np.abs(_second(block @ across)))
    floor = np.maximum(_WHITE * noise, 1e-12)
    larger, smaller = np.maximum(columns, rows), np.minimum(columns, rows)
    ratio: Floats = larger / np.maximum(smaller, floor)
    return ratio


def _middle(values: Floats) -> Floats:
    """The upper median along the last axis."""
    half = values.shape[-1] // 2
    middle: Floats = np.partition(values, half, axis=-1)[..., half]
    return middle


def _second(values: Floats) -> Floats:
    return values[..., :-2] - 2.0 * values[..., 1:-1] + values[..., 2:]


def _saturated(stored: NDArray[Any], high: NDArray[Any]) -> float:
    """Share of numbers at the end of a range, in bands whose greatest number is one."""
    if stored.dtype.kind == "f":
        return 0.0
    bound = np.iinfo(stored.dtype).max
    full = [scale for scale in _FULL_SCALES if scale <= bound and (scale > 255 or bound <= 255)]
    bands = np.flatnonzero(np.isin(high, full))
    return sum(int((stored[band] == high[band]).sum()) for band in bands) / stored.size


def _blank(stored: NDArray[Any], alive: NDArray[np.intp]) -> float:
    """Share of pixels that repeat their left neighbour exactly, in bands spread over the spectrum."""
    if not len(alive):
        return 1.0
    some = stored[alive[:: -(-len(alive) // _NUM_BLANK_BANDS)]]
    return float((some[:, :, 1:] == some[:, :, :-1]).all(axis=0).mean())


def _cover(values: NDArray[Any], group: Group, dead: NDArray[np.bool_]) -> tuple[float | None, float | None]:
    """Shares of cloud and water, None where quantity or bands do not allow them.

    Water: NDWI = (green - NIR) / (green + NIR) > 0 (McFeeters 1996, doi:10.1080/01431169608948714). Cloud, after the
    scheme of Griffin et al. (2003, doi:10.1117/12.487297) for Hyperion: bright at 0.66 um, not much brighter at 0.86
    um (vegetation), nor darker at 1.25 than at 1.65 um (sand), nor dark at 1.65 um (snow); or, in radiance, bright at
    1.38 um, where vapour hides the ground. Radiance is taken as W / (m2 sr um) under a sun at the zenith, which can
    only make clouds look darker.
    """
    if group.quantity not in ("reflectance", "radiance") or group.wavelengths is None:
        return None, None
    bands = {goal: _reflectance(values, group, dead, goal) for goal in (560.0, 660.0, 860.0, 1250.0, 1380.0, 1650.0)}
    green, red, near, short, cirrus, snow = bands.values()
    cloudy = None
    if green is not None and red is not None and near is not None and short is not None and snow is not None:
        cloudy = (red > 0.3) & (red > 0.7 * near) & (_index(short, snow) > -0.01) & (_index(green, snow) < 0.4)
        # reflectance at the ground is made up at 1.38 um: the sensor saw none of it
        if cirrus is not None and group.quantity == "radiance":
            cloudy |= cirrus > 0.1
    wet = None if green is None or near is None else _index(green, near) > 0.0
    if wet is not None and cloudy is not None:
        wet &= ~cloudy
    return None if cloudy is None else float(cloudy.mean()), None if wet is None else float(wet.mean())


def _index(first: Floats, second: Floats) -> Floats:
    """The normalised difference of two reflectances, 0 where both are."""
    index: Floats = (first - second) / np.maximum(np.abs(first + second), 1e-6)
    return index


def _reflectance(values: NDArray[Any], group: Group, dead: NDArray[np.bool_], goal: float) -> Floats | None:
    """Reflectance (rows, cols) of the usable band nearest to a wavelength, or None where none is near."""
    assert group.wavelengths is not None
    distance = np.where(dead, np.inf, np.abs(np.asarray(group.wavelengths) - goal))
    band = int(np.argmin(distance))
    if distance[band] > _FAR:
        return None
    scale, offset = (
        float(np.broadcast_to(np.asarray(term), group.num_bands)[band]) for term in (group.scale, group.offset)
    )
    gain = 1.0 if group.quantity == "reflectance" else 1.0 / _sunlight(group.wavelengths[band])
    reflectance: Floats = (values[band].astype(np.float32) * np.float32(scale) + np.float32(offset)) * np.float32(gain)
    return reflectance


def _sunlight(wavelength: float) -> float:
    """Radiance in W / (m2 sr um) of white ground under a sun at the zenith, without an atmosphere."""
    metres = wavelength * 1e-9
    planck = 2 * 6.62607015e-34 * 299792458.0**2 / metres**5
    planck /= np.expm1(6.62607015e-34 * 299792458.0 / (metres * 1.380649e-23 * _SUN))
    # The Sun's irradiance is pi times its radiance times its size; white ground sends 1 / pi of it on.
    return float(planck * 1e-6 * _SUN_SIZE)
