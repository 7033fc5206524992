"""Masked autoencoders over space and over spectrum: most tokens are hidden, the encoder sees the rest.

After He et al., "Masked autoencoders are scalable vision learners" (arXiv 2111.06377); no sparse sampling here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import torch
from einops import rearrange
from torch import Tensor, nn

from hypersigma.errors import ConfigError
from hypersigma.nn.backbone import CANONICAL_BANDS
from hypersigma.nn.block import NORM_EPSILON
from hypersigma.nn.embed import PatchEmbed, SpectralMap, TokenKind
from hypersigma.nn.encoder import Encoder, EncoderConfig, initialise_linear
from hypersigma.nn.layout import Line
from hypersigma.nn.positions import PositionKind, Positions
from hypersigma.nn.sizes import Size

PIXEL_EPSILON = 1e-6


def masking_encoder(size: Size | str) -> EncoderConfig:
    """The encoder of a size as masked pre-training has it: full attention throughout, read at the end."""
    config = EncoderConfig.of_size(size)
    return replace(config, interval=1, taps=(config.depth - 1,))


@dataclass(frozen=True, kw_only=True)
class MaskingConfig:
    """What both masked autoencoders need to know.

    Attributes:
        encoder: blocks that see the kept tokens.
        decoder: blocks that see kept and masked tokens.
        channels: bands of the image.
        tile: rows and columns of the image.
        positions: positions of the encoder; published: "none".
        decoder_positions: positions of the decoder; "learned" is a table as the published files hold.
        mask_ratio: share of tokens that is hidden.
    """

    encoder: EncoderConfig = field(default_factory=lambda: masking_encoder("tiny"))
    decoder: EncoderConfig = field(default_factory=lambda: masking_encoder(Size(512, 8, 16, 1, (7,))))
    channels: int = CANONICAL_BANDS
    tile: tuple[int, int] = (64, 64)
    positions: PositionKind = "sin_cos"
    decoder_positions: PositionKind = "sin_cos"
    mask_ratio: float = 0.75

    def __post_init__(self) -> None:
        for config in (self.encoder, self.decoder):
            if config.interval != 1 or config.taps != (config.depth - 1,):
                raise ConfigError("masked pre-training has full attention (interval 1) and reads the last block alone")
        if not 0 < self.mask_ratio < 1:
            raise ConfigError(f"mask_ratio must lie between 0 and 1, not {self.mask_ratio}")

    @property
    def grid(self) -> tuple[int, ...]:
        """Shape of the tokens."""
        raise NotImplementedError

    @property
    def values(self) -> int:
        """Values that are predicted a token."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class SpatialMaskingConfig(MaskingConfig):
    """Hides patches of patch x patch pixels."""

    patch: int = 8

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.tile[0] % self.patch or self.tile[1] % self.patch:
            raise ConfigError(f"a tile of {self.tile} is no whole number of patches of {self.patch}")

    @property
    def grid(self) -> tuple[int, ...]:
        return self.tile[0] // self.patch, self.tile[1] // self.patch

    @property
    def values(self) -> int:
        return self.channels * self.patch**2


@dataclass(frozen=True, kw_only=True)
class SpectralMaskingConfig(MaskingConfig):
    """Hides bands, or groups of neighbouring bands where there are fewer tokens."""

    tokens: int = CANONICAL_BANDS

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.channels % self.tokens:
            raise ConfigError(f"{self.channels} channels are no whole number of bands for each of {self.tokens} tokens")

    @property
    def grid(self) -> tuple[int, ...]:
        return (self.tokens,)

    @property
    def values(self) -> int:
        return self.channels // self.tokens * self.tile[0] * self.tile[1]


class Reconstruction(NamedTuple):
    """What a masked autoencoder makes of an image.

    Attributes:
        predicted: values of every token (B, N, V).
        masked: which tokens were hidden (B, N), bool.
        latent: encoded kept tokens (B, kept, D), in the order of their noise.
        restore: place of every token in the order kept, then hidden (B, N).
    """

    predicted: Tensor
    masked: Tensor
    latent: Tensor
    restore: Tensor

    def loss(self, target: Tensor, *, normalised: bool = False) -> Tensor:
        """Mean squared error over the hidden tokens; `normalised` brings every target token to mean 0, variance 1."""
        if normalised:
            variance, mean = torch.var_mean(target, dim=-1, keepdim=True)
            target = (target - mean) / (variance + PIXEL_EPSILON).sqrt()
        error = (self.predicted - target).square().mean(-1)
        return (error * self.masked).sum() / self.masked.sum()


