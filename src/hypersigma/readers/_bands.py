"""From what a file says of its bands to the bands of a cube: ascending, in nm, each usable or not and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from hypersigma.errors import InputError
from hypersigma.readers._wavelengths import ADVICE, Floats, nm_per_unit, to_nm

Bools = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class BandTable:
    """What a file (or a person) says of the bands, in stored order.

    Attributes:
        centres: band centres in `unit`, or None.
        unit: as written; "" where not stated.
        fwhm: full widths at half maximum in the same unit, or None.
        good: whether each band is marked usable (a bad-band list), or None.
        reasons: why each band must not be used by a list published for the sensor, "" where it may, or None. Such
            a list settles overlaps of detectors too.
    """

    centres: Sequence[float] | Floats | None = None
    unit: str = ""
    fwhm: Sequence[float] | Floats | None = None
    good: Sequence[float] | Bools | None = None
    reasons: Sequence[str] | None = None


# a person's band table for a scene of so many bands, in place of the file's own
Given = Callable[[int], BandTable]


@dataclass(frozen=True, kw_only=True, eq=False)
class Bands:
    """The bands of a cube; `order` maps them to stored bands, `notes` tell what was done."""

    order: NDArray[np.intp]
    wavelengths: Floats | None
    fwhm: Floats | None
    valid: Bools
    reasons: tuple[str, ...]
    notes: tuple[str, ...]


def arrange(table: BandTable, num_bands: int, where: str) -> Bands:
    """A file's bands in ascending wavelength, overlapping detectors cut at one wavelength.

    Raises:
        InputError: wavelengths of another number than bands, of no known unit, or implausible.
    """
    notes: list[str] = []
    reasons = _marked_bad(table.good, num_bands, notes) if table.reasons is None else list(table.reasons)
    if table.centres is None:
        notes.append("no wavelengths are known; --wavelengths FIRST:LAST (nm) or --sensor NAME states them")
        return _bands(np.arange(num_bands), None, None, reasons, notes)
    if len(table.centres) != num_bands:
        found = f"{len(table.centres)} wavelengths for {num_bands} bands"
        raise InputError(f"{where}: {found}; one a band is needed; {ADVICE}")
    centres = to_nm(table.centres, table.unit, where)
    fwhm = _widths(table, num_bands, where, notes)
    if table.reasons is None:
        _cut_overlaps(centres, reasons, notes)
    # stable, so that equal centres keep the order of the file
    order = np.argsort(centres, kind="stable")
    _mark_repeats(centres, order, reasons)
    return _bands(order, centres[order], None if fwhm is None else fwhm[order], reasons, notes)


def _bands(
    order: NDArray[np.intp], wavelengths: Floats | None, fwhm: Floats | None, stored: list[str], notes: list[str]
) -> Bands:
    reasons = tuple(stored[index] for index in order)
    valid = np.array([not reason for reason in reasons], dtype=bool)
    return Bands(order=order, wavelengths=wavelengths, fwhm=fwhm, valid=valid, reasons=reasons, notes=tuple(notes))


def _marked_bad(good: Sequence[float] | Bools | None, num_bands: int, notes: list[str]) -> list[str]:
    """One reason a band: "" or that the file's bad-band list marks it; a senseless list is noted and ignored."""
    unmarked = [""] * num_bands
    if good is None:
        return unmarked
    marks = np.asarray(good, dtype=np.float64) > 0
    if marks.size != num_bands:
        notes.append(f"the bad-band list has {marks.size} entries for {num_bands} bands and is ignored")
        return unmarked
    # some writers fill the list with zeros when they have nothing to say
    if not marks.any():
        notes.append("the bad-band list marks every band as bad and is ignored")
        return unmarked
    return ["" if mark else "marked bad in the file" for mark in marks]


def _widths(table: BandTable, num_bands: int, where: str, notes: list[str]) -> Floats | None:
    """Band widths in nm, or None where the file gives none that make sense (which is noted)."""
    if table.fwhm is None:
        return None
    widths = np.asarray(table.fwhm, dtype=np.float64)
    if widths.size != num_bands:
        notes.append(f"{widths.size} band widths for {num_bands} bands: ignored")
        return None
    widths = widths * nm_per_unit(np.asarray(table.centres, dtype=np.float64), table.unit, where)
    # widths are a refinement: nonsense in them must not keep a scene from opening
    if not (np.isfinite(widths).all() and widths.min() > 0.0 and widths.max() < 5e3):
        notes.append("band widths are not positive numbers of a plausible size: ignored")
        return None
    return widths


def _cut_overlaps(centres: Floats, reasons: list[str], notes: list[str]) -> None:
    """Mark the bands of overlapping detectors that lie beyond the one wavelength where they are cut.

    Detectors follow each other in a file (EnMAP: VNIR up to 993 nm, then SWIR from 902 nm). Interleaving their
    bands would alternate between two calibrations, so each side keeps its detector: the cut is the middle.
    """
    detectors = _detectors(centres)
    if detectors is None:
        notes.append("bands do not lie in order of wavelength in the file; they were sorted")
        return
    if len(detectors) > 1 or (len(centres) > 1 and centres[0] > centres[-1]):
        notes.append(f"bands do not ascend in the file ({len(detectors)} run(s)); they were sorted by wavelength")
    # files may hold the SWIR first
    detectors.sort(key=lambda indices: float(centres[indices].min()))
    for lower, upper in pairwise(detectors):
        start, end = float(centres[upper].min()), float(centres[lower].max())
        # one that lies wholly inside another is no neighbour, and has no side to keep
        if not start <= end < float(centres[upper].max()):
            continue
        cut = (start + end) / 2
        reason = f"overlap of two detectors, cut at {cut:.0f} nm"
        beyond = [*lower[centres[lower] > cut], *upper[centres[upper] <= cut]]
        for index in beyond:
            reasons[index] = reasons[index] or reason
        overlap = f"two detectors overlap from {start:.0f} to {end:.0f} nm"
        notes.append(f"{overlap}; cut at {cut:.0f} nm, {len(beyond)} bands left out")


def _detectors(centres: Floats) -> list[NDArray[np.intp]] | None:
    """Stored indices of each run of bands that ascends or descends, or None where bands are in no order."""
    steps = np.diff(centres) >= 0
    starts = [0]
    index = 0
    while index < len(steps):
        end = index
        while end < len(steps) and steps[end] == steps[index]:
            end += 1
        if end < len(steps):
            starts.append(end + 1)
        index = end + 1
    # more runs than any instrument has detectors: the bands were shuffled
    if len(starts) > max(4, len(centres) // 20):
        return None
    return np.split(np.arange(len(centres)), starts[1:])


def _mark_repeats(centres: Floats, order: NDArray[np.intp], reasons: list[str]) -> None:
    """Mark a usable band whose centre is that of the usable band before it: spacing would be zero."""
    last = np.nan
    for index in order:
        if reasons[index]:
            continue
        if centres[index] == last:
            reasons[index] = f"same wavelength as another band, {last:g} nm"
        last = centres[index]
