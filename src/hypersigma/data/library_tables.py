"""Spectral libraries as text: CSV tables either way up, and the files that ENVI saves from plots."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hypersigma.errors import InputError
from hypersigma.readers._wavelengths import to_nm

Floats = NDArray[np.float64]

DELETED = -1e30  # what lies below is the mark of a deleted channel (-1.23e34 by custom)
_GROUPS = ("group", "class", "material")  # heads of what spectra are of
_PLOT, _COLUMN = "ENVI ASCII Plot File", re.compile(r"^Column\s+\d+:\s*(.*?)(?:~~\d+)?$")


class LibraryTable(NamedTuple):
    """What a library file holds, as it stands there.

    Attributes:
        names: one a spectrum.
        centres: (bands,) nm, in the file's order.
        spectra: (spectra, bands), NaN where there is no number.
        fwhm: (bands,) nm, or None.
        factor: number in the file that stands for reflectance 1, where it says so.
        numbered: whether bands are counted in place of wavelengths.
        groups: the material of each spectrum, or none.
    """

    names: list[str]
    centres: Floats
    spectra: Floats
    fwhm: Floats | None = None
    factor: float | None = None
    numbered: bool = False
    groups: tuple[str, ...] = ()


def read_csv(path: Path) -> LibraryTable:
    """A CSV file with wavelengths along its first line or down its first column, and names along the other.

    A column (or, with names along the first line, a line) headed `group`, `class` or `material` says which spectra are
    one material. Two columns of numbers alone, without heads, are wavelengths and the values of one spectrum.

    Raises:
        InputError: not text, a ragged table, a spectrum without a group where others have one, or no wavelengths.
    """
    rows = [row for row in csv.reader(_text(path).splitlines()) if any(cell.strip() for cell in row)]
    if len(rows) < 2 or len(rows[0]) < 2:
        raise InputError(f"{path}: {len(rows)} lines; expected a first line of heads and a table of numbers below")
    _require_even(rows, path)
    # a library of a single band makes no sense, so two numbers in the first line are no heads
    if len(rows[0]) == 2 and np.isfinite(_numbers(rows[:1])).all():
        rows = [["", path.stem], *rows]
    rows, groups = _without_groups(rows, path)
    heads, first = [head.strip() for head in rows[0][1:]], [row[0].strip() for row in rows[1:]]
    values = _numbers([row[1:] for row in rows[1:]])
    along, down = _numbers([heads])[0], _numbers([first])[0]
    if np.isfinite(along).all():
        return LibraryTable(first, to_nm(along, "", str(path)), values, groups=groups)
    if np.isfinite(down).all():
        return LibraryTable(heads, to_nm(down, "", str(path)), values.T, groups=groups)
    raise InputError(
        f"{path}: no wavelengths in the first line ('{heads[0]}' ...) or column ('{first[0]}' ...); expected numbers "
        "in nm or micrometres in one of them"
    )


def _without_groups(rows: list[list[str]], path: Path) -> tuple[list[list[str]], tuple[str, ...]]:
    """A table without its column or line of groups, and these.

    Raises:
        InputError: one is empty.
    """
    column = _place_of_groups(rows[0])
    line = _place_of_groups([row[0] for row in rows])
    if column is not None:
        groups = tuple(row[column].strip() for row in rows[1:])
        rows = [row[:column] + row[column + 1 :] for row in rows]
    elif line is not None:
        groups = tuple(cell.strip() for cell in rows[line][1:])
        rows = rows[:line] + rows[line + 1 :]
    else:
        return rows, ()
    if not all(groups):
        raise InputError(f"{path}: {groups.count('')} of {len(groups)} spectra have no group; give all one, or none")
    return rows, groups


def _place_of_groups(heads: Sequence[str]) -> int | None:
    """Where the head of groups stands among wavelengths; None where others are names, and it is one of them."""
    found = [place for place, head in enumerate(heads) if place and head.strip().lower() in _GROUPS]
    others = [head for place, head in enumerate(heads) if place and place not in found]
    return found[0] if len(found) == 1 and others and np.isfinite(_numbers([others])).all() else None


def read_plot(path: Path) -> LibraryTable:
    """The text file that ENVI saves from a plot: a line a column with its name, then wavelengths and spectra.

    Raises:
        InputError: another text file, or a ragged table.
    """
    lines = [line.strip() for line in _text(path).splitlines() if line.strip()]
    if not lines or not lines[0].startswith(_PLOT):
        raise InputError(f"{path}: its first line is not '{_PLOT} ...'; expected a plot of spectra saved by ENVI")
    heads = [found.group(1) for line in lines if (found := _COLUMN.match(line))]
    rows = [line.split() for line in lines[1 + len(heads) :]]
    if len(heads) < 2 or not rows:
        raise InputError(f"{path}: {len(heads)} columns and {len(rows)} lines of numbers; expected 2 and 1 at least")
    _require_even([heads, *rows], path)
    values = _numbers(rows)
    return LibraryTable(heads[1:], to_nm(values[:, 0], "", str(path)), values[:, 1:].T)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not a text file ({error}); expected a table of spectra") from error


def _require_even(rows: Sequence[Sequence[str]], path: Path) -> None:
    for number, row in enumerate(rows, 1):
        if len(row) != len(rows[0]):
            found = f"row {number} has {len(row)} cells, the first one {len(rows[0])}"
            raise InputError(f"{path}: {found}; every row of the table needs as many")


def _numbers(rows: Sequence[Sequence[str]]) -> Floats:
    """Cells as numbers; NaN for what is none or marked as deleted."""
    values = np.array([[_number(cell) for cell in row] for row in rows], dtype=np.float64)
    return np.where(np.isfinite(values) & (values > DELETED), values, np.nan)


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return np.nan
