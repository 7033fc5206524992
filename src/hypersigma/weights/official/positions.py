"""How the published loader resizes position tables."""

from __future__ import annotations

import math

from torch import Tensor

from hypersigma.nn.resize import resize_positions


def published_spatial_positions(table: Tensor, grid: tuple[int, int], *, dropped: int = 0) -> Tensor:
    """A spatial table (1, N, D) for a grid of (rows, columns), as `init_weights` resizes it.

    The first `dropped` positions are taken for extra tokens and thrown away; the others are taken for a square. A
    table that has the right number of positions already stays as it is, whatever its shape.
    """
    table = table[:, dropped:]
    if table.shape[1] == grid[0] * grid[1]:
        return table
    side = math.isqrt(table.shape[1])
    return resize_positions(table, (side, side), grid)


def published_spectral_positions(table: Tensor, tokens: int, *, dropped: int = 1) -> Tensor:
    """A spectral table (1, N, D) for `tokens` bands, along the band axis, its first band thrown away."""
    table = table[:, dropped:]
    return resize_positions(table, (table.shape[1], 1), (tokens, 1))
