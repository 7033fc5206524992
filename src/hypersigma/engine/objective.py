"""What pre-training minimises, and where its random draws come from: the door between loop and method.

A method (masked autoencoding is one) is an `Objective`; its examples come from a `Batches`. Neither knows how many
processes there are: sums and counts are added up over all of them before they are divided, and every draw is seeded
by what it is for, so that the same step comes out of one process or of many.
"""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol, Self

import numpy as np
import torch
from torch import Tensor, nn


class Batch(Protocol):
    """Examples side by side."""

    def to(self, device: torch.device) -> Self:
        """The same examples on a device."""


class ErrorSum(NamedTuple):
    """A loss before it is divided.

    Attributes:
        total: sum of the errors, a scalar with a gradient.
        number: how many errors were added up, a scalar; 0 where none was.
        weight: share of total / number in what is minimised; 0 for a figure that is only logged.
    """

    total: Tensor
    number: Tensor
    weight: float = 1.0


Losses = dict[str, ErrorSum]


@dataclass(frozen=True)
class Draws:
    """The random numbers of one part of a step.

    Attributes:
        seed: of the run.
        step: counted from 0.
        first: index, among all samples of the step, of the first one of this part.
        num_samples: samples of this part.
    """

    seed: int
    step: int
    first: int
    num_samples: int

    def shared(self, purpose: str) -> torch.Generator:
        """A generator that is the same for all samples of a step, on whichever rank: for a patch size, say."""
        return self._generator(purpose, 0)

    def each(self, purpose: str) -> list[torch.Generator]:
        """A generator for each sample of this part, in order, which depends on the sample's index in the step."""
        return [self._generator(purpose, 1 + self.first + sample) for sample in range(self.num_samples)]

    def uniform(self, purpose: str, *shape: int) -> Tensor:
        """Numbers between 0 and 1 (B, *shape), on the CPU."""
        return torch.stack([torch.rand(shape, generator=generator) for generator in self.each(purpose)])

    def _generator(self, purpose: str, index: int) -> torch.Generator:
        """The generator of a purpose at an index of this step."""
        state = np.random.SeedSequence([self.seed, self.step, zlib.crc32(purpose.encode()), index]).generate_state(2)
        return torch.Generator().manual_seed(int(state[0]) << 31 ^ int(state[1]))


class Objective(nn.Module, ABC):
    """A network and what it is trained for.

    Its parameters are drawn when it is built, from PyTorch's global generator; later draws come from `Draws` alone.
    Transformer blocks must be `hypersigma.nn.block.Block`: they are what is sharded and checkpointed.
    """

    @abstractmethod
    def forward(self, batch: Batch, draws: Draws) -> Losses:
        """Losses by name: the same names in every call, and every trained parameter in reach of some total."""

    def counts(self, batch: Batch, draws: Draws) -> dict[str, Tensor]:
        """The counts that `forward` would give, asked for before it where gradients are accumulated.

        Worth overriding where counts are known without a pass through the network.
        """
        with torch.no_grad():
            return {name: loss.number for name, loss in self.forward(batch, draws).items()}

    def picture(self, batch: Batch, draws: Draws) -> Tensor | None:
        """What the network makes of the batch, as a picture (3, H, W) of values from 0 to 1; None for no picture."""
        return None


# (step, part, num_parts) -> the part-th of num_parts equal parts of a step's samples; the samples of the whole step
# must depend on the step alone, and the parts, side by side, must be them in order.
Batches = Callable[[int, int, int], Batch]


@dataclass(frozen=True)
class Workload:
    """What is trained on what.

    Attributes:
        build: makes the objective anew, on the default device.
        batches: (step, part, num_parts) -> examples.
        export: (weights by their names in the objective, folder of the run) writes them as they are used, or None.
    """

    build: Callable[[], Objective]
    batches: Batches
    export: Callable[[Mapping[str, Tensor], Path], None] | None = None
