"""Spreading within regions as a graph: `hypersigma.data.diffusion` for tensors without numbers that are missing."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch._higher_order_ops.scan import scan
from torch.nn.functional import pad

from hypersigma.data.diffusion import LEAST, acceleration


def neighbours(picture: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """What lies right, left, below and above of each pixel of a picture (K, h, w), zero outside of it."""
    framed = pad(picture, (1, 1, 1, 1))
    return framed[:, 1:-1, 2:], framed[:, 1:-1, :-2], framed[:, 2:, 1:-1], framed[:, :-2, 1:-1]


def bonds_of(guide: Tensor, known: Tensor, scale: float, contrast: float) -> Tensor:
    """How strongly each pixel holds to its four neighbours (4, h, w), as `Bonds.of`.

    Args:
        guide: (guides, h, w), any number where there is no data.
        known: (h, w) bool.
        scale: s.
        contrast: b.
    """
    exponent = -contrast / max(scale, 1e-30)
    strengths = [(exponent * (guide - other).square().sum(dim=0)).exp().clamp(min=LEAST) for other in neighbours(guide)]
    return torch.stack(strengths) * among(known)


def among(known: Tensor) -> Tensor:
    """1 where a pixel and its neighbour are known (4, h, w), else 0, of `known` (h, w)."""
    there = known.to(torch.float32)[None]
    return torch.cat([there * other for other in neighbours(there)])


def spread(values: Tensor, bonds: Tensor, weight: Tensor, least: list[float]) -> Tensor:
    """Values (K, h, w) spread within regions, as `hypersigma.data.diffusion.spread`.

    Args:
        values: zero where there is no data.
        bonds: (4, h, w), zero to and from pixels without data.
        weight: of a pixel's own value, (K, 1, 1) or (1, h, w).
        least: the least weight, one for each of the values or one for all.
    """
    degree = weight + bonds.sum(dim=0)
    factors = torch.from_numpy(np.stack([acceleration(own) for own in least], axis=1))[:, :, None, None]

    def step(carry: tuple[Tensor, Tensor], factor: Tensor) -> tuple[tuple[Tensor, Tensor], Tensor]:
        previous, current = carry
        received = (torch.stack(neighbours(current)) * bonds[:, None]).sum(dim=0)
        target = (received + weight * values) / degree
        return (current.clone(), previous + factor * (target - previous)), factor.clone()

    (_, spread_values), _ = scan(step, (values.clone(), values.clone()), factors.to(values.device))
    return spread_values  # type: ignore[no-any-return]
