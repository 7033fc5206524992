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
    left = _pseudo_inverse(weight.shape[-2], rows, weight.device, weight.dtype)
    right = _pseudo_inverse(weight.shape[-1], cols, weight.device, weight.dtype)
    resized: Tensor = left.T @ weight @ right
    return resized


def resize_picture(weight: Tensor, rows: int, cols: int) -> Tensor:
    """Weights (..., p, q) whose products are the pixels of a picture, for one of rows x cols, bilinearly.

    The new weights give the resized picture of what the old ones gave: the counterpart of `resize_patch`, which is
    for weights that read a picture.
    """
    if weight.shape[-2:] == (rows, cols):
        return weight
    down, across = _bilinear(weight.shape[-2], rows).to(weight), _bilinear(weight.shape[-1], cols).to(weight)
    resized: Tensor = down @ weight @ across.T
    return resized


@lru_cache(maxsize=64)
def _bilinear(old: int, new: int) -> Tensor:
    """The bilinear resize (new, old) of a row of `old` pixels to `new`, float64."""
    # Asked for once and kept, so it must not be a tensor of inference mode, nor one without numbers.
    with torch.inference_mode(False), torch.device("cpu"):
        unit = torch.eye(old, dtype=torch.float64)
        # One row of the unit matrix a sample; a height of 1 keeps the other axis out of it.
        return interpolate(unit[:, None, None], size=(1, new), mode="bilinear", antialias=True)[:, 0, 0].T


@lru_cache(maxsize=64)
def _pseudo_inverse(old: int, new: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    """Pseudo-inverse (old, new) of that resize where weights are, computed in float64."""
    with torch.inference_mode(False):
        inverse: Tensor = torch.linalg.pinv(_bilinear(old, new)).to(device, dtype)
    return inverse


def resize_positions(table: Tensor, old: tuple[int, int], new: tuple[int, int]) -> Tensor:
    """A position table (1, rows * cols, D) of a grid for another grid, bicubic as published."""
    if old == new:
        return table
    grid = rearrange(table, "b (row col) d -> b d row col", row=old[0])
    resized = interpolate(grid, size=new, mode="bicubic", align_corners=False)
    return rearrange(resized, "b d row col -> b (row col) d")
