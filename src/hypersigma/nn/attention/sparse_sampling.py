"""Sparse sampling attention: every token looks at a few places that it chooses by itself."""

from __future__ import annotations

import math
from typing import Literal

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn.functional import embedding_bag

from hypersigma.nn.attention.base import Attention
from hypersigma.nn.attention.triton_sampling import has_kernel, sampled_on_grid
from hypersigma.nn.layout import Grid, Layout, Samples

OffsetStart = Literal["ring", "near_zero"]

# Where gradients follow, all scores in one product are cheaper up to here than gathering vectors (measured on CPU).
DENSE_TOKENS = 256
# Tokens of so many heads are gathered at once: their sampled keys still lie in a processor's cache.
_GATHERED = 8192


class SparseSamplingAttention(Attention):
    """Attention over `points` fractional places per token and head (HyperSIGMA, arXiv 2406.11519, section III-B).

    Offsets from the token are a linear function of its unscaled query, in token units, (x, y) on a picture. Keys
    and values are interpolated there; places outside a picture have zero key and value and still take their share
    of the softmax, as published; missing places on the band axis take none.

    Args:
        axes: 2 for tokens on a picture, 1 for tokens on the band axis.
        start: where new offsets begin: on a ring around the token, or near zero (published).
    """

    def __init__(
        self,
        dim: int,
        heads: int,
        *,
        points: int = 8,
        axes: int = 2,
        bias: bool = True,
        start: OffsetStart = "ring",
    ) -> None:
        super().__init__(dim, heads, bias=bias)
        self.points = points
        self.axes = axes
        self.start = start
        self.offsets = nn.Linear(self.inner_dim, heads * points * axes)
        self.reset_offsets()

    def reset_offsets(self) -> None:
        """Put the offsets where new ones begin."""
        if self.start == "near_zero":
            nn.init.trunc_normal_(self.offsets.weight, std=0.02)
            nn.init.zeros_(self.offsets.bias)
            return
        # A zero weight still learns: its gradient is that of the offsets times the query.
        nn.init.zeros_(self.offsets.weight)
        with torch.no_grad():
            self.offsets.bias.copy_(ring(self.heads, self.points, self.axes).flatten())

    def attend(self, query: Tensor, key: Tensor, value: Tensor, layout: Layout) -> Tensor:
        """Mixed values (B, heads, N, head_dim) from the places each token looks at."""
        offsets = rearrange(
            self.offsets(rearrange(query, "b h n d -> b n (h d)")),
            "b n (h p a) -> b h n p a",
            h=self.heads,
            a=self.axes,
        )
        if isinstance(layout, Grid) and has_kernel(query.device):
            return sampled_on_grid(query, key, value, offsets, layout)
        return mixed_samples(query, key, value, offsets, layout)


def mixed_samples(query: Tensor, key: Tensor, value: Tensor, offsets: Tensor, layout: Layout) -> Tensor:
    """Mixed values (B, heads, N, head_dim) of unscaled queries, keys and values, without a kernel of its own.

    Offsets (B, heads, N, points, axes) are places relative to each token.
    """
    # Half a digit more or less would be another token: places have single precision at least.
    offsets = offsets.flatten(0, 1).to(torch.promote_types(offsets.dtype, torch.float32))
    tokens, shape = query.shape[2], query.shape
    query, key, value = (part.flatten(0, 1) for part in (query * query.shape[-1] ** -0.5, key, value))
    if torch.is_grad_enabled() and tokens <= DENSE_TOKENS:
        mixed = mix_by_scores(query, key, value, layout.sample(offsets))
    elif torch.compiler.is_compiling():
        # How many groups there are would tie a graph to its batch.
        mixed = mix_by_gathering(query, key, value, layout.sample(offsets))
    else:
        groups = zip(*(part.split(max(1, _GATHERED // tokens)) for part in (query, key, value, offsets)), strict=True)
        mixed = torch.cat([mix_by_gathering(q, k, v, layout.sample(places)) for q, k, v, places in groups])
    return mixed.view(shape)


def ring(heads: int, points: int, axes: int) -> Tensor:
    """Offsets (heads, points, axes) in all directions; the heads reach 1, 2, 3, 4, 1, ... tokens far.

    On a picture the directions are stretched to a square, so that 8 points at distance 1 are the 8 neighbours; on
    the band axis they are -1, 1, -2, 2, ...
    """
    distance = (1.0 + torch.arange(heads) % 4)[:, None, None]
    step = torch.arange(points)
    if axes == 1:
        return ((step // 2 + 1) * (2 * (step % 2) - 1))[:, None] * distance
    angle = step * (2 * math.pi / points)
    circle = torch.stack([angle.cos(), angle.sin()], dim=-1)
    return circle / circle.abs().amax(dim=-1, keepdim=True) * distance


def mix_by_scores(query: Tensor, key: Tensor, value: Tensor, samples: Samples) -> Tensor:
    """Sampled attention (G, N, d) through all N x N scores: the interpolation moves from vectors to scalars.

    A sampled key is a mixture of keys, so its logit is the same mixture of scores; likewise the point weights
    mix rows of values. Equal to `mix_by_gathering`, quicker for few tokens where gradients follow.
    """
    scores = query @ key.mT
    index = samples.tokens.flatten(-2).long()
    weight = samples.weight.to(scores.dtype)
    corners = scores.gather(-1, index).view(weight.shape)
    mixture = _point_weights((corners * weight).sum(-1), samples) * weight
    weights = torch.zeros_like(scores).scatter_add(-1, index, mixture.flatten(-2))
    return weights @ value


def mix_by_gathering(query: Tensor, key: Tensor, value: Tensor, samples: Samples) -> Tensor:
    """Sampled attention (G, N, d) that reads only the sampled tokens; memory linear in N."""
    groups, tokens, _ = key.shape
    first = torch.arange(0, groups * tokens, tokens, dtype=samples.tokens.dtype, device=key.device)
    rows = samples.tokens + first.view(groups, 1, 1, 1)
    weight = samples.weight.to(key.dtype)
    sampled = _weighted_rows(key, rows.flatten(0, 2), weight.flatten(0, 2)).view(*rows.shape[:3], -1)
    logits = (sampled @ query.unsqueeze(-1)).squeeze(-1)
    mixture = _point_weights(logits, samples) * weight
    return _weighted_rows(value, rows.flatten(2).flatten(0, 1), mixture.flatten(2).flatten(0, 1)).view_as(query)


def _point_weights(logits: Tensor, samples: Samples) -> Tensor:
    """Softmax over the points (G, N, P, 1); missing ones take no part."""
    if samples.missing is not None:
        logits = logits.masked_fill(samples.missing, -torch.inf)
    return logits.softmax(-1).unsqueeze(-1)


def _weighted_rows(vectors: Tensor, rows: Tensor, weights: Tensor) -> Tensor:
    """Weighted sums (bags, d) of rows of `vectors` (G, N, d), laid out as one table; rows (bags, K)."""
    # A bag sums its rows as it reads them: the K vectors behind each place are never held.
    return embedding_bag(rows, vectors.flatten(0, 1), mode="sum", per_sample_weights=weights)
