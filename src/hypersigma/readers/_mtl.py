"""Metadata texts of USGS products (..._MTL.txt): groups of lines KEY = VALUE."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hypersigma.errors import InputError

_LINE = re.compile(r'^\s*(\w+)\s*=\s*"?(.*?)"?\s*$')


@dataclass(frozen=True, kw_only=True)
class Mtl:
    """What such a text says: values by key by innermost group."""

    path: Path
    groups: Mapping[str, Mapping[str, str]]

    def text(self, key: str, *groups: str) -> str:
        """A value from the first of some groups (of all, where none is named) that holds it, or ""."""
        # a level-2 text repeats the keys of level 1 in other groups
        return next((self.groups[name][key] for name in groups or self.groups if key in self.groups.get(name, {})), "")

    def number(self, key: str, *groups: str) -> float:
        """A number from one of some groups.

        Raises:
            InputError: there is none.
        """
        value = self.text(key, *groups)
        try:
            return float(value)
        except ValueError:
            found = f"{key} is '{value}'" if value else f"there is no {key}"
            where = f" in {' or '.join(groups)}" if groups else ""
            raise InputError(
                f"{self.path}: {found}{where}; expected a number; is the file whole, and of the present format?"
            ) from None


def read_mtl(path: Path) -> Mtl:
    """The metadata text of a product.

    Raises:
        InputError: the file is no such text.
    """
    groups: dict[str, dict[str, str]] = {}
    inside: list[str] = []
    for match in filter(None, map(_LINE.match, path.read_text(encoding="utf-8", errors="replace").splitlines())):
        key, value = match.groups()
        if key == "GROUP":
            inside.append(value)
        elif key == "END_GROUP":
            inside = inside[:-1]
        elif inside:
            groups.setdefault(inside[-1], {})[key] = value
    if not groups:
        raise InputError(f"{path}: not a metadata text; expected lines GROUP = ..., KEY = VALUE")
    return Mtl(path=path, groups=groups)
