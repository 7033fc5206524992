"""Where the files of a benchmark scene lie: a folder that a person names."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from hypersigma.errors import InputError

VARIABLE = "HYPERSIGMA_DATA"


def folder_of(what: str, name: str, needed: Sequence[str], root: Path | None) -> Path:
    """The folder with the files of a scene.

    Args:
        what: the files in words, to begin a sentence with.
        name: what the folder is called by custom.
        needed: files in it, or folders, which end in "/".
        root: the folder, or one that holds it under its name; the environment variable HYPERSIGMA_DATA by default.

    Raises:
        InputError: no folder is named, or it lacks what is needed.
    """
    given = root or os.environ.get(VARIABLE)
    if given is None:
        listed = " and ".join(f"{name}/{item.rstrip('/')}" for item in needed)
        raise InputError(
            f"{what} are not shipped: name the folder that holds {listed} in the environment variable {VARIABLE}"
        )
    for folder in (Path(given), Path(given) / name):
        if all((folder / item).is_dir() if item.endswith("/") else (folder / item).is_file() for item in needed):
            return folder
    raise InputError(f"{given}: expected a folder with {' and '.join(needed)}, or one that holds {name}/ with them")
