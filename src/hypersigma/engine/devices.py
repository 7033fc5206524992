"""Which device a name means on this machine, and random numbers that are drawn there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from hypersigma.errors import ConfigError


def resolved(name: str) -> torch.device:
    """The device of "auto" (CUDA if there is one), "cpu", "cuda" or "cuda:N".

    Raises:
        ConfigError: there is no such device here.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ConfigError(f"device '{name}': expected auto, cpu, cuda or cuda:N") from error
    if device.type not in ("cpu", "cuda"):
        raise ConfigError(f"device '{name}': expected auto, cpu, cuda or cuda:N")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise ConfigError(f"device '{name}': this machine has {torch.cuda.device_count()} CUDA devices; use cpu")
    return device


@contextmanager
def drawing_apart(device: torch.device) -> Iterator[None]:
    """Whatever is seeded and drawn inside leaves the caller's random numbers as they were."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        yield
