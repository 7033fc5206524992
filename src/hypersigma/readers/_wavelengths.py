"""Wavelengths as files write them: units told apart, band names understood, implausible lists refused."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hypersigma.errors import InputError

Floats = NDArray[np.float64]

SHORTEST, LONGEST = 200.0, 20000.0
ADVICE = "correct the file, or give --wavelengths FIRST:LAST in nm or --sensor NAME"

_NM_PER_UNIT = {
    "nm": 1.0,
    "nanometer": 1.0,
    "nanometre": 1.0,
    "um": 1e3,
    "µm": 1e3,
    "μm": 1e3,
    "micrometer": 1e3,
    "micrometre": 1e3,
    "micron": 1e3,
    "m": 1e9,
    "meter": 1e9,
    "metre": 1e9,
}
_WAVENUMBERS = {"wavenumber", "cm-1", "cm^-1", "1/cm"}
_UNSTATED = {"", "unknown", "none", "1"}
_NUMBER = r"(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)"
_WITH_UNIT = re.compile(_NUMBER + r"\s*(nm|nanomet(?:er|re)s?|um|µm|μm|micromet(?:er|re)s?|microns?)\b", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"\(\s*" + _NUMBER + r"\s*\)\s*$")
_ALONE = re.compile(r"^\s*" + _NUMBER + r"\s*$")


def nm_per_unit(values: Floats, unit: str, where: str) -> float:
    """How many nm one of a file's units of wavelength is; told by the values where the file does not say.

    Numbers below 100 can only be micrometres: as nanometres they would be X-rays.

    Raises:
        InputError: the unit is none of wavelength.
    """
    key = unit.strip().lower()
    if key in _UNSTATED:
        return 1e3 if float(np.max(values, initial=0.0)) < 100.0 else 1.0
    for name in (key, key.removesuffix("s")):
        if name in _NM_PER_UNIT:
            return _NM_PER_UNIT[name]
    raise InputError(f"{where}: '{unit}' is not a unit of wavelength; expected nm or um; {ADVICE}")


def to_nm(values: Sequence[float] | Floats, unit: str, where: str) -> Floats:
    """Wavelengths of a file in nm, in the file's order.

    Raises:
        InputError: the unit is none of wavelength, or the list is implausible.
    """
    found = np.asarray(values, dtype=np.float64)
    if found.size and not np.isfinite(found).all():
        raise InputError(f"{where}: {_implausible(f'{(~np.isfinite(found)).sum()} of {found.size} are not numbers')}")
    if unit.strip().lower() in _WAVENUMBERS:
        with np.errstate(divide="ignore"):
            found = 1e7 / found
    else:
        factor = nm_per_unit(found, unit, where)
        # rounded to a millionth of a nm, so that 0.4554 um is 455.4 nm and not 455.40000000000003
        found = found if factor == 1.0 else np.round(found * factor, 6)
    problem = _problem(found, np.asarray(values, dtype=np.float64))
    if problem:
        raise InputError(f"{where}: {_implausible(problem)}")
    return found


def _implausible(problem: str) -> str:
    return (
        f"the wavelengths are implausible: {problem}; expected one centre a band between "
        f"{SHORTEST:.0f} and {LONGEST:.0f} nm; {ADVICE}"
    )


def _problem(nm: Floats, written: Floats) -> str:
    """What is wrong with a list of wavelengths in nm (and as they are written), or ""."""
    if nm.size == 0:
        return "the list is empty"
    if bool((written <= 0).any()):
        return f"{(written <= 0).sum()} of {nm.size} are zero or negative"
    if nm.size > 2 and np.array_equal(written, np.arange(nm.size) + written[0]) and written[0] in (0, 1):
        return f"they run {written[0]:.0f}, {written[1]:.0f}, {written[2]:.0f} ..., which are band numbers"
    if nm.min() < SHORTEST or nm.max() > LONGEST:
        in_um = 1e3 * nm.min() >= SHORTEST and 1e3 * nm.max() <= LONGEST
        return f"they run from {nm.min():g} to {nm.max():g} nm" + (", so they look like micrometres" if in_um else "")
    if nm.size > 1 and float(np.ptp(nm)) == 0.0:
        return f"all {nm.size} are {nm[0]:g} nm"
    return ""


def from_names(names: Sequence[str]) -> tuple[list[float], str] | None:
    """Wavelengths and their unit from band names such as "band 1 (0.4554 Micrometers)", or None.

    Every name must hold one, in one form: a number with a unit, or a bare number in brackets at the end, or
    nothing but a number. Numbers that would not do as wavelengths are taken for something else.
    """
    if not names:
        return None
    for pattern in (_WITH_UNIT, _IN_BRACKETS, _ALONE):
        # the last number counts: names often start with the number of the band
        hits = [list(pattern.finditer(name)) for name in names]
        if all(hits):
            values = [float(found[-1].group(1)) for found in hits]
            unit = hits[0][-1].group(2) if pattern is _WITH_UNIT else ""
            try:
                to_nm(values, unit, "band names")
            # a guess that fails is not the file's fault: names need not hold wavelengths
            except InputError:
                continue
            return values, unit
    return None
