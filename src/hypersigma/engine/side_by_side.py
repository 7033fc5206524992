"""Networks that run next to each other on a processor, each on its share of PyTorch's threads.

The products of a small network are too short to be cut among threads: these then wait for each other most of the time,
and far longer where a machine has other work. Whole networks are worth a thread. What comes out is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

Result = TypeVar("Result")


def side_by_side(calls: Sequence[Callable[[], Result]]) -> list[Result]:
    """What calls return, in their order; at most as many run at once as PyTorch may use threads."""
    num_threads = torch.get_num_threads()
    width = min(len(calls), num_threads)
    if width < 2:
        return [call() for call in calls]
    # new threads begin with what is set here
    torch.set_num_threads(num_threads // width)
    try:
        with ThreadPoolExecutor(width) as pool:
            return [future.result() for future in [pool.submit(call) for call in calls]]
    finally:
        torch.set_num_threads(num_threads)
