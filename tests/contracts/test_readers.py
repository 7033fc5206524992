"""Every reader leaves alone what is not its own, and says what is wrong with what is."""

from __future__ import annotations

from pathlib import Path

import pytest

from hypersigma.errors import InputError
from hypersigma.readers import open_cube
from hypersigma.registry import load, names

READERS = names("hypersigma.readers")
SUFFIXES = (".hdr", ".img", ".tif", ".mat", ".h5", ".nc", ".txt")


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("content", [b"", b"\x00" * 64, b"hello, this is a letter\n"])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_foreign_files_are_not_a_product(reader: str, content: bytes, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"file{suffix}"
    path.write_bytes(content)
    assert load("hypersigma.readers", reader).sniff(path) in (0, 1)


@pytest.mark.parametrize("content", [b"", b"\x00" * 64, b"hello, this is a letter\n"])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_rubbish_is_an_error_that_names_the_file(content: bytes, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"file{suffix}"
    path.write_bytes(content)
    with pytest.raises(InputError, match="file"):
        open_cube(path)
