"""What fitted baselines are read back from: the numbers beside their description, and the method that it names."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, TypeVar

from numpy.typing import NDArray

from hypersigma.errors import InputError

Method = TypeVar("Method")


def load_arrays(path: Path, *names: str) -> dict[str, NDArray[Any]]:
    """The arrays of a safetensors file by name, those that are asked for among them.

    Raises:
        InputError: the file is missing or damaged, or lacks one of them.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        arrays: dict[str, NDArray[Any]] = load_file(path)
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path} is missing or damaged ({error}); fit and save again") from error
    lacking = [name for name in names if name not in arrays]
    if lacking:
        raise InputError(f"{path} is missing or damaged (no {', '.join(lacking)}); fit and save again")
    return arrays


def method_of(module: str, kind: type[Method], where: Path) -> Method:
    """The detector of a kind that a module of this package holds as its `METHOD`.

    Raises:
        InputError: it is no module of this package, or holds none.
    """
    # nothing outside the package is ever imported for the sake of a file
    try:
        method = importlib.import_module(module).METHOD if module.startswith("hypersigma.") else None
    except (ImportError, AttributeError):
        method = None
    if not isinstance(method, kind):
        raise InputError(f"{where}: '{module}' is no detector of this version; fit and save again")
    return method
