"""The published formulation of the networks, with the weights of ours: what the speed of ours is measured against.

Written from the description of the published computation alone: scores of full attention are held, sampling goes
through `grid_sample` of permuted maps, all blocks run whoever reads them, maps are brought to the image before they
are reduced, windows are averaged after their transposed convolution, all patches are embedded and predicted. The
results are those of our networks; `tests/nn/test_published_formulation.py` holds both, and this against reference
files.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.nn.functional import grid_sample, interpolate, linear
from torch.utils.checkpoint import checkpoint

from hypersigma.nn.attention import FullAttention, SparseSamplingAttention
from hypersigma.nn.block import Block
from hypersigma.nn.encoder import Encoder
from hypersigma.nn.mae import MaskedAutoencoder
from hypersigma.tasks.classification.network import ClassificationNetwork

Grid = tuple[int, int]


def full_attention(attention: FullAttention, tokens: Tensor) -> Tensor:
    """Tokens (B, N, D) after full attention whose N x N scores and weights are held."""
    batch, count, _ = tokens.shape
    heads, width = attention.heads, attention.head_dim
    query, key, value = attention.qkv(tokens).reshape(batch, count, 3, heads, width).permute(2, 0, 3, 1, 4)
    weights = ((query * width**-0.5) @ key.transpose(-2, -1)).softmax(dim=-1)
    mixed: Tensor = (weights @ value).transpose(1, 2).reshape(batch, count, heads * width)
    return attention.projection(mixed)  # type: ignore[no-any-return]


def sample_attention(attention: SparseSamplingAttention, tokens: Tensor, grid: Grid) -> Tensor:
    """Tokens (B, N, D) after sparse sampling attention."""
    batch, count, _ = tokens.shape
    heads, width = attention.heads, attention.head_dim
    query, key, value = attention.qkv(tokens).reshape(batch, count, 3, heads, width).permute(2, 0, 3, 1, 4)
    offsets = attention.offsets(query.transpose(1, 2).reshape(batch, count, heads * width))
    offsets = offsets.reshape(batch, count, heads, attention.points, 2).transpose(1, 2)
    mixed = sampled_mix(query, key, value, offsets, grid)
    return attention.projection(mixed.transpose(1, 2).reshape(batch, count, heads * width))  # type: ignore[no-any-return]


def sampled_mix(query: Tensor, key: Tensor, value: Tensor, offsets: Tensor, grid: Grid) -> Tensor:
    """Mixed values (B, heads, N, head_dim): keys and values sampled as pictures of every head.

    Places go from 0 to 1, then from -1 to 1, over the picture of rows x columns; offsets (B, heads, N, points, 2) are
    in token units.
    """
    batch, heads, count, width = query.shape
    rows, cols = grid
    line = [(torch.arange(length, device=query.device, dtype=query.dtype) + 0.5) / length for length in (rows, cols)]
    row, col = torch.meshgrid(*line, indexing="ij")
    centres = torch.stack([col, row], dim=-1).reshape(count, 1, 2)
    places = (2 * (centres + offsets / offsets.new_tensor([cols, rows])) - 1).flatten(0, 1)

    def sampled(vectors: Tensor) -> Tensor:
        maps = vectors.reshape(batch * heads, rows, cols, width).permute(0, 3, 1, 2)
        found = grid_sample(maps.contiguous(), places, align_corners=False)
        return found.reshape(batch, heads, width, count, -1).permute(0, 1, 3, 4, 2)

    weights = ((query * width**-0.5).unsqueeze(3) * sampled(key)).sum(-1).softmax(dim=-1)
    return (weights.unsqueeze(-1) * sampled(value)).sum(3)


def block(part: Block, tokens: Tensor, grid: Grid) -> Tensor:
    """Tokens (B, N, D) after a block; stochastic depth is left out, so that both sides compute the same."""
    normed = part.attention_norm(tokens)
    if isinstance(part.attention, SparseSamplingAttention):
        tokens = tokens + sample_attention(part.attention, normed, grid)
    else:
        assert isinstance(part.attention, FullAttention)
        tokens = tokens + full_attention(part.attention, normed)
    return tokens + part.mlp(part.mlp_norm(tokens))  # type: ignore[no-any-return]


class Blocks(nn.Module):
    """All blocks of an encoder, those that nobody reads among them.

    Args:
        encoder: ours, which ends at its deepest tap.
        depth: blocks of the published stack; the missing ones are copies of ours.
        checkpointed: whether blocks are computed anew in the backward pass, as in the published tasks.
    """

    def __init__(self, encoder: Encoder, depth: int, *, checkpointed: bool) -> None:
        super().__init__()
        self.taps = encoder.taps
        self.blocks = nn.ModuleList(encoder.blocks)
        built = len(encoder.blocks)
        self.blocks.extend(copy.deepcopy(encoder.blocks[index % built]) for index in range(built, depth))
        self.checkpointed = checkpointed

    def forward(self, tokens: Tensor, grid: Grid) -> list[Tensor]:
        """Tokens (B, N, D) at every tap."""
        tapped = []
        for index, part in enumerate(self.blocks):
            if self.checkpointed and self.training:
                tokens = checkpoint(block, part, tokens, grid, use_reentrant=False)
            else:
                tokens = block(part, tokens, grid)
            if index in self.taps:
                tapped.append(tokens)
        return tapped


class PublishedClassification(nn.Module):
    """Classification or segmentation, by the published order of operations, of a network with a gate.

    Args:
        network: ours, whose weights are shared.
        depth: blocks of the published spectral encoder.
        checkpointed: as in `Blocks`.
    """

    def __init__(self, network: ClassificationNetwork, depth: int, *, checkpointed: bool = True) -> None:
        super().__init__()
        assert network.backbone.spectral is not None
        assert network.fusion is not None
        self.network = network
        self.spatial = Blocks(network.backbone.spatial.encoder, depth, checkpointed=checkpointed)
        self.spectral = Blocks(network.backbone.spectral.encoder, depth, checkpointed=checkpointed)

    def forward(self, image: Tensor) -> Tensor:
        """Class scores, (B, K) of windows or (B, K, H, W), of an image (B, C, H, W)."""
        maps = self.network.pyramid(self._maps(image))
        fusion = self.network.fusion
        assert fusion is not None
        tokens = fusion.projection(self._band_tokens(image))
        dense = self.network.config.head == "dense"
        levels = []
        for level, reduce, gate in zip(maps, fusion.reductions, fusion.gates, strict=True):
            if dense:
                level = interpolate(level, size=image.shape[-2:], mode="bilinear", align_corners=True)
                levels.append(reduce(level * gate(tokens)))
            else:
                levels.append((reduce(level) * gate(tokens)).mean((2, 3)))
        stacked = torch.cat(levels[::-1], dim=1)
        if not dense:
            return self.network.classifier(stacked)  # type: ignore[no-any-return]
        for layer in self.network.classifier:
            if isinstance(layer, nn.Linear):
                stacked = nn.functional.conv2d(stacked, layer.weight[..., None, None], layer.bias)
        return stacked

    def _maps(self, image: Tensor) -> tuple[Tensor, ...]:
        """Maps of the spatial encoder (B, D, h, w)."""
        spatial = self.network.backbone.spatial
        weight = spatial.embed.weight
        embedded = nn.functional.conv2d(image, weight, spatial.embed.bias, stride=weight.shape[-1])
        rows, cols = embedded.shape[-2:]
        tokens = spatial.positions(embedded.flatten(2).transpose(1, 2), (rows, cols))
        return tuple(
            part.transpose(1, 2).reshape(len(image), -1, rows, cols) for part in self.spatial(tokens, (rows, cols))
        )

    def _band_tokens(self, image: Tensor) -> Tensor:
        """Tokens (B, N, D) of the first tap of the spectral encoder."""
        spectral = self.network.backbone.spectral
        assert spectral is not None
        count = spectral.embed.tokens
        pooled = nn.functional.adaptive_avg_pool1d(image.flatten(2).transpose(1, 2), count)
        tokens = linear(pooled.transpose(1, 2), spectral.embed.weight.flatten(1), spectral.embed.bias)
        tokens = spectral.positions(tokens, (count,))
        side = round(count**0.5)
        return self.spectral(tokens, (side, side))[0]


def masked_loss(autoencoder: MaskedAutoencoder, image: Tensor, noise: Tensor) -> Tensor:
    """Loss of masked autoencoding: all tokens are embedded before most are left out, and all are predicted."""
    target = autoencoder.target(image)
    weight, bias = autoencoder.embed.weight, autoencoder.embed.bias
    if weight.ndim == 4:
        tokens = nn.functional.conv2d(image, weight, bias, stride=weight.shape[-1]).flatten(2).transpose(1, 2)
    else:
        tokens = linear(image.flatten(2), weight.flatten(1), bias)
    order = noise.argsort(dim=1)
    restore = order.argsort(dim=1)
    kept = autoencoder.num_kept(tokens.shape[1])
    tokens = _taken(tokens, order[:, :kept])
    known = autoencoder.decoder_embed(autoencoder.norm(_through(autoencoder.encoder, tokens)))
    hidden = autoencoder.mask_token.expand(len(known), restore.shape[1] - kept, -1)
    tokens = _taken(torch.cat([known, hidden], dim=1), restore)
    tokens = autoencoder.decoder_positions(tokens, autoencoder.config.grid)
    predicted = autoencoder.predict(autoencoder.decoder_norm(_through(autoencoder.decoder, tokens)))
    masked = (restore >= kept).to(predicted.dtype)
    return ((predicted - target).square().mean(-1) * masked).sum() / masked.sum()


def _through(encoder: Encoder, tokens: Tensor) -> Tensor:
    """Tokens (B, N, D) through blocks of full attention."""
    for part in encoder.blocks:
        tokens = block(part, tokens, (1, tokens.shape[1]))
    return tokens


def _taken(tokens: Tensor, index: Tensor) -> Tensor:
    """Tokens (B, K, D) at indices (B, K)."""
    return tokens.gather(1, index.unsqueeze(-1).expand(-1, -1, tokens.shape[-1]))
