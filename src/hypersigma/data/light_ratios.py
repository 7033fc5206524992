"""What ratios of bands tell of two dates: how much more light each band sends back, and indices of what covers ground.

Ratios keep what standardised numbers lose: that ground turned from plants to stone, whatever the rest of the scene did.
Bands are found by their wavelengths, so that any sensor that has them gives the same indices.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Learned = dict[str, NDArray[Any]]

_MOST = 16  # bands, or groups of neighbours where there are more
_FLOOR = 0.05  # of a band's mean, below which there is too little light for ratios
_GREEN, _RED, _INFRARED, _SHORTWAVE = 560.0, 660.0, 840.0, 1620.0  # nm
_OFF = 80.0  # nm that a band may lie beside them
# (a - b) / (a + b): of plants (Tucker, 1979), water (McFeeters, 1996), buildings (Zha, Gao, Ni, 2003)
_INDICES = ((_INFRARED, _RED), (_GREEN, _INFRARED), (_SHORTWAVE, _INFRARED))


def learn_ratios(before: Array, after: Array, wavelengths: NDArray[np.float64] | None) -> Learned:
    """What the ratios of a pair are measured against.

    Args:
        before: (bands, n) numbers of a sample of pixels as they are.
        after: the same of the second date.
        wavelengths: (bands,) nm, or None where unknown: there are no indices then.

    Returns:
        arrays by name, for `ratios` and `indices`.
    """
    num = len(before)
    group = np.arange(num) * min(num, _MOST) // num
    groups = (group == np.arange(group[-1] + 1)[:, None]).astype(np.float32)
    groups /= groups.sum(axis=1, keepdims=True)
    learned: Learned = {
        "groups": groups,
        "floors": np.stack([_FLOOR * np.abs((groups @ date).mean(axis=1)) + 1e-12 for date in (before, after)]),
        "pairs": _pairs(wavelengths),
    }
    learned["usual_ratios"] = np.median(_logarithms(learned, before, after), axis=1)
    differences = _normalised(learned["pairs"], after) - _normalised(learned["pairs"], before)
    learned["usual_indices"] = np.median(differences, axis=1) if len(differences) else np.zeros(0)
    return {f"light.{name}": array for name, array in learned.items()}


def ratios(learned: Learned, before: Array, after: Array) -> Array:
    """Logarithms (groups, h, w) of what each group of bands gained, against what it gained as a rule."""
    own = _own(learned)
    return _shaped(_logarithms(own, _flat(before), _flat(after)) - own["usual_ratios"][:, None], before)


def indices(learned: Learned, before: Array, after: Array) -> Array:
    """Normalised differences and brightness of both dates and how they changed, (indices, h, w); none without bands."""
    own = _own(learned)
    dates = [_normalised(own["pairs"], _flat(date)) for date in (before, after)]
    if not len(dates[0]):
        return np.zeros((0, *before.shape[1:]), dtype=np.float32)
    change = dates[1] - dates[0] - own["usual_indices"][:, None]
    return _shaped(np.concatenate([*dates, change]), before)


def _own(learned: Learned) -> Learned:
    return {name.removeprefix("light."): array for name, array in learned.items() if name.startswith("light.")}


def _flat(array: Array) -> Array:
    return array.reshape(len(array), -1)


def _shaped(values: NDArray[Any], like: Array) -> Array:
    shaped: Array = values.reshape(len(values), *like.shape[1:]).astype(np.float32, copy=False)
    return shaped


def _logarithms(learned: Learned, before: Array, after: Array) -> NDArray[Any]:
    """log(after / before) of groups of bands (groups, n)."""
    groups, floors = learned["groups"], learned["floors"].astype(np.float32)
    # NaN stays NaN
    first, second = (
        np.maximum(groups @ date, floor[:, None]) for date, floor in zip((before, after), floors, strict=True)
    )
    gained: NDArray[Any] = np.log(second) - np.log(first)
    return gained


def _pairs(wavelengths: NDArray[np.float64] | None) -> NDArray[np.int64]:
    """Bands (indices, 2) of those normalised differences whose wavelengths there are."""
    if wavelengths is None:
        return np.zeros((0, 2), dtype=np.int64)
    found = []
    for pair in _INDICES:
        bands = [int(np.argmin(np.abs(wavelengths - centre))) for centre in pair]
        if all(abs(wavelengths[band] - centre) <= _OFF for band, centre in zip(bands, pair, strict=True)):
            found.append(bands)
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def _normalised(pairs: NDArray[np.int64], date: Array) -> NDArray[Any]:
    """(a - b) / (a + b), between -1 and 1, of pairs of bands, and the logarithm of brightness, (indices + 1, n)."""
    if not len(pairs):
        return np.zeros((0, date.shape[1]), dtype=np.float32)
    one, other = date[pairs[:, 0]], date[pairs[:, 1]]
    total = np.abs(one) + np.abs(other)
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.where(total > 0, (one - other) / total, np.where(np.isnan(total), np.nan, 0.0))
    bright = np.abs(date[np.unique(pairs)]).mean(axis=0)
    return np.concatenate([values, np.log(np.maximum(bright, 1e-6))[None]])
