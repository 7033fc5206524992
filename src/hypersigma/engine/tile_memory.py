"""Whether a tile fits into memory, found before it is tried."""

from __future__ import annotations

import bisect
import weakref
from pathlib import Path
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter

from hypersigma.errors import ConfigError
from hypersigma.tasks._contract import Task

_MEMORY, _LIMIT = Path("/proc/meminfo"), Path("/sys/fs/cgroup/memory.max")
_SMALL = 256  # pixels; tiles up to this side are tried as they are
_SIDES = (128, 192)  # of squares that tell what larger ones take
_STEP = 16  # pixels between the sides that are offered


class _Living(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the bytes of tensors that live at once, by storage."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.now = self.peak = 0
        self._known: set[int] = set()

    def __torch_dispatch__(
        self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = function(*args, **(kwargs or {}))
        for tensor in tree_iter(result):
            if isinstance(tensor, torch.Tensor):
                self._count(tensor.untyped_storage())
        return result

    def _count(self, storage: torch.UntypedStorage) -> None:
        key = storage._cdata
        if key not in self._known:
            self._known.add(key)
            self.now += storage.nbytes()
            self.peak = max(self.peak, self.now)
            weakref.finalize(storage, self._forget, key, storage.nbytes())

    def _forget(self, key: int, num_bytes: int) -> None:
        self._known.discard(key)
        self.now -= num_bytes


def check_tile(member: Task, num_channels: int, side: int) -> None:
    """Make sure that a network can map a tile in the memory that is free on its device.

    What a network holds grows with the pixels n, and attention with their square at most: b n + c n^2 bytes, with b and
    c from two small squares.

    Raises:
        ConfigError: it cannot; with the largest tile that fits.
    """
    if side <= _SMALL:
        return
    device = next(member.parameters()).device
    free = free_bytes(device)
    (few, first), (many, second) = (_taken(member, num_channels, small) for small in _SIDES)
    squared = max(0.0, (second / many - first / few) / (many - few))
    linear = second / many - squared * many

    def needed(tile: int) -> float:
        pixels = (tile + 2 * member.margin) ** 2
        return linear * pixels + squared * pixels**2

    if needed(side) <= free:
        return
    sides = range(_STEP, side, _STEP)
    largest = sides[max(bisect.bisect_right(sides, free, key=needed) - 1, 0)]
    raise ConfigError(
        f"a tile of {side} x {side} pixels needs about {needed(side) / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free "
        f"on {device.type}; the largest that fits is {largest}: fit with --set tile={largest}"
    )


@torch.inference_mode()
def _taken(member: Task, num_channels: int, side: int) -> tuple[int, float]:
    """Pixels of a square with its margin, and bytes of the tensors that live at once while it is mapped."""
    length = side + 2 * member.margin
    image = torch.zeros(1, num_channels, length, length, device=next(member.parameters()).device)
    with _Living() as living:
        member.quantities(image)
    return length**2, float(living.peak + image.nbytes)


def free_bytes(device: torch.device) -> float:
    """Memory that is free on a device; infinite where the system does not tell."""
    if device.type == "cuda":
        return float(torch.cuda.mem_get_info(device)[0])
    try:
        told = dict(line.split(":", 1) for line in _MEMORY.read_text().splitlines())
        free = 1024.0 * int(told["MemAvailable"].split()[0])
        limit = _LIMIT.read_text().strip() if _LIMIT.is_file() else "max"
        return free if limit == "max" else min(free, float(limit))
    except (OSError, KeyError, ValueError):
        return float("inf")
