"""Full attention: every token looks at every token."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from hypersigma.nn.attention.base import Attention
from hypersigma.nn.layout import Layout


class FullAttention(Attention):
    """Softmax attention over all tokens, scaled by head_dim ** -0.5."""

    def attend(self, query: Tensor, key: Tensor, value: Tensor, layout: Layout) -> Tensor:
        """Mixed values (B, heads, N, head_dim); where the tokens lie plays no part."""
        return scaled_dot_product_attention(query, key, value)
