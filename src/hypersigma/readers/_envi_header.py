"""The ENVI header: text to typed values, and the pair of header and data found from either."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hypersigma.errors import InputError

TYPES = {1: "u1", 2: "i2", 3: "i4", 4: "f4", 5: "f8", 12: "u2", 13: "u4", 14: "i8", 15: "u8"}
_COMPLEX = {6: "complex, 2 x 32 bits", 9: "complex, 2 x 64 bits"}
INTERLEAVES = ("bsq", "bil", "bip")
DATA_SUFFIXES = (".img", ".dat", ".bsq", ".bil", ".bip", ".raw", ".bin", ".sli", ".tif", ".tiff")
_NOT_DATA = {".hdr", ".xml", ".txt", ".csv", ".json", ".geojson", ".properties", ".png", ".jpg", ".jpeg", ".enp"}
_NOT_DATA |= {".sta", ".ovr", ".prj", ".md", ".pdf", ".html", ".zip", ".gz", ".mat", ".yaml", ".kml", ".npy", ".npz"}


@dataclass(frozen=True)
class Header:
    """An ENVI header: lower-case key -> text (the inside of braces for lists), with typed access.

    Attributes:
        path: of the header file.
        values: what stands in it, unknown keys included.
    """

    path: Path
    values: dict[str, str]

    def text(self, key: str, default: str = "") -> str:
        """A value as it is written, or the default where it is absent."""
        return self.values.get(key, default)

    def integer(self, key: str, default: int | None = None) -> int:
        """A whole number.

        Raises:
            InputError: absent without a default, or not a whole number.
        """
        written = self.values.get(key, "")
        if not written:
            if default is None:
                raise InputError(f"{self.path}: the header has no '{key}'; an ENVI header needs it")
            return default
        number = self._float(key, written)
        if number != int(number):
            raise InputError(f"{self.path}: '{key} = {written}' is not a whole number")
        return int(number)

    def number(self, key: str) -> float | None:
        """A number, or None where it is absent."""
        written = self.values.get(key, "")
        return self._float(key, written) if written else None

    def numbers(self, key: str) -> list[float] | None:
        """A list of numbers, or None where it is absent or empty."""
        words = re.split(r"[,\s]+", self.values.get(key, "").strip(" ,\n"))
        return [self._float(key, word) for word in words] if words != [""] else None

    def words(self, key: str) -> list[str]:
        """A list of texts separated by commas; empty where it is absent."""
        written = self.values.get(key, "").strip()
        return [word.strip() for word in written.split(",")] if written else []

    def _float(self, key: str, word: str) -> float:
        try:
            return float(word)
        except ValueError:
            raise InputError(f"{self.path}: '{word}' in '{key}' is not a number") from None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Bands, rows, columns.

        Raises:
            InputError: one is absent or not positive.
        """
        keys = ("bands", "lines", "samples")
        bands, rows, cols = (self.integer(key) for key in keys)
        if min(bands, rows, cols) < 1:
            raise InputError(f"{self.path}: {bands} bands, {rows} lines, {cols} samples; each must be at least 1")
        return bands, rows, cols

    @property
    def dtype(self) -> np.dtype:
        """Type of the stored numbers, byte order included; little-endian where the header names none.

        Raises:
            InputError: a type that is no real number or does not exist.
        """
        code = self.integer("data type")
        if code in _COMPLEX:
            raise InputError(f"{self.path}: data type {code} is {_COMPLEX[code]}; a scene holds real numbers")
        if code not in TYPES:
            known = ", ".join(f"{key} ({np.dtype(name).name})" for key, name in TYPES.items())
            raise InputError(f"{self.path}: data type {code} is not one of ENVI's; expected {known}")
        # programs that leave the byte order out write on little-endian machines
        order = self.integer("byte order", 0)
        if order not in (0, 1):
            raise InputError(f"{self.path}: byte order {order}; expected 0 (little-endian) or 1 (big-endian)")
        return np.dtype("<>"[order] + TYPES[code])

    @property
    def interleave(self) -> str:
        """How the axes lie in the file: "bsq", "bil" or "bip".

        Raises:
            InputError: another word, or none although there are several bands.
        """
        # with one band the three are the same
        word = self.text("interleave", "bsq" if self.shape[0] == 1 else "nothing").lower()
        if word not in INTERLEAVES:
            raise InputError(f"{self.path}: interleave is '{word}'; expected bsq, bil or bip")
        return word

    @property
    def in_tiff(self) -> bool:
        """Whether the header describes a TIFF, which holds the pixels."""
        return "tiff" in self.text("file type").lower()

    @property
    def compressed(self) -> bool:
        """Whether the data file is gzip-compressed."""
        return self.integer("file compression", 0) == 1

    @property
    def num_bytes(self) -> int:
        """Bytes that the data file must hold, header offset included."""
        return self.integer("header offset", 0) + int(np.prod(self.shape)) * self.dtype.itemsize


