"""The folder is the registry: a file in a package is a registered name; entry points add more.

Files whose name starts with an underscore are not names. Nothing is imported until it is asked for.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Sequence
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from types import ModuleType

from hypersigma.errors import ConfigError


def suggestion(name: str, known: Sequence[str]) -> str:
    """A sentence that names the nearest known name, or all of them."""
    # difflib is seldom needed: only where something went wrong
    import difflib

    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean '{near[0]}'?" if near else f"known: {', '.join(known) or 'none'}"


def names(package: str) -> list[str]:
    """Registered names of a package such as "hypersigma.readers", sorted."""
    # the folder is looked at, not imported: listing the tasks must not cost the import of torch
    spec = find_spec(package)
    folders = spec.submodule_search_locations if spec else None
    own = {item.name for item in pkgutil.iter_modules(folders or []) if not item.name.startswith("_")}
    return sorted(own | {point.name for point in _entry_points(package, tuple(sys.path))})


def load(package: str, name: str) -> ModuleType:
    """The module registered under a name; words may be joined by "-" as well as by "_".

    Raises:
        ConfigError: no such name; the message suggests the nearest one.
    """
    name = name.replace("-", "_")
    known = names(package)
    if name not in known:
        kind = package.rsplit(".", 1)[-1]
        raise ConfigError(f"'{name}' is not one of the {kind}: {suggestion(name, known)}")
    for point in _entry_points(package, tuple(sys.path)):
        if point.name == name:
            module: ModuleType = point.load()
            return module
    return importlib.import_module(f"{package}.{name}")


@cache
def _entry_points(group: str, places: tuple[str, ...]) -> tuple[metadata.EntryPoint, ...]:
    """Entry points of a group; looked up once as long as modules are searched for in the same places."""
    # a look-up reads the metadata of every package that is installed
    return tuple(metadata.entry_points(group=group))
