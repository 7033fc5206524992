"""Where tokens lie, and which of them a place between tokens is made of.

Sparse sampling attention looks at fractional places; a layout turns each into a few neighbouring tokens with
interpolation weights. Everything is in token units: a step of 1 is one token.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

# A place on the band axis further than this from every present token says nothing.
REACH = 1.5


class Samples(NamedTuple):
    """Places as mixtures of K neighbouring tokens.

    Attributes:
        tokens: their indices (..., N, P, K), int32 or long.
        weight: their interpolation weights (..., N, P, K).
        missing: places without data (..., N, P), bool, or None where there are none.
    """

    tokens: Tensor
    weight: Tensor
    missing: Tensor | None


class Layout(Protocol):
    """The places of N tokens."""

    def sample(self, offsets: Tensor) -> Samples:
        """Neighbours of the places (..., N, P, axes) given relative to each token."""


@dataclass(frozen=True)
class Grid:
    """Tokens of a picture, row-major; offsets are (x, y) and a place outside the picture is zero.

    The convention is that of bilinear `grid_sample` with zero padding and align_corners False.
    """

    rows: int
    cols: int

    def sample(self, offsets: Tensor) -> Samples:
        """The four cells around each place; cells outside have weight 0."""
        token = torch.arange(self.rows * self.cols, dtype=torch.int32, device=offsets.device)[:, None]
        cols, col_weights = _cells(token % self.cols + offsets[..., 0], self.cols)
        rows, row_weights = _cells(token // self.cols + offsets[..., 1], self.rows)
        rows = tuple(row * self.cols for row in rows)
        index = torch.stack([row + col for row in rows for col in cols], dim=-1)
        weight = torch.stack([row * col for row in row_weights for col in col_weights], dim=-1)
        return Samples(index, weight, None)


def _cells(coordinate: Tensor, length: int) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """Indices and weights of the two cells around a coordinate; weight 0 outside 0..length - 1."""
    # Which cell a place falls into is a choice without a gradient; how far into it, is not.
    first = coordinate.detach().floor()
    fraction = coordinate - first
    index, weight = [], []
    # Cells outside get a valid index, so that they can be gathered, and lose their weight; so do those of a network
    # that has diverged, whose coordinates are no numbers: its loss says so.
    for place, share in ((first, 1 - fraction), (first + 1, fraction)):
        inside = (place >= 0) & (place < length)
        index.append(place.where(inside, 0.0).to(torch.int32))
        weight.append(share * inside)
    return tuple(index), tuple(weight)


@dataclass(frozen=True)
class Line:
    """Tokens on the band axis, of which some may be missing.

    A place is interpolated between the nearest present tokens on either side, held constant beyond the first and
    the last one, and missing if no present token is within `REACH` steps. A token whose places are all missing
    looks at itself.

    Attributes:
        index: canonical indices of the present tokens (N,), ascending, long.
    """

    index: Tensor

    def sample(self, offsets: Tensor) -> Samples:
        """The present tokens on either side of each place."""
        index = self.index.to(offsets.dtype)
        place = index[:, None] + offsets[..., 0]
        # A place beyond the first or last token gets the two outermost ones; the clamp below leaves one of them.
        right = torch.searchsorted(index, place.detach().contiguous()).clamp(1, max(len(index) - 1, 1))
        neighbours = torch.stack([right - 1, right], dim=-1).clamp(max=len(index) - 1)
        start, end = index[neighbours].unbind(-1)
        fraction = ((place - start) / (end - start).clamp(min=1)).clamp(0, 1)
        weight = torch.stack([1 - fraction, fraction], dim=-1)
        missing = torch.minimum((place - start).abs(), (place - end).abs()) > REACH
        return self._looking_at_itself(neighbours, weight, missing)

    def _looking_at_itself(self, neighbours: Tensor, weight: Tensor, missing: Tensor) -> Samples:
        """The samples, with the first place of a token that sees nothing moved onto the token."""
        lonely = missing.all(dim=-1, keepdim=True)
        moved = lonely & (torch.arange(missing.shape[-1], device=missing.device) == 0)
        alone = torch.arange(2, device=weight.device) == 0
        token = torch.arange(len(self.index), device=missing.device)[:, None, None]
        neighbours = torch.where(moved.unsqueeze(-1), token, neighbours)
        weight = torch.where(moved.unsqueeze(-1), alone.to(weight.dtype), weight)
        return Samples(neighbours, weight, missing & ~moved)
