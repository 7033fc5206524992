"""The sizes of the encoders, as data."""

from __future__ import annotations

from typing import NamedTuple

from hypersigma.errors import ConfigError
from hypersigma.registry import suggestion


class Size(NamedTuple):
    """Width and depth of an encoder; every `interval`-th block has full attention, `taps` are read."""

    dim: int
    depth: int
    heads: int
    interval: int
    taps: tuple[int, ...]


# base, large and huge as published; tiny and small share base's rhythm.
SIZES = {
    "tiny": Size(192, 12, 3, 3, (3, 5, 7, 11)),
    "small": Size(384, 12, 6, 3, (3, 5, 7, 11)),
    "base": Size(768, 12, 12, 3, (3, 5, 7, 11)),
    "large": Size(1024, 24, 16, 6, (7, 11, 15, 23)),
    "huge": Size(1280, 32, 16, 8, (10, 15, 20, 31)),
}


def named_size(name: str) -> Size:
    """The size of that name.

    Raises:
        ConfigError: there is no such size; the message suggests the nearest one.
    """
    if name not in SIZES:
        raise ConfigError(f"there is no size '{name}': {suggestion(name, list(SIZES))}")
    return SIZES[name]
