"""Networks that a CUDA card plays again from a record, which saves launching their kernels one by one for each tile."""

from __future__ import annotations

import logging
from collections.abc import Callable

import torch
from torch import Tensor

_LOG = logging.getLogger(__name__)

_CLOSE = 1e-3  # of the largest number: how far a record may be from what is computed as usual

Function = Callable[[Tensor], Tensor]
Record = Callable[[Function, Tensor], Function]


def recorded(function: Function, device: torch.device) -> Function:
    """A function of an image on a device, with the same results; only a card has a use for records."""
    return Recorded(function, cuda_graph) if device.type == "cuda" else function


class Recorded:
    """A function of images that is recorded for a shape once it comes again, and played from then on.

    The first image of a shape is computed as usual: kernels are loaded and what is kept is computed meanwhile, which
    cannot be recorded. Images of another shape begin anew. A function that cannot be recorded, because it waits for
    the card or takes numbers from the host on its way, is called as usual; so is one whose record plays something else.

    Args:
        function: from an image to numbers, by operations that do not depend on what the image shows.
        record: makes a player of a function and an image like those that follow.
    """

    def __init__(self, function: Function, record: Record) -> None:
        self._function = function
        self._record = record
        self._shape: torch.Size | None = None
        self._player: Function | None = None

    def __call__(self, image: Tensor) -> Tensor:
        if image.shape != self._shape:
            self._shape, self._player = image.shape, None
            return self._function(image)
        if self._player is None:
            self._player = self._recording(image)
        return self._player(image)

    def _recording(self, image: Tensor) -> Function:
        """What plays the function, or the function itself."""
        try:
            player = self._record(self._function, image)
            found, expected = player(image), self._function(image)
        except RuntimeError as error:
            _LOG.info("a network is not recorded, and every tile launched anew: %s", error)
            return self._function
        off = float((found - expected).abs().max() / expected.abs().max().clamp(min=1e-30))
        if off <= _CLOSE:
            return player
        _LOG.warning("a network is not recorded, and every tile launched anew: its record is off by %.1e", off)
        return self._function


def cuda_graph(function: Function, image: Tensor) -> Function:
    """A function as a CUDA graph: what it reads and writes lies at the same place every time."""
    held = image.clone()
    graph = torch.cuda.CUDAGraph()
    # other threads may use the card meanwhile
    with torch.cuda.graph(graph, capture_error_mode="thread_local"):
        made = function(held)

    def play(image: Tensor) -> Tensor:
        held.copy_(image)
        graph.replay()
        return made.clone()

    return play
