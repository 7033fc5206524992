"""ENVI files written by code."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

TYPE_CODES = {"u1": 1, "i2": 2, "i4": 3, "f4": 4, "f8": 5, "u2": 12, "u4": 13, "i8": 14, "u8": 15}
AXES = {"bsq": (0, 1, 2), "bil": (1, 0, 2), "bip": (1, 2, 0)}


def braces(values: Sequence[float | str]) -> str:
    return "{" + ", ".join(str(value) for value in values) + "}"


def write_envi(
    folder: Path,
    array: NDArray,
    *,
    interleave: str = "bsq",
    big_endian: bool = False,
    offset: int = 0,
    data_name: str = "scene.img",
    header_name: str = "scene.hdr",
    compress: bool = False,
    without: Sequence[str] = (),
    **fields: str,
) -> Path:
    """Write an array (bands, rows, cols) as an ENVI pair; returns the header.

    Args:
        without: keys to leave out of the header.
        fields: further lines of the header, underscores for blanks: `map_info="{UTM, ...}"`.
    """
    bands, rows, cols = array.shape
    stored = array.transpose(AXES[interleave]).astype(array.dtype.newbyteorder("<>"[big_endian]))
    raw = b"\xab" * offset + stored.tobytes()
    (folder / data_name).write_bytes(gzip.compress(raw) if compress else raw)
    lines = {
        "samples": cols,
        "lines": rows,
        "bands": bands,
        "header offset": offset,
        "file type": "ENVI Standard",
        "data type": TYPE_CODES[array.dtype.str[1:]],
        "interleave": interleave,
        "byte order": int(big_endian),
    }
    if compress:
        lines["file compression"] = 1
    lines |= {key.replace("_", " "): value for key, value in fields.items()}
    text = "\n".join(f"{key} = {value}" for key, value in lines.items() if key not in without)
    header = folder / header_name
    header.write_text(f"ENVI\n{text}\n", encoding="utf-8")
    return header


def ramp(bands: int = 4, rows: int = 5, cols: int = 6, dtype: str = "i2") -> NDArray:
    """An array whose every number is different."""
    return np.arange(bands * rows * cols).reshape(bands, rows, cols).astype(dtype)
