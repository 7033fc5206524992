"""What changed: connected changes as objects, with the mean difference of each in every band and its area."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.detections import find_objects
from hypersigma.georef import Georef, LookupTable
from hypersigma.products import Detection, Objects

_EQUATORIAL, _FLATTENING = 6_378_137.0, 1 / 298.257223563  # of the WGS 84 ellipsoid, metres


@dataclass(frozen=True, eq=False)
class FromTo:
    """What each pixel turned from and into.

    Attributes:
        codes: (rows, cols) index of its words.
        words: "soil to roof" and the like.
    """

    codes: NDArray[np.int32]
    words: tuple[str, ...]

    def counted(self, codes: NDArray[np.int32]) -> list[tuple[str, int]]:
        """How often each of some codes (n,) stands for which words, the most frequent first."""
        counts: dict[str, int] = {}
        for code, count in zip(*np.unique(codes, return_counts=True), strict=True):
            # classes without a name share one
            counts[self.words[code]] = counts.get(self.words[code], 0) + int(count)
        return sorted(counts.items(), key=lambda item: -item[1])


def changed_objects(
    score: NDArray[Any], mask: NDArray[np.bool_], difference: Cube, from_to: FromTo | None = None
) -> Objects:
    """Connected changed pixels as objects, those of the highest scores first.

    Args:
        score: (rows, cols) of change.
        mask: (rows, cols) what changed.
        difference: the dates' difference; of each object its mean is kept.
        from_to: what each pixel turned from and into, or None where nobody knows.
    """
    objects = find_objects(score, mask, difference, name="changes")
    area = pixel_area(difference.georef, difference.shape[1])
    found = tuple(_told(item, difference, area, from_to) for item in objects.found)
    return replace(objects, found=found)


def _told(item: Detection, difference: Cube, area: float | None, from_to: FromTo | None) -> Detection:
    """An object with its mean difference and the facts of it."""
    spectra = difference.read(item.window)[:, item.mask]
    facts: dict[str, str | float] = {}
    if area is not None:
        facts["area_ha"] = round(item.num_pixels * area / 1e4, 4)
    if from_to is not None:
        facts["from_to"] = from_to.counted(from_to.codes[item.window.slices][item.mask])[0][0]
    with np.errstate(invalid="ignore"):
        mean = np.nanmean(spectra, axis=1, dtype=np.float64) if np.isfinite(spectra).any() else spectra[:, 0]
    return replace(item, spectrum=np.asarray(mean, dtype=np.float32), facts=facts)


def pixel_area(georef: Georef | None, rows: int) -> float | None:
    """Area of a pixel in square metres, of geographic coordinates in the middle of the scene; None where not known."""
    if georef is None or isinstance(georef, LookupTable) or georef.crs is None:
        return None
    from rasterio.crs import CRS

    crs = CRS.from_wkt(georef.crs)
    a, b, _, d, e, _ = georef.transform
    if crs.is_projected:
        _, metres = crs.linear_units_factor
        return float(abs(a * e - b * d) * metres**2)
    if not crs.is_geographic:
        return None
    latitude = math.radians(georef.xy(rows / 2, 0)[1])
    eccentricity = _FLATTENING * (2 - _FLATTENING)
    bend = 1 - eccentricity * math.sin(latitude) ** 2
    # radii of curvature along the meridian and across it
    north, east = _EQUATORIAL * (1 - eccentricity) / bend**1.5, _EQUATORIAL / math.sqrt(bend) * math.cos(latitude)
    return float(abs(a * e - b * d) * math.radians(1) ** 2 * north * east)


def turned(
    before: NDArray[Any], after: NDArray[Any], first_names: Mapping[int, str], second_names: Mapping[int, str]
) -> FromTo:
    """What each pixel (rows, cols) turned from and into, "soil to roof"; "unknown" where a class has no name.

    Each date's classes have names of their own, as files may count the same classes differently.
    """
    first, first_words = _named(before, first_names)
    second, second_words = _named(after, second_names)
    words = tuple(f"{one} to {other}" for one in first_words for other in second_words)
    return FromTo((first * len(second_words) + second).astype(np.int32), words)


def _named(classes: NDArray[Any], names: Mapping[int, str]) -> tuple[NDArray[np.intp], list[str]]:
    """Classes by their place among those that there are, and the names of these."""
    values, places = np.unique(classes, return_inverse=True)
    return places.reshape(classes.shape), [names.get(int(value), "unknown") for value in values]
