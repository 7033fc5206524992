"""Where a token stands, as a vector that is added to it."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from hypersigma.errors import ConfigError
from hypersigma.nn.resize import resize_positions

PositionKind = Literal["sin_cos", "learned", "none"]


def sin_cos(coordinate: Tensor, dim: int) -> Tensor:
    """Sines, then cosines (N, dim) of a coordinate (N,) in token units, at wavelengths from 2 pi to 20000 pi."""
    # In float64, since products of a large index and a small frequency would lose digits.
    frequency = 10000.0 ** -(torch.arange(dim // 2, dtype=torch.float64, device=coordinate.device) / (dim // 2))
    angle = coordinate.double()[:, None] * frequency
    return torch.cat([angle.sin(), angle.cos()], dim=-1)


def sin_cos_grid(shape: tuple[int, ...], dim: int, device: torch.device) -> Tensor:
    """Sin-cos vectors (N, dim) of a line or of a row-major grid; of a grid the first half tells the column (MAE)."""
    axes = [torch.arange(length, device=device) for length in shape]
    coordinates = [axis.flatten() for axis in torch.meshgrid(*axes, indexing="ij")]
    return torch.cat([sin_cos(axis, dim // len(shape)) for axis in reversed(coordinates)], dim=-1)


class Positions(nn.Module):
    """Position vectors of a line or grid of tokens.

    Args:
        kind: "sin_cos" (fixed, any size), "learned" (a table, as published) or "none".
        shape: tokens the learned table is made for, (N,) or (rows, cols).
    """

    def __init__(self, kind: PositionKind, dim: int, shape: tuple[int, ...]) -> None:
        super().__init__()
        if kind == "sin_cos" and dim % (2 * len(shape)):
            raise ConfigError(
                f"sin-cos positions on {len(shape)} axes need a dim divisible by {2 * len(shape)}, not {dim}"
            )
        self.kind = kind
        self.dim = dim
        self.shape = shape
        if kind == "learned":
            self.table = nn.Parameter(torch.zeros(1, torch.Size(shape).numel(), dim))
            nn.init.trunc_normal_(self.table, std=0.02)

    def forward(self, tokens: Tensor, shape: tuple[int, ...], index: Tensor | None = None) -> Tensor:
        """Tokens (B, N, D) with their positions added.

        `shape` is the whole line or grid, `index` (N,), or (B, N) where samples differ, which of its tokens these
        are, None for all.
        """
        if self.kind == "none":
            return tokens
        vectors = self._vectors(shape, tokens.device).to(tokens.dtype)
        return tokens + (vectors if index is None else vectors[0, index])

    def _vectors(self, shape: tuple[int, ...], device: torch.device) -> Tensor:
        """All position vectors (1, N, D) of a line or grid."""
        if self.kind == "sin_cos":
            return sin_cos_grid(shape, self.dim, device)[None]
        if shape == self.shape:
            return self.table
        if len(shape) == 1:
            raise ConfigError(f"a learned table of {self.shape[0]} positions does not fit {shape[0]} tokens")
        return resize_positions(self.table, (self.shape[0], self.shape[1]), (shape[0], shape[1]))
