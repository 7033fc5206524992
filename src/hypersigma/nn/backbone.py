"""The two encoders, one over space and one over spectrum, and both together."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from hypersigma.errors import ConfigError
from hypersigma.nn.embed import PatchEmbed, SpectralMap, TokenKind
from hypersigma.nn.encoder import Encoder, EncoderConfig
from hypersigma.nn.expected import expected
from hypersigma.nn.layout import Grid, Layout, Line
from hypersigma.nn.positions import PositionKind, Positions

CANONICAL_BANDS = 100

Missing = Literal["scaled", "expected"]
Axis = Literal["line", "picture"]


class Features(NamedTuple):
    """What the encoders make of an image.

    Attributes:
        spatial: maps (B, D, h, w), shallow to deep, one a tap.
        spectral: tokens (B, N, D) of the deepest tap, one a present band, or None without a spectral encoder.
    """

    spatial: tuple[Tensor, ...]
    spectral: Tensor | None


@dataclass(frozen=True, kw_only=True)
class SpatialConfig:
    """The encoder over space.

    Attributes:
        encoder: its blocks.
        channels: bands of the image.
        patch: side of a patch in pixels, one token each.
        positions: "sin_cos"; published: "learned" in fine-tuning, "none" in pre-training.
        grid: tokens (rows, columns) that a learned table is made for.
        missing: what becomes of canonical bands that are missing: the rest is "scaled" up, or they count as what is
            "expected" given the rest.
        beside: further channels that tokens are told of, from zero on: what is known of a scene but was not in
            pre-training.
    """

    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    channels: int = CANONICAL_BANDS
    patch: int = 8
    positions: PositionKind = "sin_cos"
    grid: tuple[int, int] = (8, 8)
    missing: Missing = "scaled"
    beside: int = 0

    def __post_init__(self) -> None:
        if self.channels < 1 or self.patch < 1:
            raise ConfigError(f"channels ({self.channels}) and patch ({self.patch}) must be at least 1")
        require_canonical(self.missing, self.channels)


@dataclass(frozen=True, kw_only=True)
class SpectralConfig:
    """The encoder over spectrum.

    Attributes:
        encoder: its blocks.
        tokens: number of band tokens.
        kind: "bands", one token a band, or "pooled", as published.
        tile: rows and columns of the image that the spectral map is kept for.
        axis: "line", sampling along the band axis, or "picture", along a square picture of the band sequence, as
            published.
        positions: "sin_cos" of the band index; published: "learned" or "none".
    """

    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    tokens: int = CANONICAL_BANDS
    kind: TokenKind = "bands"
    tile: tuple[int, int] = (64, 64)
    axis: Axis = "line"
    positions: PositionKind = "sin_cos"

    def __post_init__(self) -> None:
        if self.tokens < 1 or min(self.tile) < 1:
            raise ConfigError(f"tokens ({self.tokens}) and tile {self.tile} must be at least 1")
        if self.axis == "picture" and math.isqrt(self.tokens) ** 2 != self.tokens:
            raise ConfigError(f"{self.tokens} band tokens make no square picture; use axis: line")


@dataclass(frozen=True, kw_only=True)
class BackboneConfig:
    """Both encoders; `spectral` is None for the spatial encoder alone."""

    spatial: SpatialConfig = field(default_factory=SpatialConfig)
    spectral: SpectralConfig | None = field(default_factory=SpectralConfig)


def require_canonical(missing: Missing, channels: int) -> None:
    """Raise ConfigError where bands are to be expected that are not known."""
    if missing == "expected" and channels != CANONICAL_BANDS:
        raise ConfigError(
            f"missing: expected is for the {CANONICAL_BANDS} canonical bands, found {channels}; use missing: scaled"
        )


def band_layout(axis: Axis, tokens: Tensor, index: Tensor | None) -> Layout:
    """Where tokens (B, N, D) lie on the band axis; `index` (N,) says which of the bands they are, None for all.

    Raises:
        ConfigError: bands are missing in a picture.
    """
    if axis == "line":
        return Line(torch.arange(tokens.shape[1], device=tokens.device) if index is None else index)
    if index is not None:
        raise ConfigError("a square picture of the bands has no place for missing ones; use axis: line")
    side = math.isqrt(tokens.shape[1])
    return Grid(side, side)


class SpatialEncoder(nn.Module):
    """Patches of an image through the blocks."""

    def __init__(self, config: SpatialConfig) -> None:
        super().__init__()
        dim = config.encoder.dim
        self.missing = config.missing
        self.embed = PatchEmbed(config.channels, dim, config.patch)
        if config.beside:
            self.beside = PatchEmbed(config.beside, dim, config.patch)
            for part in self.beside.parameters():
                nn.init.zeros_(part)
        self.positions = Positions(config.positions, dim, config.grid)
        self.encoder = Encoder(config.encoder, axes=2)

    def forward(self, image: Tensor, present: Tensor | None = None, beside: Tensor | None = None) -> tuple[Tensor, ...]:
        """Maps (B, D, h, w) at the taps, shallow to deep.

        Args:
            image: (B, C, H, W).
            present: (C,) as in `PatchEmbed`.
            beside: (B, beside, H, W) further channels.
        """
        if self.missing == "expected":
            image, present = expected(image, present), None
        embedded = self.embed(image, present)
        if beside is not None:
            embedded = embedded + self.beside(beside)
        rows, cols = embedded.shape[-2:]
        tokens = self.positions(embedded.flatten(2).transpose(1, 2), (rows, cols))
        tapped = self.encoder(tokens, Grid(rows, cols))
        return tuple(tokens.transpose(1, 2).unflatten(2, (rows, cols)) for tokens in tapped)


class SpectralEncoder(nn.Module):
    """Bands of an image through the blocks."""

    def __init__(self, config: SpectralConfig) -> None:
        super().__init__()
        dim = config.encoder.dim
        self.axis = config.axis
        self.embed = SpectralMap(dim, config.tile, tokens=config.tokens, kind=config.kind)
        self.positions = Positions(config.positions, dim, (config.tokens,))
        self.encoder = Encoder(config.encoder, axes=1 if config.axis == "line" else 2)

    def forward(self, image: Tensor, present: Tensor | None = None) -> tuple[Tensor, ...]:
        """Tokens (B, N, D) of the present bands at the taps, shallow to deep, of an image (B, C, H, W)."""
        index = None if present is None else present.nonzero().squeeze(1)
        tokens = self.positions(self.embed(image, present), (self.embed.tokens,), index)
        return self.encoder(tokens, band_layout(self.axis, tokens, index))  # type: ignore[no-any-return]


class Backbone(nn.Module):
    """Spatial and spectral encoder side by side."""

    def __init__(self, config: BackboneConfig) -> None:
        super().__init__()
        self.spatial = SpatialEncoder(config.spatial)
        self.spectral = SpectralEncoder(config.spectral) if config.spectral is not None else None

    def forward(self, image: Tensor, present: Tensor | None = None, beside: Tensor | None = None) -> Features:
        """Features of an image (B, C, H, W).

        `present` (C,), bool, says which bands hold data, the same for the batch; None for all. `beside` holds further
        channels for the spatial encoder.
        """
        # Fusion reads one spectral stage, the deepest that is built.
        spectral = None if self.spectral is None else self.spectral(image, present)[-1]
        return Features(self.spatial(image, present, beside), spectral)