def is_header(path: Path) -> bool:
    """Whether a file is an ENVI header: named so, and starting with the word ENVI."""
    if path.suffix.lower() != ".hdr" or not path.is_file():
        return False
    # .hdr is also the header of other formats, so its first word decides
    with path.open("rb") as file:
        return file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"ENVI")


def parse_header(path: Path) -> Header:
    """An ENVI header file as a Header.

    Lines that start with a semicolon are comments, wherever they stand; a value in braces may span lines.

    Raises:
        InputError: it does not start with the word ENVI, or a brace is never closed.
    """
    raw = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        # old headers are in a Western code page; every byte is a character of this one
        text = raw.decode("latin-1")
    if not text.lstrip().startswith("ENVI"):
        raise InputError(f"{path}: not an ENVI header: its first line is not 'ENVI'")
    lines = iter([line for line in text.splitlines() if not line.lstrip().startswith(";")])
    values: dict[str, str] = {}
    for line in lines:
        key, equals, value = line.partition("=")
        if not equals:
            continue
        # writers differ in case and blanks of keys
        key, value = " ".join(key.lower().split()), value.strip()
        if value.startswith("{"):
            while "}" not in value:
                following = next(lines, None)
                if following is None:
                    raise InputError(f"{path}: the brace after '{key} =' is never closed; the header is cut short")
                value += "\n" + following
            value = value[1 : value.rindex("}")].strip()
        values[key] = value
    return Header(path, values)


def header_of(path: Path) -> Path | None:
    """The ENVI header of a header or data file: x.hdr, x.img.hdr or x.hdr for x.img; None where there is none."""
    if is_header(path):
        return path
    if path.suffix.lower() in _NOT_DATA:
        return None
    siblings = {item.name.lower(): item for item in path.parent.iterdir()}
    # x.img.hdr before x.hdr: the longer name is the surer match
    for name in (f"{path.name}.hdr", f"{path.stem}.hdr"):
        found = siblings.get(name.lower())
        if found is not None and is_header(found):
            return found
    return None


def data_of(header: Header) -> Path:
    """The data file that a header describes: beside it, its name without .hdr, or with any data suffix.

    Raises:
        InputError: there is none.
    """
    stem = header.path.stem.lower()
    candidates = []
    for item in sorted(header.path.parent.iterdir()):
        same = item.name.lower() == stem or item.stem.lower() == stem
        if same and item.suffix.lower() not in _NOT_DATA and item.is_file():
            candidates.append(item)
    if header.in_tiff:
        candidates = [item for item in candidates if item.suffix.lower() in (".tif", ".tiff")]
    if not candidates:
        kind = "a TIFF" if header.in_tiff else f"{header.num_bytes} bytes"
        raise InputError(
            f"{header.path}: a header without its data; expected {kind} in {header.path.stem} or "
            f"{header.path.stem}.img (.dat, .bsq, .bil, .bip, .raw ...) beside it"
        )

    def rank(item: Path) -> tuple[bool, bool, int]:
        suffix = item.suffix.lower()
        fits = header.in_tiff or header.compressed or item.stat().st_size == header.num_bytes
        position = DATA_SUFFIXES.index(suffix) if suffix in DATA_SUFFIXES else len(DATA_SUFFIXES)
        # size is the best witness when several files share a stem, then the exact name, then habit
        return not fits, item.name.lower() != stem, position

    return min(candidates, key=rank)
