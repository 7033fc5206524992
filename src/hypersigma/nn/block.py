"""The transformer block: attention and a two-layer perceptron, each behind a norm and a residual."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hypersigma.nn.attention import Attention
from hypersigma.nn.layout import Layout

NORM_EPSILON = 1e-6


class Mlp(nn.Module):
    """Two linear layers around an exact GELU."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.expand = nn.Linear(dim, hidden)
        self.activation = nn.GELU()
        self.contract = nn.Linear(hidden, dim)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens (..., D), each on its own."""
        return self.contract(self.activation(self.expand(tokens)))  # type: ignore[no-any-return]


class DropPath(nn.Module):
    """Stochastic depth: in training a branch is left out for a sample with probability `rate`, else scaled up."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, branch: Tensor) -> Tensor:
        """The branch (B, ...), zero for the samples left out."""
        if self.rate == 0.0 or not self.training:
            return branch
        # Scaling up what is kept leaves the expectation as it is without the drop.
        keep = 1.0 - self.rate
        kept = torch.rand(branch.shape[0], *[1] * (branch.dim() - 1), device=branch.device) < keep
        return branch * (kept.to(branch.dtype) / keep)


class Scale(nn.Module):
    """A learned factor per channel on a branch (LayerScale)."""

    def __init__(self, dim: int, start: float) -> None:
        super().__init__()
        self.start = start
        self.factor = nn.Parameter(torch.empty(dim))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Put the factors where they start."""
        nn.init.constant_(self.factor, self.start)

    def forward(self, branch: Tensor) -> Tensor:
        """The branch (..., D), scaled."""
        return branch * self.factor


class Block(nn.Module):
    """Pre-norm block: x += attention(norm(x)); x += mlp(norm(x)).

    Args:
        attention: the attention of this block.
        mlp_ratio: hidden width over `dim`.
        drop_path: rate of stochastic depth.
        layer_scale: start of the factor per channel on both branches, or None for no such factor.
    """

    def __init__(
        self,
        dim: int,
        attention: Attention,
        *,
        mlp_ratio: float = 4.0,
        drop_path: float = 0.0,
        layer_scale: float | None = None,
    ) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(dim, eps=NORM_EPSILON)
        self.attention = attention
        self.mlp_norm = nn.LayerNorm(dim, eps=NORM_EPSILON)
        self.mlp = Mlp(dim, int(dim * mlp_ratio))
        self.drop_path = DropPath(drop_path)
        scaled = layer_scale is not None
        self.attention_scale = Scale(dim, layer_scale) if scaled else nn.Identity()  # type: ignore[arg-type]
        self.mlp_scale = Scale(dim, layer_scale) if scaled else nn.Identity()  # type: ignore[arg-type]

    def forward(self, tokens: Tensor, layout: Layout) -> Tensor:
        """Tokens (B, N, D) after both branches."""
        attended = self.attention(self.attention_norm(tokens), layout)
        tokens = tokens + self.drop_path(self.attention_scale(attended))
        return tokens + self.drop_path(self.mlp_scale(self.mlp(self.mlp_norm(tokens))))  # type: ignore[no-any-return]
