"""What turns the taps of one resolution into a pyramid of maps."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn.functional import conv_transpose2d, max_pool2d

from hypersigma.errors import ConfigError
from hypersigma.nn.block import NORM_EPSILON

Step = Literal["up4", "up2", "same", "pool2", "pool4"]

SAME: tuple[Step, ...] = ("same", "same", "same", "same")

# Steps of the published patch network by patch size, shallow to deep.
PYRAMIDS: dict[int, tuple[Step, ...]] = {
    1: ("up2", "same", "pool2", "pool4"),
    2: ("up2", "same", "pool2", "pool4"),
    4: ("same", "same", "pool2", "pool4"),
    8: ("same", "same", "pool2", "pool4"),
    11: SAME,
    16: ("up4", "up2", "same", "pool2"),
}


def published_steps(patch: int, *, dense: bool) -> tuple[Step, ...]:
    """The steps of the published networks for a patch size; at 16 the dense network keeps its maps as they are.

    Raises:
        ConfigError: there is no published pyramid for that patch size.
    """
    if dense and patch == 16:
        return SAME
    if patch not in PYRAMIDS:
        raise ConfigError(f"no published pyramid for patch size {patch}; there are {', '.join(map(str, PYRAMIDS))}")
    return PYRAMIDS[patch]


def whole_cells(patch: int, steps: tuple[Step, ...]) -> int:
    """Pixels that the sides of an image must be a multiple of, so that every level has whole cells."""
    pools = [int(step.removeprefix("pool")) for step in steps if step.startswith("pool")]
    return patch * math.lcm(*pools)


class Pyramid(nn.Module):
    """One step a tap, each from the common resolution to its own."""

    def __init__(self, dim: int, steps: tuple[Step, ...]) -> None:
        super().__init__()
        self.steps = nn.ModuleList(_step(dim, step) for step in steps)

    def forward(self, maps: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Maps (B, D, h, w), each at its own resolution."""
        return tuple(step(tapped) for step, tapped in zip(self.steps, maps, strict=True))

    def means(self, maps: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """The means (B, D, 1, 1) of what `forward` gives, without the maps where a step ends in doubling."""
        found = []
        for step, tapped in zip(self.steps, maps, strict=True):
            begun, last = _before_doubling(step, tapped)
            mean = begun.mean((2, 3), keepdim=True)
            if last is not None:
                # Every token gives the same four cells, so their mean is that of the tokens times that of the kernel.
                mean = conv_transpose2d(mean, last.weight.mean((2, 3), keepdim=True), last.bias)
            found.append(mean)
        return tuple(found)

    def mixed(self, maps: tuple[Tensor, ...], matrices: Iterable[Tensor]) -> tuple[Tensor, ...]:
        """Channels of what `forward` gives, mixed by a matrix (K, D) or (B, K, D) each: maps (B, K, h, w).

        Doubling is linear, so it is mixed itself and never makes D channels.
        """
        found = []
        for step, tapped, matrix in zip(self.steps, maps, matrices, strict=True):
            begun, last = _before_doubling(step, tapped)
            rows, cols = begun.shape[-2:]
            if last is None:
                found.append(rearrange(matrix @ begun.flatten(2), "b k (h w) -> b k h w", h=rows))
                continue
            kernel = torch.einsum("...ko,iopq->...kpqi", matrix, last.weight).flatten(-4, -2)
            cells = rearrange(kernel @ begun.flatten(2), "b (k p q) (h w) -> b k (h p) (w q)", p=2, q=2, h=rows, w=cols)
            assert last.bias is not None
            found.append(cells + (matrix @ last.bias)[..., None, None])
        return tuple(found)


def _before_doubling(step: nn.Module, tapped: Tensor) -> tuple[Tensor, nn.ConvTranspose2d | None]:
    """A map after a step without the doubling at its end, and that doubling, None where there is none."""
    if not isinstance(step, nn.Sequential):
        return step(tapped), None
    *first, last = step
    for part in first:
        tapped = part(tapped)
    assert isinstance(last, nn.ConvTranspose2d)
    return tapped, last


class MapNorm(nn.LayerNorm):
    """Layer norm over the channels of a map (B, D, h, w)."""

    def forward(self, tapped: Tensor) -> Tensor:
        return super().forward(tapped.movedim(1, -1)).movedim(-1, 1)


class MaxPool(nn.Module):
    """The maximum over cells of `size` x `size`; a map smaller than a cell is one cell."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, tapped: Tensor) -> Tensor:
        """A map (B, D, h // size, w // size), at least one cell each way."""
        # Only maps that the published networks cannot pool at all are treated otherwise than there.
        rows, cols = tapped.shape[-2:]
        return max_pool2d(tapped, (min(self.size, rows), min(self.size, cols)))


def _step(dim: int, step: Step) -> nn.Module:
    """The module of one step."""
    if step == "same":
        return nn.Identity()
    if step == "up2":
        return nn.Sequential(doubling(dim))
    if step == "up4":
        return nn.Sequential(doubling(dim), MapNorm(dim, eps=NORM_EPSILON), nn.GELU(), doubling(dim))
    return MaxPool(int(step.removeprefix("pool")))


def doubling(dim: int) -> nn.ConvTranspose2d:
    """Twice as many rows and columns."""
    return nn.ConvTranspose2d(dim, dim, kernel_size=2, stride=2)
