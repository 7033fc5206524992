"""A stack of blocks that is read at several depths, and that ends at the deepest one read."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from hypersigma.errors import ConfigError
from hypersigma.nn.attention import Attention, FullAttention, SparseSamplingAttention
from hypersigma.nn.attention.sparse_sampling import OffsetStart
from hypersigma.nn.block import Block, Scale
from hypersigma.nn.layout import Layout
from hypersigma.nn.sizes import Size, named_size


@dataclass(frozen=True, kw_only=True)
class EncoderConfig:
    """Everything about a stack of blocks.

    Attributes:
        dim: channels of a token.
        depth: blocks of the whole stack; those behind the deepest tap are not built.
        heads: attention heads.
        interval: block i (from 0) has full attention if (i + 1) is a multiple of this, else sparse sampling;
            1 is full attention throughout, as in masked pre-training.
        taps: blocks whose output is read, ascending.
        points: places a token samples per head.
        mlp_ratio: hidden width of the perceptrons over `dim`.
        qkv_bias: whether queries, keys and values have biases.
        drop_path: rate of stochastic depth at the last block, rising linearly from 0.
        layer_scale: start of a learned factor per channel on each branch, or None for none.
        offsets: where new sampling offsets begin: "ring", or "near_zero" as published.
    """

    dim: int = 192
    depth: int = 12
    heads: int = 3
    interval: int = 3
    taps: tuple[int, ...] = (3, 5, 7, 11)
    points: int = 8
    mlp_ratio: float = 4.0
    qkv_bias: bool = True
    drop_path: float = 0.1
    layer_scale: float | None = None
    offsets: OffsetStart = "ring"

    def __post_init__(self) -> None:
        if min(self.dim, self.depth, self.heads, self.interval, self.points) < 1:
            raise ConfigError("dim, depth, heads, interval and points of an encoder must be at least 1")
        if self.heads > self.dim:
            raise ConfigError(f"an encoder of dim {self.dim} cannot have {self.heads} heads")
        if not self.taps or list(self.taps) != sorted(set(self.taps)):
            raise ConfigError(f"taps must be ascending block indices, not {self.taps}")
        if self.taps[0] < 0 or self.taps[-1] >= self.depth:
            raise ConfigError(f"taps {self.taps} must lie in 0..{self.depth - 1}, the blocks of the encoder")
        if not 0 <= self.drop_path < 1:
            raise ConfigError(f"drop_path must be at least 0 and below 1, not {self.drop_path}")

    @classmethod
    def of_size(cls, size: Size | str) -> EncoderConfig:
        """The encoder of a size, or of a named one: tiny, small, base, large or huge."""
        size = named_size(size) if isinstance(size, str) else size
        return cls(**size._asdict())


class Encoder(nn.Module):
    """Blocks up to the deepest tap.

    Args:
        axes: dimensions of the layout its tokens lie in, 2 on a picture, 1 on the band axis.
    """

    def __init__(self, config: EncoderConfig, *, axes: int = 2) -> None:
        super().__init__()
        self.taps = config.taps
        slope = config.drop_path / max(config.depth - 1, 1)
        self.blocks = nn.ModuleList(
            Block(
                config.dim,
                _attention(config, index, axes),
                mlp_ratio=config.mlp_ratio,
                drop_path=slope * index,
                layer_scale=config.layer_scale,
            )
            for index in range(config.taps[-1] + 1)
        )
        for index, block in enumerate(self.blocks):
            initialise_block(block, index)

    def forward(self, tokens: Tensor, layout: Layout) -> tuple[Tensor, ...]:
        """Tokens (B, N, D) at every tap, shallow to deep: the raw residual stream, without a norm."""
        tapped = []
        for index, block in enumerate(self.blocks):
            tokens = block(tokens, layout)
            if index in self.taps:
                tapped.append(tokens)
        return tuple(tapped)


@torch.no_grad()
def initialise_block(block: nn.Module, index: int) -> None:
    """Truncated normal weights, zero biases; what enters the residual stream shrinks with depth (BEiT)."""
    for module in block.modules():
        if isinstance(module, nn.Linear):
            initialise_linear(module)
        elif isinstance(module, nn.LayerNorm | Scale):
            module.reset_parameters()
    block.attention.projection.weight.div_(math.sqrt(2 * (index + 1)))  # type: ignore[union-attr, operator]
    block.mlp.contract.weight.div_(math.sqrt(2 * (index + 1)))  # type: ignore[union-attr, operator]
    # The linear layers were just drawn anew, the offsets among them.
    if isinstance(block.attention, SparseSamplingAttention):
        block.attention.reset_offsets()


def initialise_linear(layer: nn.Linear) -> None:
    """Truncated normal weight of deviation 0.02, zero bias."""
    nn.init.trunc_normal_(layer.weight, std=0.02)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


def _attention(config: EncoderConfig, index: int, axes: int) -> Attention:
    """The attention of block `index`."""
    if (index + 1) % config.interval == 0:
        return FullAttention(config.dim, config.heads, bias=config.qkv_bias)
    return SparseSamplingAttention(
        config.dim,
        config.heads,
        points=config.points,
        axes=axes,
        bias=config.qkv_bias,
        start=config.offsets,
    )
