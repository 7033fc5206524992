"""Which spectra of a library are one material: told by their names, or by a table with a line a spectrum.

Materials vary, so that libraries hold several spectra of each. ENVI's form has no place for what they are of: it stands
in their names, or in a CSV file beside.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hypersigma.errors import InputError
from hypersigma.products import SpectralLibrary
from hypersigma.registry import suggestion

_NUMBERED = re.compile(r"^(.*\S)\s*(?:#\s*\d+|\(\d+\))$")
_MANY = 5  # names that a message does not list


def with_groups(library: SpectralLibrary, table: str | Path | None = None) -> SpectralLibrary:
    """A library whose groups are its materials.

    Args:
        library: any; groups that it has are kept where no table is given.
        table: a CSV file with heads, whose first column names the spectra, followed by `#` and the column of the
            materials, which may be left out where there are but two. Without it `soil#1` and `soil#2`, or `soil (1)`
            and `soil (2)`, are spectra of soil.

    Raises:
        InputError: there is no such table or column, a spectrum has no line or no material there, or a material of the
            table has no spectrum.
    """
    if table is not None:
        return replace(library, groups=_of_table(library, str(table)))
    found = [_NUMBERED.match(name.strip()) for name in library.names]
    if library.groups or not any(found):
        return library
    pairs = zip(found, library.names, strict=True)
    return replace(library, groups=tuple(match.group(1) if match else name for match, name in pairs))


def _of_table(library: SpectralLibrary, given: str) -> tuple[str, ...]:
    """The material of each spectrum by a table."""
    file, _, wanted = given.partition("#")
    path = Path(file)
    heads, rows = _rows(path)
    column = _column(path, heads, wanted.strip())
    kinds: dict[str, str] = {}
    for row in rows:
        name, kind = row[0].strip(), row[column].strip() if column < len(row) else ""
        if kinds.setdefault(name, kind) != kind:
            raise InputError(f"{path}: '{name}' is '{kinds[name]}' in one line and '{kind}' in another; give it one")
    unknown = [name for name in library.names if not kinds.get(name.strip())]
    if unknown:
        raise InputError(
            f"{path}: no '{heads[column]}' for {_listed(unknown)} of {library.name}; give each spectrum a line that "
            f"begins with its name, with its material under '{heads[column]}'"
        )
    groups = tuple(kinds[name.strip()] for name in library.names)
    empty = [kind for kind in dict.fromkeys(kinds.values()) if kind and kind not in groups]
    if empty:
        raise InputError(
            f"{path}: {_listed(empty)} has no spectrum in {library.name}, none of whose {len(library)} names stands in "
            "a line of it; correct the names or leave those lines out"
        )
    return groups


def _rows(path: Path) -> tuple[list[str], list[list[str]]]:
    """Heads and lines of a table."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            rows = [row for row in csv.reader(stream) if any(cell.strip() for cell in row)]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as a CSV file ({error}); expected a line a spectrum") from error
    if len(rows) < 2 or len(rows[0]) < 2:
        raise InputError(
            f"{path}: no table; expected a first line of heads, and a line a spectrum: its name, its group"
        )
    return [head.strip() for head in rows[0]], rows[1:]


def _column(path: Path, heads: Sequence[str], wanted: str) -> int:
    """Place of the column of materials."""
    if wanted in heads[1:]:
        return heads.index(wanted, 1)
    if not wanted and len(heads) == 2:
        return 1
    if not wanted:
        raise InputError(f"{path} has the columns {', '.join(heads[1:])}; say which holds the materials: {path}#COLUMN")
    raise InputError(f"{path}: there is no column '{wanted}'; {suggestion(wanted, heads[1:])}")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names[:_MANY]) + (", ..." if len(names) > _MANY else "")
