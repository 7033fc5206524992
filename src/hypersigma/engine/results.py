"""A file of results: JSON lines that are only ever appended to, a row a trial."""

from __future__ import annotations

import json
from pathlib import Path

from hypersigma.engine.trial import Row
from hypersigma.errors import InputError


def key_of(row: Row) -> str:
    """What tells the row of a trial from any other."""
    names = ("task", "scene", "protocol", "method", "seed", "split", "weights", "settings")
    return json.dumps([row[name] for name in names], sort_keys=True)


def read_rows(file: Path) -> list[Row]:
    """The rows of a file of results, none if it does not exist yet; a last line cut short by a kill is left out.

    Raises:
        InputError: a line is not a row of results.
    """
    if not file.exists():
        return []
    rows = []
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    for number, line in enumerate(lines, start=1):
        # whoever was killed while writing leaves half a row; that trial runs again
        if number == len(lines) and not line.endswith("\n"):
            break
        try:
            row = json.loads(line)
            key_of(row)
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{file}, line {number}: expected a row of benchmark results, found {line.strip()[:60]!r}; "
                "give another --json-file"
            ) from error
        rows.append(row)
    return rows


def append_row(file: Path, row: Row) -> None:
    """Add a row; what a killed run left of an unfinished line is cut off first."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab+") as stream:
        stream.seek(0)
        content = stream.read()
        stream.truncate(content.rfind(b"\n") + 1)
        stream.write((json.dumps(row) + "\n").encode())
