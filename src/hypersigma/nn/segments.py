"""Tokens of bands described together: a mean for each segment of the band axis.

What tells materials apart lies in how parts of the spectrum differ, which one mean over all bands would lose.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from hypersigma.nn.backbone import CANONICAL_BANDS

SEGMENTS = 4  # of the canonical grid


def segment_means(tokens: Tensor, places: Tensor, num_segments: int = SEGMENTS) -> Tensor:
    """Means (B, num_segments * D) of tokens by segment; one without a token takes the nearest that has some.

    Args:
        tokens: (B, N, D).
        places: (B, N) of the tokens on the canonical grid.
        num_segments: equal parts of the grid.
    """
    inside = one_hot(places * num_segments // CANONICAL_BANDS, num_segments).to(tokens)
    count = inside.sum(dim=1)
    means = torch.einsum("bnd,bns->bsd", tokens, inside) / count.clamp(min=1)[..., None]
    index = torch.arange(num_segments, device=tokens.device)
    distance = (index[:, None] - index).abs() + num_segments * (count == 0)[:, None]
    nearest = distance.argmin(dim=2)
    return means.gather(1, nearest[..., None].expand(-1, -1, means.shape[-1])).flatten(1)
