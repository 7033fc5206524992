"""Spectra: band centres and widths of sensors, and resampling between bands and the canonical grid.

Every scene whose wavelengths are known can be brought to the same 100 bands, so that a network sees the same
front end from any sensor; bands that a sensor does not cover are said to be missing, never made up.
"""

from __future__ import annotations

import csv
from importlib import resources
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from hypersigma.errors import ConfigError, InputError
from hypersigma.registry import suggestion

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

CANONICAL: Floats = np.linspace(400.0, 2500.0, 100)
CANONICAL.flags.writeable = False
CANONICAL_STEP = float(CANONICAL[1] - CANONICAL[0])

_SIGMA_PER_FWHM = 1.0 / np.sqrt(8.0 * np.log(2.0))
_MIN_COVERED = 0.5
_WIDEST_GUESS = 100.0  # nm; a wider band states its width: spacing would claim the gaps of a multispectral sensor
_NARROWEST = 0.1  # nm; bands of two detectors may share a centre
_GAP_RATIO = 4.0  # a wide step that is so many times its neighbour is a gap
_NODES = np.linspace(-3.0, 3.0, 61)  # standard deviations at which a target's response is sampled


def sensor_names() -> list[str]:
    """Sensors whose bands are known, sorted."""
    folder = resources.files("hypersigma") / "sensors"
    return sorted(item.name.removesuffix(".csv") for item in folder.iterdir() if item.name.endswith(".csv"))


def sensor_bands(name: str) -> tuple[Floats, Floats]:
    """Band centres and full widths at half maximum of a sensor, in nm, in the order of its files.

    Raises:
        ConfigError: no such sensor; the message suggests the nearest one.
    """
    key = name.lower().replace("-", "_").replace(" ", "_")
    known = sensor_names()
    if key not in known:
        raise ConfigError(f"the bands of sensor '{name}' are not known; {suggestion(key, known)}")
    file = resources.files("hypersigma") / "sensors" / f"{key}.csv"
    # Nominal values: real ones drift with the instrument, so a file that lists its own bands goes before this.
    rows = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
    return np.array([float(row["centre_nm"]) for row in rows]), np.array([float(row["fwhm_nm"]) for row in rows])


def parse_wavelengths(text: str, num_bands: int) -> Floats:
    """Evenly spaced band centres in nm from "FIRST:LAST".

    Raises:
        InputError: the text is not two ascending wavelengths between 200 and 20000 nm.
    """
    try:
        first, last = (float(part) for part in text.split(":"))
    except ValueError as error:
        raise InputError(f"wavelengths '{text}': expected FIRST:LAST in nm, such as 400:2500") from error
    if not 200 <= first < last <= 20000:
        raise InputError(f"wavelengths '{text}': expected FIRST below LAST, both between 200 and 20000 nm")
    return np.linspace(first, last, num_bands)


def response_matrix(
    wavelengths: ArrayLike, fwhm: ArrayLike | None = None, valid: ArrayLike | None = None
) -> tuple[Floats, Bools]:
    """The matrix that takes a sensor's bands to the canonical grid, and which canonical bands it can give.

    Args:
        wavelengths: (bands,) centres in nm, in any order.
        fwhm: (bands,) full widths at half maximum in nm; from spacing where None, NaN or not positive.
        valid: (bands,) False for bands that must not be used; their columns are zero.

    Returns:
        matrix (100, bands), whose rows are zero for canonical bands that are not covered, and valid (100,).

    Raises:
        InputError: lists of different lengths, or a wavelength that is not a positive number.
    """
    widths = np.full(len(CANONICAL), CANONICAL_STEP)
    return resampling_matrix(wavelengths, fwhm, valid, targets=CANONICAL, target_fwhm=widths)


