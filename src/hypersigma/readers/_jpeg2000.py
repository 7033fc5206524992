"""Whether a JPEG 2000 file is whole: decoders fill what is cut off with made-up pixels."""

from __future__ import annotations

from pathlib import Path

_SIGNATURE = b"\x00\x00\x00\x0cjP  "
_PIXELS = b"jp2c"
_END_OF_CODESTREAM = b"\xff\xd9"


def missing_bytes(path: Path) -> int:
    """How many bytes a JPEG 2000 file lacks at least, by the lengths of its boxes; 0 for a bare codestream."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if file.read(len(_SIGNATURE)) != _SIGNATURE:
            return 0
        place = 0
        while place < size:
            file.seek(place)
            head = file.read(16)
            length = int.from_bytes(head[:4])
            # 1: the length is a long number behind the box's name; 0: the box runs to the end of the file
            if length == 1:
                length = int.from_bytes(head[8:])
            if length == 0:
                file.seek(-len(_END_OF_CODESTREAM), 2)
                return int(head[4:8] == _PIXELS and file.read() != _END_OF_CODESTREAM)
            place += max(length, 8)
    return place - size
