"""A network that is asked tile by tile, in the quickest way that its device has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch

from hypersigma.engine.recorded import Function, recorded
from hypersigma.engine.transfer import Answer, Array, lane_to


class Asked:
    """A function of images on a device, of arrays here.

    Args:
        function: from an image to float32 numbers, both on the device.
        device: where it computes.
    """

    def __init__(self, function: Function, device: torch.device) -> None:
        self._lane = lane_to(device)
        self._function = recorded(function, device)

    def begin(self, image: Array) -> Answer:
        """Begin with an image; the answer is its numbers."""
        return self._lane.fetch(self._function(self._lane.send(image)))

    def in_turn(self, begun: Iterable[Answer]) -> Iterator[Array]:
        """What answers give, in their order; on a card the next one is begun before the last one is waited for."""
        return self._lane.in_turn(begun)
