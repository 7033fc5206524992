"""Figures of an unmixing: angles of matched endmembers, errors of abundances, and what the reconstruction leaves.

Everything runs in double precision. Endmembers are (materials, bands), abundances (materials, ...), images
(bands, ...). Angles are in radians unless a name says degrees.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hypersigma.errors import InputError

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

NOT_FOUND = -1
_WORST = np.pi  # no angle is larger, so what has none is matched last


class PerMaterial(NamedTuple):
    """Figures of each true material, (K,) each.

    Attributes:
        found: index of the endmember that it is matched with, -1 where none was left.
        angles: to that endmember, NaN where there is none.
        mse: mean squared error of the abundances; a material that none was left for counts as never found, with
            abundance 0. NaN without abundances, or where no pixel has any.
    """

    found: Indices
    angles: Floats
    mse: Floats

    @property
    def rmse(self) -> Floats:
        """Root mean squared error of each material's abundances (K,)."""
        roots: Floats = np.sqrt(self.mse)
        return roots


def spectral_angles(first: ArrayLike, second: ArrayLike) -> Floats:
    """Angles (K, P) between spectra (K, bands) and (P, bands), over the bands that both of a pair have.

    arccos(<a, b> / |a| |b|), computed as 2 atan2(|u - v|, |u + v|) of the unit vectors (Kahan, "How futile are
    mindless assessments of roundoff in floating-point computation?", 2006, section 12), which is exact for small
    angles too. NaN where a spectrum is zero, or the two share no band.

    Args:
        first: (K, bands), NaN where a band is missing.
        second: (P, bands) of the same bands.

    Raises:
        InputError: they are no spectra, or of other bands.
    """
    one, other = (np.atleast_2d(np.asarray(spectra, dtype=np.float64)) for spectra in (first, second))
    if one.ndim != 2 or other.ndim != 2 or one.shape[1] != other.shape[1]:
        raise InputError(
            f"angles are between spectra of the same bands, found shapes {one.shape} and {other.shape}; expected "
            f"(spectra, bands), both resampled to one grid"
        )
    # A row of `first` at a time, so that the bands which the pairs share fit into memory.
    return np.stack([paired_angles(row, other) for row in one]) if len(one) else np.zeros((0, len(other)))


