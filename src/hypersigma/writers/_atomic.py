"""Files and folders that appear whole or not at all: written beside their place, renamed at the end."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hypersigma.errors import OutputError

REPORT_FILE, CARD_FILE = "report.json", "card.json"  # by one of these files a folder is known as an output of ours


@contextmanager
def replaced_file(path: Path) -> Iterator[Path]:
    """A temporary file beside `path`, of the same suffix, that takes its place when the block succeeds.

    Raises:
        OutputError: the folder cannot be made, or the file cannot be written.
    """
    # Beside its place and not among temporary files: a rename is atomic on one file system only.
    # Each process has one of its own: several may make the same file.
    partial = path.with_name(f".{path.stem}.{os.getpid()}.partial{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        os.replace(partial, path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error}); choose another place or make room") from error
    finally:
        with suppress(OSError):
            partial.unlink()


def check_output(folder: Path, *, overwrite: bool) -> None:
    """Make sure that results can be put into a folder, before the work that makes them.

    Raises:
        OutputError: it is a file; it holds something and `overwrite` is not set; or it holds something that is no
            output of ours, which is never deleted.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise OutputError(f"{folder}: found a file, expected a folder to write to; choose another -o")
    if not any(folder.iterdir()):
        return
    if not overwrite:
        raise OutputError(f"{folder}: the folder exists and is not empty; use --overwrite to replace it, or another -o")
    if not any((folder / name).is_file() for name in (REPORT_FILE, CARD_FILE)):
        raise OutputError(
            f"{folder}: --overwrite replaces earlier results only, and this folder holds no {REPORT_FILE}; "
            "choose another -o, or empty the folder yourself"
        )


@contextmanager
def replaced_folder(folder: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """An empty folder beside `folder` that takes its place when the block succeeds, and vanishes when it fails.

    What a killed run left there is cleared away first.

    Raises:
        OutputError: see `check_output`; or the disk refuses.
    """
    # "." and ".." have no name of their own to put a partial folder beside.
    folder = folder.resolve()
    check_output(folder, overwrite=overwrite)
    partial = folder.with_name(f".{folder.name}.partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        yield partial
        _swap(partial, folder)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written ({error}); choose another place or make room") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _swap(partial: Path, folder: Path) -> None:
    """Put a finished folder in its place; the earlier one is deleted only once the new one stands."""
    # Two renames, as no system call swaps full folders; killed in between, the earlier result is still beside.
    earlier = folder.with_name(f".{folder.name}.earlier")
    shutil.rmtree(earlier, ignore_errors=True)
    if folder.exists():
        os.replace(folder, earlier)
    os.replace(partial, folder)
    shutil.rmtree(earlier, ignore_errors=True)
