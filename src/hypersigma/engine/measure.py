"""What a piece of work costs: wall time, and memory above what the process held before it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_STATM = Path("/proc/self/statm")
_INTERVAL = 0.01  # seconds between looks; an allocation that lives shorter than that may be missed


@dataclass
class Cost:
    """What a piece of work cost, known once it is over.

    Attributes:
        seconds: wall time.
        peak_memory_mb: largest resident memory of the process less what it held at the start, in 10^6 bytes.
    """

    seconds: float = 0.0
    peak_memory_mb: float = 0.0


@contextmanager
def measured() -> Iterator[Cost]:
    """Measure the work done inside; the cost is filled in when it ends, however it ends."""
    cost = Cost()
    over = threading.Event()
    before = peak = resident_bytes()

    def watch() -> None:
        nonlocal peak
        while not over.wait(_INTERVAL):
            peak = max(peak, resident_bytes())

    watcher = threading.Thread(target=watch, name="memory watch", daemon=True)
    watcher.start()
    begun = time.perf_counter()
    try:
        yield cost
    finally:
        cost.seconds = time.perf_counter() - begun
        over.set()
        watcher.join()
        cost.peak_memory_mb = (max(peak, resident_bytes()) - before) / 1e6


def resident_bytes() -> int:
    """Memory of this process that is in RAM; where the system does not tell, the most it ever was."""
    import resource

    try:
        return int(_STATM.read_text().split()[1]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