def resample_library(
    spectra: ArrayLike,
    wavelengths: ArrayLike,
    targets: ArrayLike,
    *,
    fwhm: ArrayLike | None = None,
    target_fwhm: ArrayLike | None = None,
) -> Floats:
    """Spectra of a library on other band centres, NaN where the library does not cover a band.

    Args:
        spectra: (spectra, bands); NaN marks channels that a spectrum lacks.
        wavelengths: (bands,) centres of the library in nm.
        targets: (targets,) centres of the sensor in nm.
        fwhm: (bands,) widths of the library in nm; from spacing where None.
        target_fwhm: (targets,) widths of the sensor in nm; from spacing where None.

    Returns:
        (spectra, targets) float64.
    """
    table = np.atleast_2d(np.asarray(spectra, dtype=np.float64))
    result = np.full((len(table), np.size(targets)), np.nan)
    # Spectra that lack the same channels share a matrix.
    patterns, members = np.unique(np.isfinite(table), axis=0, return_inverse=True)
    for index, present in enumerate(patterns):
        rows = np.flatnonzero(members.ravel() == index)
        matrix, covered = resampling_matrix(wavelengths, fwhm, present, targets=targets, target_fwhm=target_fwhm)
        values = np.where(present, table[rows], 0.0) @ matrix.T
        result[rows] = np.where(covered, values, np.nan)
    return result


