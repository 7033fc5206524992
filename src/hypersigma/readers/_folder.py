"""Products that are folders: finding the files that belong together, or saying which are missing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from hypersigma.errors import InputError


def matching(path: Path, pattern: re.Pattern[str]) -> list[Path]:
    """The files in a folder whose names fit a pattern, sorted; of a path that is a file, the file itself."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return [file for file in files if pattern.search(file.name)]


def the_one(path: Path, pattern: re.Pattern[str], what: str) -> Path:
    """The one file in a folder, or the path itself, whose name fits a pattern; `what` says in words what it is.

    Raises:
        InputError: there is none, or several.
    """
    found = matching(path, pattern)
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(file.name for file in found)
        raise InputError(f"{path}: {len(found)} scenes lie here; name one of them by its {what}, out of {listed}")
    raise InputError(f"{path}: there is no {what}; unpack the product anew")


def require_files(folder: Path, names: Sequence[str], what: str) -> list[Path]:
    """Files of a folder by their names, whose letters may be large or small.

    Raises:
        InputError: some are missing; the message says which.
    """
    present = {file.name.lower(): file for file in folder.iterdir()}
    missing = [name for name in names if name.lower() not in present]
    if missing:
        listed = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
        raise InputError(
            f"{folder}: {len(missing)} of {len(names)} {what} are missing: {listed}; unpack the product anew"
        )
    return [present[name.lower()] for name in names]
