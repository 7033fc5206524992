"""What every attention shares: one projection to queries, keys and values, heads, one projection back."""

from __future__ import annotations

from einops import rearrange
from torch import Tensor, nn

from hypersigma.nn.layout import Layout


class Attention(nn.Module):
    """Multi-head attention without its middle: `attend` says who looks at whom.

    The rows of `qkv` are all queries, all keys, all values, each `heads` x `head_dim`. Where `heads` does not
    divide `dim`, a head has floor(dim / heads) channels, as published.
    """

    def __init__(self, dim: int, heads: int, *, bias: bool = True) -> None:
        super().__init__()
        self.heads = heads
        self.head_dim = dim // heads
        self.inner_dim = self.head_dim * heads
        self.qkv = nn.Linear(dim, 3 * self.inner_dim, bias=bias)
        self.projection = nn.Linear(self.inner_dim, dim)

    def forward(self, tokens: Tensor, layout: Layout) -> Tensor:
        """Tokens (B, N, D) after attention, same shape; `layout` says where the tokens lie."""
        query, key, value = rearrange(self.qkv(tokens), "b n (three h d) -> three b h n d", three=3, h=self.heads)
        attended = self.attend(query, key, value, layout)
        return self.projection(rearrange(attended, "b h n d -> b n (h d)"))  # type: ignore[no-any-return]

    def attend(self, query: Tensor, key: Tensor, value: Tensor, layout: Layout) -> Tensor:
        """Mixed values (B, heads, N, head_dim) from queries, keys and values of that shape."""
        raise NotImplementedError
