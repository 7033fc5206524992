"""What a CUDA card does, on a processor: copies that are late, records of kernels, and no numbers for the host."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter

from hypersigma.engine.transfer import Event

NOTHING = float("nan")


class Stream:
    """Work in its order, which is put off until somebody waits for it: the latest that a card might do it."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Point, Callable[[], Any]]] = []

    def add(self, work: Callable[[], Any]) -> Point:
        """Put work behind the rest."""
        point = Point(self)
        self._waiting.append((point, work))
        return point

    def reach(self, point: Point) -> None:
        """Do all up to a point."""
        while any(point is other for other, _ in self._waiting):
            _, work = self._waiting.pop(0)
            work()

    def finish(self) -> None:
        """Do all of it."""
        self.add(lambda: None).synchronize()


class Point:
    """An event."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def synchronize(self) -> None:
        self._stream.reach(self)


class LateCard:
    """A card that copies and computes no sooner than it has to."""

    def __init__(self) -> None:
        self.computing, self._side = Stream(), Stream()
        self.pinned_memory: list[Tensor] = []

    def pinned(self, shape: torch.Size) -> Tensor:
        self.pinned_memory.append(torch.full(shape, NOTHING))
        return self.pinned_memory[-1]

    def upload(self, memory: Tensor) -> tuple[Tensor, Event]:
        tensor = torch.full_like(memory, NOTHING)
        sent = self._side.add(lambda: tensor.copy_(memory))
        self.computing.add(sent.synchronize)
        return tensor, sent

    def download(self, tensor: Tensor, memory: Tensor) -> Event:
        return self.computing.add(lambda: memory.copy_(tensor))

    def compute(self, function: Callable[[Tensor], Tensor], tensor: Tensor) -> Tensor:
        """Numbers of the same shape that a function makes of a tensor, later."""
        made = torch.full_like(tensor, NOTHING)
        self.computing.add(lambda: made.copy_(function(tensor)))
        return made


class Graph:
    """A record of operations, each of which reads and writes where it did when it was recorded."""

    def __init__(self) -> None:
        self.recorded: list[tuple[Any, Any, Any, Any]] = []
        self.num_replays = 0

    def replay(self) -> None:
        self.num_replays += 1
        with torch.inference_mode():
            for function, args, kwargs, made in self.recorded:
                read = {part.untyped_storage().data_ptr() for part in tensors((args, kwargs))}
                again = function(*args, **kwargs)
                for old, new in zip(tensors(made), tensors(again), strict=True):
                    # what is no view, and was not written in place
                    if old.untyped_storage().data_ptr() not in read:
                        old.copy_(new)


class _Recording(TorchDispatchMode):
    def __init__(self, graph: Graph) -> None:
        super().__init__()
        self._graph = graph

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = function(*args, **(kwargs or {}))
        self._graph.recorded.append((function, args, kwargs or {}, made))
        return made


@contextmanager
def recording(graph: Graph, capture_error_mode: str = "global") -> Iterator[None]:
    """In place of `torch.cuda.graph`."""
    with _Recording(graph):
        yield


class NothingForTheHost(TorchDispatchMode):
    """Refuses tensors of the host among those of the device "meta", which has no numbers to be asked for itself."""

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = function(*args, **(kwargs or {}))
        # single numbers are written into the kernels' arguments
        foreign = any(part.device.type == "cpu" and part.dim() for part in tensors((args, kwargs)))
        if foreign and any(part.device.type == "meta" for part in tensors(made)):
            raise AssertionError(f"{function} takes numbers from the host")
        return made


def tensors(tree: Any) -> list[Tensor]:
    """The tensors in a nest of lists, tuples and dictionaries, without packed weights."""
    return [leaf for leaf in tree_iter(tree) if isinstance(leaf, Tensor) and not leaf.is_mkldnn]
