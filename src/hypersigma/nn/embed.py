"""From pictures to tokens: patches of all bands, or bands of a whole tile; both take missing bands."""

from __future__ import annotations

from typing import Literal

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool1d

from hypersigma.errors import ConfigError
from hypersigma.nn.resize import resize_patch

TokenKind = Literal["bands", "pooled"]


class PatchEmbed(nn.Module):
    """One token a patch: a linear map of its channels x patch x patch values. A remainder of pixels is left out."""

    def __init__(self, channels: int, dim: int, patch: int) -> None:
        super().__init__()
        self.patch = patch
        self.weight = nn.Parameter(torch.empty(dim, channels, patch, patch))
        self.bias = nn.Parameter(torch.empty(dim))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weight and bias as PyTorch does those of a convolution."""
        bound = self.weight[0].numel() ** -0.5
        nn.init.uniform_(self.weight, -bound, bound)
        nn.init.uniform_(self.bias, -bound, bound)

    def forward(self, image: Tensor, present: Tensor | None = None) -> Tensor:
        """Tokens as a map (B, D, h, w) of an image (B, C, H, W).

        Channels without data, where `present` (C,) is False, count as zero, and the rest is scaled up by C / number
        present, so that a token keeps its magnitude.
        """
        if image.shape[1] != self.weight.shape[1]:
            raise ConfigError(f"the patch embedding takes {self.weight.shape[1]} channels, found {image.shape[1]}")
        if present is not None:
            # Filling, not multiplying: a missing channel may hold NaN.
            image = image.masked_fill(~present[:, None, None], 0.0) * (len(present) / present.sum())
        rows, cols = (side // self.patch for side in image.shape[-2:])
        image = image[..., : rows * self.patch, : cols * self.patch]
        # Patches do not overlap, so their convolution is one product.
        cells = rearrange(image, "b c (h p) (w q) -> b (h w) (c p q)", p=self.patch, q=self.patch)
        tokens = nn.functional.linear(cells, self.weight.flatten(1), self.bias)
        return rearrange(tokens, "b (h w) d -> b d h w", h=rows)


class SpectralMap(nn.Module):
    """One token a band: a linear map of the band's picture, a patch embedding whose patch is the tile.

    An image of another size than the tile meets weights that are resized to it.

    Args:
        tile: rows and columns the weights are kept for.
        tokens: number of tokens.
        kind: "bands", where every channel is a token and missing ones are left out; or "pooled", where channels
            are averaged to the number of tokens (repeated where there are fewer), as published.
    """

    def __init__(self, dim: int, tile: tuple[int, int], *, tokens: int, kind: TokenKind = "bands") -> None:
        super().__init__()
        self.tokens = tokens
        self.kind = kind
        self.weight = nn.Parameter(torch.empty(dim, *tile))
        self.bias = nn.Parameter(torch.empty(dim))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weight and bias as those of the linear layer that it is in the published networks."""
        nn.init.trunc_normal_(self.weight, std=0.02)
        nn.init.zeros_(self.bias)

    def forward(self, image: Tensor, present: Tensor | None = None) -> Tensor:
        """Tokens (B, N, D) of an image (B, C, H, W); `present` (C,) says which bands hold data."""
        weight = resize_patch(self.weight, *image.shape[-2:]).flatten(1)
        if self.kind == "bands":
            return nn.functional.linear(self._bands(image, present).flatten(2), weight, self.bias)
        if present is not None:
            raise ConfigError("pooled tokens mix the bands, so none of them may be missing; use tokens: bands")
        pixels = image.flatten(2)
        # Averages over bands and the map of pixels may change places; the fewer rows are mapped.
        if image.shape[1] < self.tokens:
            return self._pooled(nn.functional.linear(pixels, weight)) + self.bias
        return nn.functional.linear(self._pooled(pixels), weight, self.bias)

    def _pooled(self, bands: Tensor) -> Tensor:
        """Averages (B, N, V) of values (B, C, V) of all bands."""
        return adaptive_avg_pool1d(bands.mT, self.tokens).mT

    def _bands(self, image: Tensor, present: Tensor | None) -> Tensor:
        """The pictures (B, N, H, W) of the bands that are there."""
        if image.shape[1] != self.tokens:
            raise ConfigError(f"one token a band: expected {self.tokens} bands, found {image.shape[1]}")
        return image if present is None else image[:, present]