def resampling_matrix(
    wavelengths: ArrayLike,
    fwhm: ArrayLike | None,
    valid: ArrayLike | None,
    *,
    targets: ArrayLike,
    target_fwhm: ArrayLike | None,
) -> tuple[Floats, Bools]:
    """The matrix (targets, bands) from bands to target bands, and which targets are covered.

    A target is the mean of the straight lines between band centres under a Gaussian that, together with the
    bands' own widths, makes up the target's response: the target's variance less that of the bands and lines,
    and none (plain interpolation) where the bands are the broader. Straight lines and a symmetric weight make
    constant and linear spectra exact; so where the bands do not reach, the mirror image is left out too. A
    target is covered if the bands see at least half of its response.
    """
    bands = _bands(wavelengths, fwhm, valid)
    goals = np.asarray(targets, dtype=np.float64).ravel()
    widths = _spacing(goals) if target_fwhm is None else np.asarray(target_fwhm, dtype=np.float64).ravel()
    matrix = np.zeros((len(goals), np.size(wavelengths)))
    if not len(bands.centres):
        return matrix, np.zeros(len(goals), dtype=bool)
    holes = _holes(bands)
    covered = _coverage(goals, widths * _SIGMA_PER_FWHM, holes) >= _MIN_COVERED
    sigma = np.sqrt(np.maximum((widths * _SIGMA_PER_FWHM) ** 2 - _variance(goals, bands), 0.0))
    places = goals[:, None] + sigma[:, None] * _NODES
    seen = ~((places[..., None] > holes[:, 0]) & (places[..., None] < holes[:, 1])).any(axis=-1)
    weights = np.exp(-0.5 * _NODES**2) * (seen & seen[:, ::-1])
    # A target whose middle lies in a small hole may have no symmetric pair: it takes its very centre.
    weights[weights.sum(axis=1) == 0, len(_NODES) // 2] = 1.0
    weights /= weights.sum(axis=1, keepdims=True)
    columns = np.einsum("tn,tnb->bt", weights, _line_weights(places, bands.centres))
    for column, members in zip(columns, bands.members, strict=True):
        matrix[:, members] = np.where(covered, column / len(members), 0.0)[:, None]
    return matrix, covered


class _Bands(NamedTuple):
    """Distinct ascending centres of the usable bands, their widths, and which bands lie at each."""

    centres: Floats
    widths: Floats
    members: list[NDArray[np.intp]]


def _bands(wavelengths: ArrayLike, fwhm: ArrayLike | None, valid: ArrayLike | None) -> _Bands:
    """The usable bands in ascending order; bands that share a wavelength become one, which they share evenly."""
    centres = np.asarray(wavelengths, dtype=np.float64).ravel()
    keep = np.ones(len(centres), dtype=bool) if valid is None else np.asarray(valid, dtype=bool).ravel()
    given = np.full(len(centres), np.nan) if fwhm is None else np.asarray(fwhm, dtype=np.float64).ravel()
    if not len(centres) == len(keep) == len(given):
        found = f"{len(centres)} wavelengths, {len(given)} widths, {len(keep)} valid flags"
        raise InputError(f"{found}: one a band is needed of each")
    if not (np.isfinite(centres[keep]) & (centres[keep] > 0)).all():
        raise InputError("wavelengths must be positive numbers in nm; leave out bands that have none")
    distinct, place = np.unique(centres[keep], return_inverse=True)
    members = [np.flatnonzero(keep)[place == index] for index in range(len(distinct))]
    known = np.isfinite(given) & (given > 0)
    widths = np.minimum(_spacing(distinct), _WIDEST_GUESS)
    for index, bands in enumerate(members):
        if known[bands].any():
            widths[index] = given[bands][known[bands]].max()
    return _Bands(distinct, widths, members)


def _spacing(centres: Floats) -> Floats:
    """Distance to the nearer neighbour of centres in order of wavelength; a single one gets the canonical step."""
    if len(centres) < 2:
        return np.full(len(centres), CANONICAL_STEP)
    steps = np.maximum(np.abs(np.diff(centres)), _NARROWEST)
    nearer: Floats = np.minimum(np.append(steps, np.inf), np.append(np.inf, steps))
    return nearer


def _holes(bands: _Bands) -> Floats:
    """Stretches (holes, 2) of the wavelength axis that no band sees, the two unbounded ends included."""
    # A broad band may reach over its neighbours, so what is seen up to a place is the furthest reach so far.
    starts = bands.centres - bands.widths / 2
    order = np.argsort(starts)
    reach = np.maximum.accumulate((bands.centres + bands.widths / 2)[order])
    left, right = reach[:-1], starts[order][1:]
    # Narrow bands closer than a canonical step sample all that the grid can show of what lies between them.
    hole = (right > left) & (np.abs(np.diff(bands.centres[order])) > CANONICAL_STEP)
    lefts = np.concatenate([[-np.inf], left[hole], reach[-1:]])
    rights = np.concatenate([starts[order][:1], right[hole], [np.inf]])
    return np.stack([lefts, rights], axis=1)


def _coverage(goals: Floats, sigma: Floats, holes: Floats) -> Floats:
    """Share of each target's Gaussian response that lies in no hole."""
    below = ndtr((holes - goals[:, None, None]) / sigma[:, None, None])
    share: Floats = 1.0 - (below[..., 1] - below[..., 0]).sum(axis=1)
    return share


def _variance(goals: Floats, bands: _Bands) -> Floats:
    """Variance in nm^2 that bands and the lines between them bring to each target.

    A straight line between samples a step apart is a triangular weight of variance step^2 / 6.
    """
    own = (bands.widths * _SIGMA_PER_FWHM) ** 2 + _spacing(bands.centres) ** 2 / 6
    variance: Floats = np.interp(goals, bands.centres, own)
    return variance


def _line_weights(places: Floats, centres: Floats) -> Floats:
    """Weights (..., bands) of the straight lines between ascending centres at some wavelengths.

    Beyond the ends, and at the edges of a gap, the line of the nearest two bands goes on: the far side of a
    gap tells less than the slope before it.
    """
    if len(centres) == 1:
        return np.ones((*places.shape, 1))
    steps = np.diff(centres)
    segment = np.clip(np.searchsorted(centres, places) - 1, 0, len(steps) - 1)
    beside = segment + np.where(places - centres[segment] < steps[segment] / 2, -1, 1)
    beside = np.clip(beside, 0, len(steps) - 1)
    gap = (steps[segment] > CANONICAL_STEP) & (steps[segment] > _GAP_RATIO * steps[beside])
    segment = np.where(gap, beside, segment)
    share = (places - centres[segment]) / steps[segment]
    weights = np.zeros((*places.shape, len(centres)))
    np.put_along_axis(weights, segment[..., None], 1.0 - share[..., None], axis=-1)
    np.put_along_axis(weights, segment[..., None] + 1, share[..., None], axis=-1)
    return weights
