"""XML metadata of products: values by the names of their elements, whatever the namespace."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from hypersigma.errors import InputError
from hypersigma.readers._unreadable import unreadable


class Metadata:
    """The elements of an XML file, asked for by name, or by names from the outside in: "base/level"."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._root = ElementTree.parse(path).getroot()
        except (ElementTree.ParseError, UnicodeDecodeError) as error:
            raise unreadable(path, "as XML", error) from error

    def elements(self, name: str) -> list[tuple[str, dict[str, str]]]:
        """Text and attributes of every element of a name."""
        return [(_text(item), dict(item.attrib)) for item in self._root.iterfind(_anywhere(name))]

    def text(self, *names: str) -> str:
        """The text of the first element that has one of some names, or ""."""
        return next((text for name in names for text, _ in self.elements(name)), "")

    def number(self, *names: str) -> float:
        """A number from the first element that has one of some names.

        Raises:
            InputError: there is none.
        """
        value = self.text(*names)
        try:
            return float(value)
        except ValueError:
            raise InputError(f"{self.path}: {' or '.join(names)} is '{value}'; expected a number") from None

    def table(self, name: str, columns: Sequence[str]) -> list[list[float]]:
        """Numbers by column: from every element of a name, those in its elements of the columns' names.

        Raises:
            InputError: there is no such element, or one lacks a number.
        """
        rows = self._root.findall(_anywhere(name))
        if not rows:
            raise InputError(f"{self.path}: there are no elements {name}; is it the metadata of another product?")
        try:
            return [[float(_text(row.find(f"{{*}}{column}"))) for row in rows] for column in columns]
        except ValueError:
            raise InputError(
                f"{self.path}: one of {len(rows)} elements {name} lacks a number; each needs {', '.join(columns)}; "
                "is the file complete?"
            ) from None


def _anywhere(name: str) -> str:
    """The path of elements of a name, at any depth and in any namespace or none."""
    return ".//" + "/".join(f"{{*}}{part}" for part in name.split("/"))


def _text(item: ElementTree.Element | None) -> str:
    return "" if item is None else (item.text or "").strip()
