"""Openings and closings by reconstruction as a graph: `morphological_profile` of `hypersigma.data.filters`."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch._higher_order_ops.scan import scan
from torch.nn.functional import max_pool2d, pad

_NOTHING = -3e38  # below every number; infinities are not the same in all runtimes


def profile(bands: Tensor, known: Tensor, radii: Sequence[int], num_growth: int) -> Tensor:
    """Every band, then its openings, then its closings (bands * (1 + 2 * radii), h, w).

    Args:
        bands: (bands, h, w), any number where there is no data.
        known: (h, w) bool.
        radii: of the discs, in pixels.
        num_growth: pixels that a shape may grow back by.
    """
    # A closing is the opening of the negative.
    both = torch.cat([bands, -bands])
    eroded = torch.stack([-_widened(torch.where(known, -both, _NOTHING), radius) for radius in radii], dim=1)
    mask = torch.where(known, both, _NOTHING)[:, None].expand_as(eroded).contiguous()
    openings, negative = _regrown(torch.minimum(eroded, mask), mask, num_growth).chunk(2)
    return torch.cat([bands[:, None], openings, -negative], dim=1).flatten(0, 1)


def _widened(images: Tensor, radius: int) -> Tensor:
    """The maximum (n, h, w) over a disc around each pixel: over a column of it for each distance aside."""
    width = images.shape[-1]
    framed = pad(images, (radius, radius), value=_NOTHING)
    parts = []
    for aside in range(-radius, radius + 1):
        half = int((radius**2 - aside**2) ** 0.5)
        column = max_pool2d(framed, (2 * half + 1, 1), stride=1, padding=(half, 0))
        parts.append(column[..., radius + aside : radius + aside + width])
    return torch.stack(parts).amax(dim=0)


def _regrown(seed: Tensor, mask: Tensor, num_growth: int) -> Tensor:
    """The seed (n, radii, h, w) grown under the mask into all eight neighbours, again and again."""

    def step(grown: Tensor, count: Tensor) -> tuple[Tensor, Tensor]:
        return torch.minimum(max_pool2d(grown, 3, stride=1, padding=1), mask), count.clone()

    whole, _ = scan(step, seed, torch.zeros(num_growth, device=seed.device))
    return whole  # type: ignore[no-any-return]
