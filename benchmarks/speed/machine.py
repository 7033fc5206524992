"""What a machine can do at best: rates of matrix products and of memory; and what a piece of work took of it."""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from hypersigma.nn.packed import PackedLinear, pays

# A product of the size that a base encoder has at 1,024 tokens.
_TOKENS, _DIM, _HIDDEN = 1024, 768, 3072
_ROUNDS = 8
# Numbers whose packed products are quickest here. Half precision is not measured where the processor has none of it.
PACKED = [dtype for dtype in (torch.float32, torch.bfloat16) if pays(torch.empty(0, dtype=dtype))]
HALF = torch.bfloat16 in PACKED
DTYPES = [torch.float32, *([torch.bfloat16] if HALF else [])]
_STATUS = Path("/proc/self/status")


def cpu_seconds(work: Callable[[], Any]) -> tuple[float, float, Any]:
    """Processor time of all threads, wall time, and what came of a piece of work."""
    wall, begun = time.perf_counter(), time.process_time()
    result = work()
    return time.process_time() - begun, time.perf_counter() - wall, result


def gemm_rate(dtype: torch.dtype) -> float:
    """GFLOP a processor second of a product, with packed weights where they are quicker, the best of some."""
    layer: nn.Module = nn.Linear(_DIM, _HIDDEN).to(dtype)
    layer = PackedLinear(layer) if dtype in PACKED else layer
    tokens = torch.randn(_TOKENS, _DIM, dtype=dtype)
    with torch.inference_mode():
        best = min(cpu_seconds(lambda: layer(tokens))[0] for _ in range(_ROUNDS))
    return 2 * _TOKENS * _DIM * _HIDDEN / best / 1e9


def bandwidth() -> float:
    """GB a second that are read and written where two arrays larger than any cache are added."""
    first, second = torch.zeros(1 << 25), torch.ones(1 << 25)
    out = torch.empty_like(first)
    best = min(cpu_seconds(lambda: torch.add(first, second, out=out))[1] for _ in range(_ROUNDS))
    return 3 * first.numel() * 4 / best / 1e9


def description(threads: int) -> dict[str, Any]:
    """The machine and what it runs."""
    return {
        "processor": _processor(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "threads": threads,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "load": round(os.getloadavg()[0], 1),
    }


def _processor() -> str:
    """The name of the processor, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def peak_mb(work: Callable[[], Any]) -> float:
    """Memory in 10^6 bytes that a piece of work held at most above what was held before."""
    # What was freed while the network was built must go back first, or work would seem to take nothing.
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    before = _resident("VmRSS")
    work()
    return max(_resident("VmHWM") - before, 0.0)


def _resident(key: str) -> float:
    """A figure of the process's status in 10^6 bytes; where there is none, the most it ever held."""
    try:
        line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(key))
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    return float(line.split()[1]) * 1024 / 1e6
