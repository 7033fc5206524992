"""The error for a file that a library fails to read."""

from __future__ import annotations

from pathlib import Path

from hypersigma.errors import InputError


def unreadable(path: Path, what: str, error: Exception) -> InputError:
    """An error that says what could not be read ("as HDF5", "pixels") and hands on what the library said."""
    return InputError(f"{path}: cannot be read {what}: {error}; is the file complete?")
