"""Full attention: every token looks at every token."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from hypersigma.nn.attention.base import Attention
from hypersigma.nn.layout import Layout

# Up to so many tokens scores that are held are quicker on a processor than the fused form (measured): of half
# precision, and of single precision where gradients follow.
_HALF_TOKENS = 2048
_GRADIENT_TOKENS = 128


class FullAttention(Attention):
    """Softmax attention over all tokens, scaled by head_dim ** -0.5."""

    def attend(self, query: Tensor, key: Tensor, value: Tensor, layout: Layout) -> Tensor:
        """Mixed values (B, heads, N, head_dim); where the tokens lie plays no part."""
        if _holds_scores(query):
            weights: Tensor = ((query * self.head_dim**-0.5) @ key.mT).softmax(-1)
            return weights @ value
        return scaled_dot_product_attention(query, key, value)


def _holds_scores(query: Tensor) -> bool:
    """Whether the scores of queries (B, heads, N, head_dim) are better held than fused."""
    if query.device.type != "cpu":
        return False
    if query.dtype in (torch.bfloat16, torch.float16):
        return query.shape[2] <= _HALF_TOKENS
    return torch.is_grad_enabled() and query.shape[2] <= _GRADIENT_TOKENS
