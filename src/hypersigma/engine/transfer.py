"""Tiles on their way to a device and answers on their way back; on a CUDA card while it computes.

A card reads and writes memory of the host by itself where that is pinned. Tiles and answers pass through two pinned
buffers each, in turn: while the card computes a tile, the next one is prepared and sent, and the last answer is read.
On a processor nothing is copied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.float32]
Answer = Callable[[], Array]


class Lane(Protocol):
    """The way to a device and back."""

    def send(self, array: Array) -> Tensor:
        """An array of any shape as a tensor on the device; it may be used at once, and the array be overwritten."""

    def fetch(self, tensor: Tensor) -> Answer:
        """The numbers of a float32 tensor, whoever computes it still; to be called waits for them."""

    def in_turn(self, begun: Iterable[Answer]) -> Iterator[Array]:
        """What answers give, in their order; each is begun no later than it is asked for."""


def lane_to(device: torch.device) -> Lane:
    """The way to a device."""
    return PinnedLane(CudaCard(device)) if device.type == "cuda" else DirectLane()


class DirectLane:
    """The way to a processor, where everything is at hand."""

    def send(self, array: Array) -> Tensor:
        return torch.from_numpy(array)

    def fetch(self, tensor: Tensor) -> Answer:
        return tensor.numpy

    def in_turn(self, begun: Iterable[Answer]) -> Iterator[Array]:
        # nothing of an answer is held once it is handed out
        return map(_given, begun)


def _given(answer: Answer) -> Array:
    return answer()


class Event(Protocol):
    """A point in what a card does."""

    def synchronize(self) -> None:
        """Wait until it is reached."""


class Card(Protocol):
    """What a lane asks of a card."""

    def pinned(self, shape: torch.Size) -> Tensor:
        """Memory of the host for float32 numbers that the card can reach."""

    def upload(self, memory: Tensor) -> tuple[Tensor, Event]:
        """A tensor that is filled beside what the card computes, before anything that uses it; and when it is."""

    def download(self, tensor: Tensor, memory: Tensor) -> Event:
        """Copy a tensor into pinned memory as soon as it is computed; and when it is there."""


class CudaCard:
    """A CUDA card with a stream of its own for what is sent to it."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._side = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]

    def pinned(self, shape: torch.Size) -> Tensor:
        return torch.empty(shape, dtype=torch.float32, pin_memory=True)

    def upload(self, memory: Tensor) -> tuple[Tensor, Event]:
        computing = torch.cuda.current_stream(self._device)
        with torch.cuda.stream(self._side):
            tensor = memory.to(self._device, non_blocking=True)
            sent = self._side.record_event()
        computing.wait_event(sent)
        # or its memory would go to the next tile while this one is computed
        tensor.record_stream(computing)
        return tensor, sent

    def download(self, tensor: Tensor, memory: Tensor) -> Event:
        memory.copy_(tensor, non_blocking=True)
        there: Event = torch.cuda.current_stream(self._device).record_event()
        return there


class PinnedLane:
    """The way to a card, through two buffers in each direction."""

    def __init__(self, card: Card) -> None:
        self._card = card
        self._sending = _Buffers(card)
        self._fetching = _Buffers(card)

    def send(self, array: Array) -> Tensor:
        buffer = self._sending.next(torch.Size(array.shape))
        buffer.memory.copy_(torch.from_numpy(array))
        tensor, sent = self._card.upload(buffer.memory)
        buffer.free = sent.synchronize
        return tensor

    def fetch(self, tensor: Tensor) -> Answer:
        buffer = self._fetching.next(tensor.shape)
        answer = _Fetched(buffer.memory, self._card.download(tensor, buffer.memory))
        # what nobody has read yet is read before others take its place
        buffer.free = answer.read
        return answer

    def in_turn(self, begun: Iterable[Answer]) -> Iterator[Array]:
        """What answers give, in their order, one behind: the card has the next one to compute meanwhile."""
        last: Answer | None = None
        for answer in begun:
            if last is not None:
                yield last()
            last = answer
        if last is not None:
            yield last()


@dataclass(eq=False)
class _Buffer:
    """Pinned memory, and what has to be waited for before it is written again."""

    memory: Tensor
    free: Callable[[], None]


class _Buffers:
    """Two buffers in turn; those of another shape make way for new ones."""

    def __init__(self, card: Card) -> None:
        self._card = card
        self._held: list[_Buffer] = []

    def next(self, shape: torch.Size) -> _Buffer:
        """The buffer that was used longest ago, free again."""
        if len(self._held) < 2:
            self._held.append(_Buffer(self._card.pinned(shape), _at_once))
        else:
            self._held.append(self._held.pop(0))
        buffer = self._held[-1]
        buffer.free()
        if buffer.memory.shape != shape:
            buffer.memory = self._card.pinned(shape)
        return buffer


def _at_once() -> None:
    """There is nothing to wait for."""


class _Fetched:
    """An answer on its way through pinned memory."""

    def __init__(self, memory: Tensor, there: Event) -> None:
        self._memory = memory
        self._there = there
        self._array: Array | None = None

    def read(self) -> None:
        """Wait, and take the numbers out of the buffer, once."""
        if self._array is None:
            self._there.synchronize()
            self._array = self._memory.numpy().copy()

    def __call__(self) -> Array:
        self.read()
        assert self._array is not None
        return self._array