def paired_angles(spectrum: Floats, others: Floats) -> Floats:
    """Angles (P,) between a spectrum (bands,) and others (P, bands), or one of each: (P, bands) and (P, bands)."""
    shared = np.isfinite(spectrum) & np.isfinite(others)
    one, other = np.where(shared, spectrum, 0.0), np.where(shared, others, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        one, other = (spectra / np.linalg.norm(spectra, axis=1, keepdims=True) for spectra in (one, other))
    apart, along = np.linalg.norm(one - other, axis=1), np.linalg.norm(one + other, axis=1)
    angles: Floats = 2.0 * np.arctan2(apart, along)
    return angles


def match_endmembers(angles: ArrayLike, *, published: bool = False) -> Indices:
    """The found endmember (K,) of each true one, none twice, -1 where fewer are found than true.

    The sum of the angles is the least of all assignments (Kuhn, "The Hungarian method for the assignment problem",
    1955). Published is to take the smallest angle that is left, again and again, whose sum may be larger.

    Args:
        angles: (K, P) between true and found endmembers; a pair without an angle is matched only where all are.
        published: whether to match as published.
    """
    costs = np.nan_to_num(np.asarray(angles, dtype=np.float64), nan=_WORST)
    matched = np.full(len(costs), NOT_FOUND, dtype=np.intp)
    if not published:
        from scipy.optimize import linear_sum_assignment

        rows, columns = linear_sum_assignment(costs)
        matched[rows] = columns
        return matched
    for _ in range(min(costs.shape)):
        row, column = np.unravel_index(np.argmin(costs), costs.shape)
        matched[row] = column
        costs[row], costs[:, column] = np.inf, np.inf
    return matched


def per_material(
    truth: ArrayLike,
    found: ArrayLike,
    true_abundances: ArrayLike | None = None,
    abundances: ArrayLike | None = None,
    *,
    published: bool = False,
) -> PerMaterial:
    """Figures of each true material, after its endmember is matched.

    Args:
        truth: (K, bands) true endmembers.
        found: (P, bands) endmembers that were found; P may differ from K.
        true_abundances: (K, ...), NaN = no data; without them there are angles alone.
        abundances: (P, ...) of the same pixels. Pixels that lack a number in either are left out.
        published: whether to match as published.

    Raises:
        InputError: shapes do not fit together.
    """
    angles = spectral_angles(truth, found)
    matched = match_endmembers(angles, published=published)
    is_found = matched != NOT_FOUND
    own = np.full(len(angles), np.nan)
    own[is_found] = angles[is_found, matched[is_found]]
    mse = np.full(len(angles), np.nan)
    if true_abundances is not None and abundances is not None:
        mse = _squared_errors(true_abundances, abundances, matched, angles.shape[1])
    return PerMaterial(matched, own, mse)


def _squared_errors(truth: ArrayLike, found: ArrayLike, matched: Indices, num_found: int) -> Floats:
    """Mean squared error (K,) of matched abundances, over the pixels that have numbers in both."""
    true, other = (np.asarray(values, dtype=np.float64) for values in (truth, found))
    if (len(true), len(other)) != (len(matched), num_found) or true.shape[1:] != other.shape[1:]:
        raise InputError(
            f"abundances {true.shape} of the truth and {other.shape} that were found do not fit {len(matched)} and "
            f"{num_found} endmembers; expected (materials, ...) of the same pixels"
        )
    # Where none was left the last row is meant: it is zero.
    rows = np.concatenate([other.reshape(num_found, -1), np.zeros((1, true[0].size))])[matched]
    difference = true.reshape(len(true), -1) - rows
    known = np.isfinite(difference).all(axis=0)
    if not known.any():
        return np.full(len(true), np.nan)
    errors: Floats = np.square(difference[:, known]).mean(axis=1)
    return errors


def unmixing_scores(materials: PerMaterial) -> dict[str, float]:
    """Figures of all materials by short name, those without a value left out.

    - sad, sad_degrees: mean spectral angle of the matched endmembers.
    - rmse: mean over the materials of the root mean squared errors of their abundances.
    - armse: root of the mean squared error of all materials and pixels; not below `rmse`.
    - mse: mean over the materials of the mean squared errors, which published tables give.
    - num_not_found: true materials that no endmember was left for.

    Source: of the angles Keshava and Mustard, "Spectral unmixing", IEEE Signal Processing Magazine, 2002; of mse
    HyperSIGMA, the code of its unmixing.
    """
    figures = {"num_not_found": float((materials.found == NOT_FOUND).sum())}
    known = materials.angles[np.isfinite(materials.angles)]
    if known.size:
        figures |= {"sad": float(known.mean()), "sad_degrees": float(np.rad2deg(known.mean()))}
    if np.isfinite(materials.mse).any():
        mse = materials.mse[np.isfinite(materials.mse)]
        figures |= {"rmse": float(np.sqrt(mse).mean()), "armse": float(np.sqrt(mse.mean())), "mse": float(mse.mean())}
    return figures


def reconstruction_scores(image: ArrayLike, reconstruction: ArrayLike) -> dict[str, float]:
    """What a reconstruction leaves of an image, by short name; without a pixel none.

    - rrmse: root mean squared error over all pixels and bands, in the image's unit.
    - relative: root of the summed squared errors over that of the summed squares of the image.
    - sam, sam_degrees: mean spectral angle over the pixels; left out where no pixel has one.

    Args:
        image: (bands, ...); a band without a number in any pixel is left out, then a pixel without one in any band.
        reconstruction: of the same shape.

    Raises:
        InputError: shapes differ.
    """
    original, made = (np.asarray(values, dtype=np.float64) for values in (image, reconstruction))
    if original.shape != made.shape:
        raise InputError(
            f"an image {original.shape} and its reconstruction {made.shape} differ in shape; expected (bands, ...) of "
            f"the same pixels"
        )
    original, made = original.reshape(len(original), -1), made.reshape(len(made), -1)
    numbers = np.isfinite(original) & np.isfinite(made)
    bands = numbers.any(axis=1)
    pixels = numbers[bands].all(axis=0)
    if not bands.any() or not pixels.any():
        return {}
    original, made = original[bands][:, pixels], made[bands][:, pixels]
    left, power = float(np.square(original - made).sum()), float(np.square(original).sum())
    figures = {"rrmse": float(np.sqrt(left / original.size))}
    if power > 0:
        figures["relative"] = float(np.sqrt(left / power))
    angles = paired_angles(original.T, made.T)
    angles = angles[np.isfinite(angles)]
    if angles.size:
        figures |= {"sam": float(angles.mean()), "sam_degrees": float(np.rad2deg(angles.mean()))}
    return figures
