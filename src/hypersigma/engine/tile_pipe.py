"""Images through a function on a card: copied in and out while others are computed, the function recorded once.

A processor needs nothing of this. On a CUDA card a tile of a small network is short: starting its hundreds of kernels,
and waiting for copies from pageable memory, take longer than the kernels. So two places of page-locked memory are used
in turn, copies have a queue of their own each way, and the kernels are recorded as a CUDA graph for the shape that
tiles have, to be started all at once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_LOG = logging.getLogger(__name__)

Function = Callable[[Tensor], Tensor]
Answer = Callable[[], NDArray[np.float32]]

_PLACES = 2  # images that are under way at once
_WARM_UP = 3  # calls before a function is recorded, as PyTorch advises: kernels are chosen and memory is found
_CLOSE = 1e-3  # of the largest number: how far what was recorded may be from what the function says by itself


class Mark(Protocol):
    """A point in a queue."""

    def synchronize(self) -> None:
        """Wait until all that was put before it is done."""


class Queue(Protocol):
    """Work that a card does in order, beside that of its other queues."""

    def put(self, work: Callable[[], object]) -> None:
        """Add work; returns at once."""

    def mark(self) -> Mark:
        """The point behind all that was put so far."""

    def wait(self, mark: Mark) -> None:
        """Let what is put from now on begin only when a point of another queue is reached."""


class CudaQueue:
    """A stream of a CUDA card."""

    def __init__(self, stream: torch.cuda.Stream) -> None:
        self._stream = stream

    def put(self, work: Callable[[], object]) -> None:
        with torch.cuda.stream(self._stream):
            work()

    def mark(self) -> torch.cuda.Event:
        event = torch.cuda.Event()  # type: ignore[no-untyped-call]
        event.record(self._stream)
        return event

    def wait(self, mark: Mark) -> None:
        assert isinstance(mark, torch.cuda.Event)
        self._stream.wait_event(mark)


def cuda_queues(device: torch.device) -> tuple[Queue, Queue, Queue]:
    """Queues for copies to a card, for computing, which is that of everything else, and for copies back."""
    there, back = _stream(device), _stream(device)
    return CudaQueue(there), CudaQueue(torch.cuda.current_stream(device)), CudaQueue(back)


def _stream(device: torch.device) -> torch.cuda.Stream:
    return torch.cuda.Stream(device)  # type: ignore[no-untyped-call]


class TilePipe:
    """Images of one shape after another through a function on a card.

    Answers are those of the function; each may be asked for when the next image is under way already.
    """

    def __init__(
        self,
        function: Function,
        device: torch.device,
        queues: tuple[Queue, Queue, Queue] | None = None,
        record: Callable[[Function, Tensor], Function] | None = None,
    ) -> None:
        """A pipe to a card.

        Args:
            function: from an image on the card to an answer on the card, the same for the same image.
            device: the card.
            queues: to the card, computing, and back; those of the card by default.
            record: makes a quicker function of one and an image; CUDA graphs by default.
        """
        self._function = function
        self._device = device
        self._to_card, self._computing, self._back = queues or cuda_queues(device)
        self._record = record or recorded
        self._shape: torch.Size | None = None
        self._places: list[_Place] = []
        self._begun = 0

    def begin(self, image: Tensor) -> Answer:
        """Send an image on its way, and return what waits for its answer."""
        if image.shape != self._shape:
            self._prepare(image)
        place = self._places[self._begun % _PLACES]
        self._begun += 1
        place.vacate()
        place.image.copy_(image)
        self._to_card.put(lambda: place.on_card.copy_(place.image, non_blocking=True))
        self._computing.wait(self._to_card.mark())
        self._computing.put(lambda: place.result.copy_(self._quick(place.on_card)))
        self._back.wait(self._computing.mark())
        self._back.put(lambda: place.answer.copy_(place.result, non_blocking=True))
        return place.expect(self._back.mark())

    def _prepare(self, image: Tensor) -> None:
        """Places for images of this shape, and the function recorded for it."""
        for place in self._places:
            place.vacate()
        on_card = image.to(self._device)
        self._quick = self._record(self._function, on_card)
        result = self._function(on_card).float()
        self._places = [_Place(image, result, self._device) for _ in range(_PLACES)]
        self._shape = image.shape


class _Place:
    """Memory for an image that is under way, and for its answer."""

    def __init__(self, image: Tensor, result: Tensor, device: torch.device) -> None:
        pinned = device.type == "cuda"
        self.image = torch.empty(image.shape, dtype=image.dtype, pin_memory=pinned)
        self.on_card = torch.empty(image.shape, dtype=image.dtype, device=device)
        self.result = torch.empty(result.shape, device=device)
        self.answer = torch.empty(result.shape, pin_memory=pinned)
        self._waiting: _Waiting | None = None

    def expect(self, mark: Mark) -> Answer:
        """What waits for the answer that stands in this place when a point is reached."""
        self._waiting = _Waiting(mark, self.answer)
        return self._waiting

    def vacate(self) -> None:
        """Keep the answer that stands here for whoever has not asked for it yet."""
        if self._waiting is not None:
            self._waiting()
            self._waiting = None


class _Waiting:
    """An answer that is under way, or has come."""

    def __init__(self, mark: Mark, answer: Tensor) -> None:
        self._mark = mark
        self._answer = answer
        self._found: NDArray[np.float32] | None = None

    def __call__(self) -> NDArray[np.float32]:
        if self._found is None:
            self._mark.synchronize()
            self._found = self._answer.numpy().copy()
        return self._found


def recorded(function: Function, example: Tensor) -> Function:
    """A function recorded as a CUDA graph for images like one on a card; itself where that fails, with a warning.

    What was recorded is held against the function before it is used. Its answers stand in memory of its own, which
    the next call overwrites.
    """
    try:
        static = example.clone()
        beside = _stream(example.device)
        beside.wait_stream(torch.cuda.current_stream(example.device))
        with torch.cuda.stream(beside):
            for _ in range(_WARM_UP):
                expected = function(static)
        torch.cuda.current_stream(example.device).wait_stream(beside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            answer = function(static)
        graph.replay()
        off = float((answer - expected).abs().max()) / max(float(expected.abs().max()), 1e-30)
    except RuntimeError as error:
        _LOG.warning("this network is not recorded as a CUDA graph, and is slower: %s", str(error).splitlines()[0])
        return function
    if not off <= _CLOSE:
        _LOG.warning("this network is not recorded as a CUDA graph, and is slower: the graph is off by %.1e", off)
        return function

    def replayed(image: Tensor) -> Tensor:
        static.copy_(image)
        graph.replay()
        return answer

    return replayed
