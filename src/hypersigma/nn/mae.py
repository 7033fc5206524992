"""Masked autoencoders over space and over spectrum: most tokens are hidden, the rest must do to predict them.

After He et al., "Masked autoencoders are scalable vision learners" (arXiv 2111.06377). One set of weights serves any
patch, tile and set of bands: what reads pixels and what predicts them is resized as a picture (FlexiViT, arXiv
2212.08013), and bands that a sensor lacks are neither read nor predicted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

import torch
from einops import rearrange, repeat
from torch import Tensor, nn
from torch.nn.functional import linear

from hypersigma.errors import ConfigError
from hypersigma.nn.backbone import CANONICAL_BANDS, Missing, require_canonical
from hypersigma.nn.block import NORM_EPSILON
from hypersigma.nn.embed import PatchEmbed, SpectralMap, TokenKind
from hypersigma.nn.encoder import Encoder, EncoderConfig, initialise_linear
from hypersigma.nn.expected import expected
from hypersigma.nn.layout import Grid, Layout, Line
from hypersigma.nn.positions import PositionKind, Positions
from hypersigma.nn.resize import resize_patch, resize_picture
from hypersigma.nn.sizes import Size

PIXEL_EPSILON = 1e-6

Hidden = Literal["left_out", "tokens"]


def masking_encoder(size: Size | str) -> EncoderConfig:
    """The encoder of a size as masked pre-training has it: full attention throughout, read at the end."""
    return replace(sparse_encoder(size), interval=1)


def sparse_encoder(size: Size | str) -> EncoderConfig:
    """The encoder of a size as the last phase of pre-training has it: sparse sampling as in use, read at the end."""
    config = EncoderConfig.of_size(size)
    return replace(config, taps=(config.depth - 1,))


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
        hidden: what the encoder sees of a hidden token: nothing, "left_out", as published; or a learned token that
            stands in the grid, "tokens", so that sparse sampling has a whole grid to look at.
    """

    encoder: EncoderConfig = field(default_factory=lambda: masking_encoder("tiny"))
    decoder: EncoderConfig = field(default_factory=lambda: masking_encoder(Size(512, 8, 16, 1, (7,))))
    channels: int = CANONICAL_BANDS
    tile: tuple[int, int] = (64, 64)
    positions: PositionKind = "sin_cos"
    decoder_positions: PositionKind = "sin_cos"
    mask_ratio: float = 0.75
    hidden: Hidden = "left_out"

    def __post_init__(self) -> None:
        for config in (self.encoder, self.decoder):
            if config.taps != (config.depth - 1,):
                raise ConfigError("masked pre-training reads the last block alone")
        if self.decoder.interval != 1 or (self.hidden == "left_out" and self.encoder.interval != 1):
            raise ConfigError("a decoder, and an encoder with hidden: left_out, have full attention (interval 1)")
        if not 0 < self.mask_ratio < 1:
            raise ConfigError(f"mask_ratio must lie between 0 and 1, not {self.mask_ratio}")

    @property
    def grid(self) -> tuple[int, ...]:
        """Shape of the tokens of a tile."""
        raise NotImplementedError

    @property
    def values(self) -> int:
        """Values that are predicted a token of a tile."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class SpatialMaskingConfig(MaskingConfig):
    """Hides patches of patch x patch pixels.

    Attributes:
        patch: side of the patch that weights are kept for.
        patches: sides that it is trained with, () for that one alone.
        missing: as in `SpatialConfig`.
    """

    patch: int = 8
    patches: tuple[int, ...] = ()
    missing: Missing = "scaled"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.tile[0] % self.patch or self.tile[1] % self.patch:
            raise ConfigError(f"a tile of {self.tile} is no whole number of patches of {self.patch}")
        require_canonical(self.missing, self.channels)

    @property
    def grid(self) -> tuple[int, ...]:
        return self.tile[0] // self.patch, self.tile[1] // self.patch

    @property
    def values(self) -> int:
        return self.channels * self.patch**2


@dataclass(frozen=True, kw_only=True)
class SpectralMaskingConfig(MaskingConfig):
    """Hides bands, or groups of neighbouring bands where there are fewer tokens; weights are kept for the tile.

    Attributes:
        tokens: number of tokens.
        tiles: sides of tiles that it is trained with, () for its own alone.
    """

    tokens: int = CANONICAL_BANDS
    tiles: tuple[int, ...] = ()

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


class View(NamedTuple):
    """How images are cut into tokens.

    Attributes:
        side: rows and columns of a token's picture.
        grid: shape of all tokens, those of missing bands among them.
        bands: indices of the bands that are there, ascending, or None for all.
    """

    side: tuple[int, int]
    grid: tuple[int, ...]
    bands: Tensor | None

    @property
    def places(self) -> Tensor | None:
        """Places on the grid of the tokens that are there (N,), or None for all: missing bands are missing tokens."""
        return self.bands if len(self.grid) == 1 else None

    @property
    def num_tokens(self) -> int:
        """Tokens that are there."""
        return math.prod(self.grid) if self.places is None else len(self.places)


class Reconstruction(NamedTuple):
    """What a masked autoencoder makes of an image.

    Attributes:
        decoded: what values of every token are predicted from (B, N, width).
        weight, bias: of the linear map to these values, (V, width) and (V,).
        masked: which tokens were hidden (B, N), bool.
        latent: encoded kept tokens (B, kept, D), in the order of their noise.
        restore: place of every token in the order kept, then hidden (B, N).
    """

    decoded: Tensor
    weight: Tensor
    bias: Tensor
    masked: Tensor
    latent: Tensor
    restore: Tensor

    @property
    def predicted(self) -> Tensor:
        """Values of every token (B, N, V)."""
        return linear(self.decoded, self.weight, self.bias)

    def errors(self, target: Tensor, *, normalised: bool = False) -> Tensor:
        """Mean squared error of every hidden token (B, hidden); the others are not even predicted.

        `target` has the values of all tokens (B, N, V); `normalised` brings each to mean 0, variance 1.
        """
        hidden = self.restore.argsort(dim=1)[:, self.latent.shape[1] :]
        target = _taken(target, hidden)
        if normalised:
            variance, mean = torch.var_mean(target, dim=-1, keepdim=True)
            target = (target - mean) / (variance + PIXEL_EPSILON).sqrt()
        predicted = linear(_taken(self.decoded, hidden), self.weight, self.bias)
        # At the target's precision, whatever the products' is: thousands of errors are summed.
        return (predicted.to(target.dtype) - target).square().mean(-1)

    def loss(self, target: Tensor, *, normalised: bool = False) -> Tensor:
        """Mean of the errors of the hidden tokens."""
        return self.errors(target, normalised=normalised).mean()


class MaskedAutoencoder(nn.Module):
    """Embedding and encoder as in the backbone, a shallow decoder, and one linear map to pixels."""

    def __init__(self, config: SpatialMaskingConfig | SpectralMaskingConfig) -> None:
        super().__init__()
        self.config = config
        dim, width = config.encoder.dim, config.decoder.dim
        self.embed = _embedding(config)
        self.positions = Positions(config.positions, dim, config.grid)
        self.encoder = Encoder(config.encoder, axes=len(config.grid))
        self.norm = nn.LayerNorm(dim, eps=NORM_EPSILON)
        self.decoder_embed = nn.Linear(dim, width)
        self.mask_token = nn.Parameter(torch.empty(1, 1, width))
        if config.hidden == "tokens":
            self.hidden_token = nn.Parameter(torch.empty(1, 1, dim))
        self.decoder_positions = Positions(config.decoder_positions, width, config.grid)
        self.decoder = Encoder(config.decoder)
        self.decoder_norm = nn.LayerNorm(width, eps=NORM_EPSILON)
        self.predict = nn.Linear(width, config.values)
        self.reset_parameters()
        initialise_linear(self.decoder_embed)
        initialise_linear(self.predict)

    def reset_parameters(self) -> None:
        """Draw the tokens that stand for hidden ones."""
        for token in self.parameters(recurse=False):
            nn.init.normal_(token, std=0.02)

    def forward(
        self,
        image: Tensor,
        noise: Tensor,
        present: Tensor | None = None,
        *,
        patch: int | None = None,
        context: Tensor | None = None,
    ) -> Reconstruction:
        """Every token predicted from the kept ones.

        Args:
            image: (B, C, H, W).
            noise: (B, N), a number for each token of a band that is there; the tokens of the smallest are kept.
            present: (C,) bool, which bands hold data, None for all; the others may hold anything.
            patch: side of a spatial token in pixels, None for the one that the weights are kept for.
            context: (B, width), something that the decoder is told beside the kept tokens.
        """
        view = read = self.view(image, present, patch)
        if isinstance(self.config, SpatialMaskingConfig) and self.config.missing == "expected":
            # All bands are read, those that are there are predicted.
            image, read = expected(image, present), view._replace(bands=None)
        values = self._cut(image, read)
        # Sorting the order gives its inverse: the place of every token among kept and hidden ones.
        order = noise.argsort(dim=1)
        restore = order.argsort(dim=1)
        kept = self.num_kept(values.shape[1])
        masked = restore >= kept
        encode = self._encoded_alone if self.config.hidden == "left_out" else self._encoded_in_grid
        latent = self.norm(encode(values, order[:, :kept], masked, read))
        decoded = self._decoded(latent, restore, view, context)
        return Reconstruction(decoded, *self._prediction(view), masked, latent, restore)

    def num_kept(self, num_tokens: int) -> int:
        """How many of so many tokens are kept."""
        return int(num_tokens * (1 - self.config.mask_ratio))

    def target(self, image: Tensor, present: Tensor | None = None, *, patch: int | None = None) -> Tensor:
        """The values (B, N, V) to be predicted: pixels of a patch by row, column, band; or of a band by row, column."""
        return self._cut(image, self.view(image, present, patch))

    def view(self, image: Tensor, present: Tensor | None = None, patch: int | None = None) -> View:
        """How an image is cut into tokens.

        Raises:
            ConfigError: it is no whole number of patches, or bands are missing where tokens are of several.
        """
        bands = None if present is None else present.nonzero().squeeze(1).to(image.device)
        rows, cols = image.shape[-2:]
        if isinstance(self.config, SpectralMaskingConfig):
            if bands is not None and self.config.tokens != self.config.channels:
                raise ConfigError("tokens of several bands mix them, so none may be missing; use a token a band")
            return View((rows, cols), self.config.grid, bands)
        side = patch or self.config.patch
        if rows % side or cols % side:
            raise ConfigError(f"an image of {rows} x {cols} pixels is no whole number of patches of {side}")
        return View((side, side), (rows // side, cols // side), bands)

    def _cut(self, image: Tensor, view: View) -> Tensor:
        """The values (B, N, V) of all tokens."""
        if view.bands is not None:
            # Chosen, not multiplied by zero: a missing band may hold NaN.
            image = image.index_select(1, view.bands)
        if isinstance(self.config, SpatialMaskingConfig):
            return rearrange(image, "b c (row p) (col q) -> b (row col) (p q c)", p=view.side[0], q=view.side[1])
        together = self.config.channels // self.config.tokens
        return rearrange(image, "b (t c) h w -> b t (c h w)", c=together)

    def _embedded(self, values: Tensor, places: Tensor | None, view: View) -> Tensor:
        """Tokens with their positions, of values (B, K, V) at places (B, K) of the grid, or at all of them."""
        weight = resize_patch(self.embed.weight, *view.side)
        if isinstance(self.config, SpatialMaskingConfig):
            if view.bands is not None:
                # As in PatchEmbed: what is there is scaled up, so that a token keeps its magnitude.
                weight = weight[:, view.bands] * (self.config.channels / len(view.bands))
            weight = rearrange(weight, "d c p q -> d (p q c)")
        else:
            together = self.config.channels // self.config.tokens
            weight = repeat(weight, "d h w -> d (c h w)", c=together) / together
        return self.positions(linear(values, weight, self.embed.bias), view.grid, places)  # type: ignore[no-any-return]

    def _encoded_alone(self, values: Tensor, kept: Tensor, masked: Tensor, view: View) -> Tensor:
        """Kept tokens after the last block, which has seen no others."""
        places = kept if view.places is None else view.places[kept]
        tokens = self._embedded(_taken(values, kept), places, view)
        return _encoded(self.encoder, tokens)

    def _encoded_in_grid(self, values: Tensor, kept: Tensor, masked: Tensor, view: View) -> Tensor:
        """Kept tokens after the last block, which saw the whole grid with a learned token for each hidden one."""
        values = values.masked_fill(masked[..., None], 0.0)
        shift = (self.hidden_token - self.embed.bias) * masked[..., None]
        tokens = self._embedded(values, view.places, view) + shift.to(values.dtype)
        return _taken(_encoded(self.encoder, tokens, self._layout(tokens, view)), kept)

    def _decoded(self, latent: Tensor, restore: Tensor, view: View, context: Tensor | None) -> Tensor:
        """What values are predicted from (B, N, width): kept tokens, and mask tokens for the others, decoded."""
        known = self.decoder_embed(latent)
        if context is not None:
            known = known + context[:, None]
        hidden = self.mask_token.to(known.dtype).expand(len(known), restore.shape[1] - known.shape[1], -1)
        tokens = _taken(torch.cat([known, hidden], dim=1), restore)
        tokens = self.decoder_positions(tokens, view.grid, view.places)
        return self.decoder_norm(_encoded(self.decoder, tokens))  # type: ignore[no-any-return]

    def _prediction(self, view: View) -> tuple[Tensor, Tensor]:
        """Weight (V, width) and bias (V,) of the map to pixels, as a picture of a token's bands resized to its side."""
        weight, bias = self.predict.weight, self.predict.bias[:, None]
        if isinstance(self.config, SpatialMaskingConfig):
            patch = self.config.patch
            sides, bands, order = (patch, patch), view.bands, "d c p q -> (p q c) d"
            weight, bias = (rearrange(part, "(p q c) d -> d c p q", p=patch, q=patch) for part in (weight, bias))
        else:
            sides, bands, order = self.config.tile, None, "d c p q -> (c p q) d"
            weight, bias = (rearrange(part, "(c p q) d -> d c p q", p=sides[0], q=sides[1]) for part in (weight, bias))
        if bands is not None:
            weight, bias = weight[:, bands], bias[:, bands]
        weight, bias = (rearrange(resize_picture(part, *view.side), order) for part in (weight, bias))
        return weight, bias.squeeze(1)

    def _layout(self, tokens: Tensor, view: View) -> Layout:
        """Where the tokens of a whole grid lie."""
        if len(view.grid) == 2:
            return Grid(*view.grid)
        return Line(torch.arange(tokens.shape[1], device=tokens.device) if view.places is None else view.places)


def _embedding(config: SpatialMaskingConfig | SpectralMaskingConfig) -> PatchEmbed | SpectralMap:
    """The embedding of the backbone that this autoencoder trains."""
    if isinstance(config, SpatialMaskingConfig):
        return PatchEmbed(config.channels, config.encoder.dim, config.patch)
    kind: TokenKind = "bands" if config.tokens == config.channels else "pooled"
    return SpectralMap(config.encoder.dim, config.tile, tokens=config.tokens, kind=kind)


def _encoded(encoder: Encoder, tokens: Tensor, layout: Layout | None = None) -> Tensor:
    """Tokens after the last block; full attention asks for no places, so any line will do."""
    encoded: Tensor = encoder(tokens, layout or Line(torch.arange(tokens.shape[1], device=tokens.device)))[-1]
    return encoded


def _taken(tokens: Tensor, index: Tensor) -> Tensor:
    """Tokens (B, M, D) at the indices (B, M) of each sample."""
    # gather wants an index as wide as what it gathers; expanding costs no memory.
    return tokens.gather(1, index.unsqueeze(-1).expand(-1, -1, tokens.shape[-1]))
