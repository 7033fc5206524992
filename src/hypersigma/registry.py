"""The folder is the registry: a file in a package is a registered name; entry points add more.

Files whose name starts with an underscore are not names. Nothing is imported until it is asked for.
"""

from __future__ import annotations

import importlib
import pkgutil
from importlib import metadata
from types import ModuleType

from hypersigma.errors import ConfigError


def suggestion(name: str, known: list[str]) -> str:
    """A sentence that names the nearest known name, or all of them."""
    import difflib

    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean '{near[0]}'?" if near else f"known: {', '.join(known)}"


def names(package: str) -> list[str]:
    """Registered names of a package such as "hypersigma.readers", sorted."""
    folder = importlib.import_module(package)
    own = {item.name for item in pkgutil.iter_modules(folder.__path__) if not item.name.startswith("_")}
    return sorted(own | {point.name for point in metadata.entry_points(group=package)})


def load(package: str, name: str) -> ModuleType:
    """The module registered under a name.

    Raises:
        ConfigError: no such name; the message suggests the nearest one.
    """
    name = name.replace("-", "_")
    known = names(package)
    if name not in known:
        kind = package.rsplit(".", 1)[-1]
        raise ConfigError(f"'{name}' is not one of the {kind}: {suggestion(name, known)}")
    for point in metadata.entry_points(group=package, name=name):
        module: ModuleType = point.load()
        return module
    return importlib.import_module(f"{package}.{name}")
