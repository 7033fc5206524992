"""XML metadata of products: values by the names of their elements, whatever the namespace."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from hypersigma.errors import InputError
from hypersigma.readers._unreadable import unreadable


class Metadata:
    """The elements of an XML file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._root = ElementTree.parse(path).getroot()
        except (ElementTree.ParseError, UnicodeDecodeError) as error:
            raise unreadable(path, "as XML", error) from error

    def elements(self, name: str) -> list[tuple[str, dict[str, str]]]:
        """Text and attributes of every element of a name."""
        found = (item for item in self._root.iter() if item.tag.rsplit("}", 1)[-1] == name)
        return [((item.text or "").strip(), dict(item.attrib)) for item in found]

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
