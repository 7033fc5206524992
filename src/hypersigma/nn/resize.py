"""Weights and tables for another size of what they look at."""

from __future__ import annotations

from functools import lru_cache

import torch
from einops import rearrange
from torch import Tensor
from torch.nn.functional import interpolate


def resize_patch(weight: Tensor, rows: int, cols: int) -> Tensor:
    """Patch weights (..., p, q) for patches of rows x cols, by pseudo-inverse resize (FlexiViT, arXiv 2212.08013).

    The new weights answer to a bilinearly resized patch as the old ones did to the patch itself: exactly where the
    patch grows, in the least squares where it shrinks. The resize of a picture is separable, so its
    pseudo-inverse is a product of two small ones.
    """
    if weight.shape[-2:] == (rows, cols):
        return weight
    left = _pseudo_inverse(weight.shape[-2], rows).to(weight)
    right = _pseudo_inverse(weight.shape[-1], cols).to(weight)
    resized: Tensor = left.T @ weight @ right
    return resized


@lru_cache(maxsize=64)
def _pseudo_inverse(old: int, new: int) -> Tensor:
    """Pseudo-inverse (old, new) of the bilinear resize of a row of `old` pixels to `new`, float64."""
    unit = torch.eye(old, dtype=torch.float64, device="cpu")
    # One row of the unit matrix a sample; a height of 1 keeps the other axis out of it.
    resized = interpolate(unit[:, None, None], size=(1, new), mode="bilinear", antialias=True)[:, 0, 0]
    inverse: Tensor = torch.linalg.pinv(resized.T)
    return inverse


def resize_positions(table: Tensor, old: tuple[int, int], new: tuple[int, int]) -> Tensor:
    """A position table (1, rows * cols, D) of a grid for another grid, bicubic as published."""
    if old == new:
        return table
    grid = rearrange(table, "b (row col) d -> b d row col", row=old[0])
    resized = interpolate(grid, size=new, mode="bicubic", align_corners=False)
    return rearrange(resized, "b d row col -> b (row col) d")