class MaskedAutoencoder(nn.Module):
    """Embedding and encoder as in the backbone, a shallow decoder, and one linear map to pixels."""

    def __init__(self, config: SpatialMaskingConfig | SpectralMaskingConfig) -> None:
        super().__init__()
        self.config = config
        dim, width = config.encoder.dim, config.decoder.dim
        self.embed = _embedding(config)
        self.positions = Positions(config.positions, dim, config.grid)
        self.encoder = Encoder(config.encoder)
        self.norm = nn.LayerNorm(dim, eps=NORM_EPSILON)
        self.decoder_embed = nn.Linear(dim, width)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, width))
        self.decoder_positions = Positions(config.decoder_positions, width, config.grid)
        self.decoder = Encoder(config.decoder)
        self.decoder_norm = nn.LayerNorm(width, eps=NORM_EPSILON)
        self.predict = nn.Linear(width, config.values)
        nn.init.normal_(self.mask_token, std=0.02)
        initialise_linear(self.decoder_embed)
        initialise_linear(self.predict)

    def forward(self, image: Tensor, noise: Tensor) -> Reconstruction:
        """Every token predicted from the kept ones.

        `image` is (B, C, H, W); of the tokens those with the smallest `noise` (B, N) are kept.
        """
        tokens = self.positions(_as_tokens(self.embed(image)), self.config.grid)
        kept = int(tokens.shape[1] * (1 - self.config.mask_ratio))
        # Sorting the order gives its inverse: the place of every token among kept and hidden ones.
        order = noise.argsort(dim=1)
        restore = order.argsort(dim=1)
        latent = self.norm(_encoded(self.encoder, _taken(tokens, order[:, :kept])))
        return Reconstruction(self._decoded(latent, restore), restore >= kept, latent, restore)

    def target(self, image: Tensor) -> Tensor:
        """The values (B, N, V) to be predicted: pixels of a patch by row, column, band; or of a band by row, column."""
        if isinstance(self.config, SpatialMaskingConfig):
            side = self.config.patch
            return rearrange(image, "b c (row p) (col q) -> b (row col) (p q c)", p=side, q=side)
        return rearrange(image, "b (t c) h w -> b t (c h w)", t=self.config.tokens)

    def _decoded(self, latent: Tensor, restore: Tensor) -> Tensor:
        """Predicted values (B, N, V) from kept tokens, mask tokens standing in for the others."""
        known = self.decoder_embed(latent)
        hidden = self.mask_token.expand(len(known), restore.shape[1] - known.shape[1], -1)
        tokens = _taken(torch.cat([known, hidden], dim=1), restore)
        tokens = self.decoder_positions(tokens, self.config.grid)
        return self.predict(self.decoder_norm(_encoded(self.decoder, tokens)))  # type: ignore[no-any-return]


def _embedding(config: SpatialMaskingConfig | SpectralMaskingConfig) -> PatchEmbed | SpectralMap:
    """The embedding of the backbone that this autoencoder trains."""
    if isinstance(config, SpatialMaskingConfig):
        return PatchEmbed(config.channels, config.encoder.dim, config.patch)
    kind: TokenKind = "bands" if config.tokens == config.channels else "pooled"
    return SpectralMap(config.encoder.dim, config.tile, tokens=config.tokens, kind=kind)


def _as_tokens(embedded: Tensor) -> Tensor:
    """Tokens (B, N, D) of tokens or of a map (B, D, h, w)."""
    return embedded if embedded.dim() == 3 else rearrange(embedded, "b d h w -> b (h w) d")


def _encoded(encoder: Encoder, tokens: Tensor) -> Tensor:
    """Tokens after the last block; full attention asks for no places, so any line will do."""
    encoded: Tensor = encoder(tokens, Line(torch.arange(tokens.shape[1], device=tokens.device)))[-1]
    return encoded


def _taken(tokens: Tensor, index: Tensor) -> Tensor:
    """Tokens (B, M, D) at the indices (B, M) of each sample."""
    # gather wants an index as wide as what it gathers; expanding costs no memory.
    return tokens.gather(1, index.unsqueeze(-1).expand(-1, -1, tokens.shape[-1]))
