"""What the networks that restore images share: features with a channel a band, by adapters and the spectral gate."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from torch import Tensor, nn

from hypersigma.errors import ConfigError
from hypersigma.nn.attention.sparse_sampling import OffsetStart
from hypersigma.nn.backbone import Backbone, BackboneConfig, SpatialConfig, SpectralConfig, band_layout
from hypersigma.nn.encoder import Encoder, EncoderConfig
from hypersigma.nn.fusion import SpectralGate
from hypersigma.nn.layout import Grid
from hypersigma.nn.necks import doubling
from hypersigma.nn.pad import reflect_to_multiple
from hypersigma.nn.positions import PositionKind, Positions
from hypersigma.nn.sizes import Size

# Published: channels of the spatial adapter of the networks without the spectral encoder.
PUBLISHED_WIDTH = 180


@dataclass(frozen=True, kw_only=True)
class AdapterConfig:
    """The few narrow blocks behind an encoder, which are always learned anew.

    Attributes:
        depth: number of blocks.
        heads: attention heads; where tokens have fewer channels, as many as those.
        interval: block i (from 0) has full attention if (i + 1) is a multiple of this, else sparse sampling.
        points: places a token samples per head.
        offsets: where new sampling offsets begin: "ring", or "near_zero" as published.
    """

    depth: int = 4
    heads: int = 12
    interval: int = 3
    points: int = 8
    offsets: OffsetStart = "ring"

    def __post_init__(self) -> None:
        numbers = (self.depth, self.heads, self.interval, self.points)
        if min(numbers) < 1:
            raise ConfigError(f"depth, heads, interval and points of an adapter must be at least 1, found {numbers}")

    def encoder(self, width: int) -> EncoderConfig:
        """The blocks for tokens of that many channels."""
        return EncoderConfig(
            dim=width,
            depth=self.depth,
            heads=min(self.heads, width),
            interval=self.interval,
            taps=(self.depth - 1,),
            points=self.points,
            drop_path=0.0,
            offsets=self.offsets,
        )


@dataclass(frozen=True, kw_only=True)
class RestorationConfig:
    """How an image becomes features; `backbone.spectral: null` is the spatial-only variant.

    Attributes:
        backbone: the encoders; of both the deepest tap is read.
        adapter: the blocks behind each of them.
        positions: what is added to the tokens of the spatial adapter; published: "learned" in denoising, "none" in
            super-resolution.
        grid: pixels (rows, columns) that a learned table of these is made for.
        spatial_width: channels of the spatial adapter, which two convolutions then bring to bands; None takes as many
            as there are bands, and no convolutions.
        spectral_width: channels of the spectral adapter, and hidden width of the gate.
        gate_mask: whether the gate is told which bands are present; published: false.
    """

    backbone: BackboneConfig = field(default_factory=BackboneConfig)
    adapter: AdapterConfig = field(default_factory=AdapterConfig)
    positions: PositionKind = "none"
    grid: tuple[int, int] = (64, 64)
    spatial_width: int | None = None
    spectral_width: int = 128
    gate_mask: bool = True

    def __post_init__(self) -> None:
        patch = self.backbone.spatial.patch
        if patch & (patch - 1):
            raise ConfigError(
                f"features become pixels again by doublings, which takes patches of 1, 2, 4, 8 ... pixels, not {patch}"
            )
        if min(*self.grid, self.spectral_width, self.width) < 1:
            raise ConfigError(
                f"grid {self.grid} and widths of adapters ({self.spatial_width}, {self.spectral_width}) must be at "
                f"least 1"
            )

    @property
    def width(self) -> int:
        """Channels of the spatial adapter."""
        return self.backbone.spatial.channels if self.spatial_width is None else self.spatial_width


@dataclass(frozen=True, kw_only=True)
class PublishedSettings:
    """What differs between the published networks that restore images.

    Attributes:
        patch: side of a patch in pixels.
        tokens: number of band tokens.
        positions: of encoders and spatial adapter.
    """

    patch: int
    tokens: int
    positions: PositionKind

    def features(self, size: Size, channels: int, image: tuple[int, int], *, gated: bool) -> RestorationConfig:
        """The features for images of rows x columns: HyperSIGMA's, or SpatSIGMA's where not `gated`."""
        # Published training is in eval mode or without stochastic depth: no branch is ever left out.
        encoder = replace(EncoderConfig.of_size(size), taps=size.taps[-1:], drop_path=0.0, offsets="near_zero")
        spatial = SpatialConfig(
            encoder=encoder,
            channels=channels,
            patch=self.patch,
            positions=self.positions,
            grid=(image[0] // self.patch, image[1] // self.patch),
        )
        spectral = SpectralConfig(
            encoder=encoder, tokens=self.tokens, kind="pooled", tile=image, axis="picture", positions=self.positions
        )
        return RestorationConfig(
            backbone=BackboneConfig(spatial=spatial, spectral=spectral if gated else None),
            adapter=AdapterConfig(heads=size.heads, interval=size.interval, offsets="near_zero"),
            positions=self.positions,
            grid=image,
            spatial_width=None if gated else PUBLISHED_WIDTH,
            gate_mask=False,
        )


class RestorationFeatures(nn.Module):
    """A map with a channel a band: F = (1 + g) * B(A(R(U(tap)))).

    U brings the deepest spatial tap to pixels, R reduces its channels, A is the spatial adapter, B brings another
    width to bands, and g is the spectral gate, which sees the deepest spectral tap through an adapter of its own.
    """

    def __init__(self, config: RestorationConfig) -> None:
        super().__init__()
        spatial = config.backbone.spatial
        dim, bands, width = spatial.encoder.dim, spatial.channels, config.width
        self.patch = spatial.patch
        self.backbone = Backbone(config.backbone)
        self.enlarge = nn.Sequential(*(doubling(dim) for _ in range(spatial.patch.bit_length() - 1)))
        self.reduce = nn.Conv2d(dim, width, 1)
        self.positions = Positions(config.positions, width, config.grid)
        self.adapter = Encoder(config.adapter.encoder(width))
        self.to_bands = nn.Sequential()
        if config.spatial_width is not None:
            self.to_bands.extend([convolution(width, width), convolution(width, bands)])
        self.gate = None if config.backbone.spectral is None else AdaptedGate(config, config.backbone.spectral)

    def forward(self, image: Tensor, present: Tensor | None = None) -> Tensor:
        """Features (B, C, H, W).

        Args:
            image: (B, C, H, W) of any height and width.
            present: (C,), bool, says which bands hold data.
        """
        rows, cols = image.shape[-2:]
        features = self.backbone(reflect_to_multiple(image, self.patch), present)
        maps = self.reduce(self.enlarge(features.spatial[-1]))
        grid = (maps.shape[-2], maps.shape[-1])
        (tokens,) = self.adapter(self.positions(maps.flatten(2).transpose(1, 2), grid), Grid(*grid))
        maps = self.to_bands(tokens.transpose(1, 2).unflatten(2, grid))
        if self.gate is not None:
            maps = maps * self.gate(features.spectral, present)
        return maps[..., :rows, :cols]  # type: ignore[no-any-return]


class AdaptedGate(nn.Module):
    """The spectral gate behind a projection and an adapter of the band tokens."""

    def __init__(self, config: RestorationConfig, spectral: SpectralConfig) -> None:
        super().__init__()
        width, self.axis = config.spectral_width, spectral.axis
        self.projection = nn.Linear(spectral.encoder.dim, width, bias=False)
        self.adapter = Encoder(config.adapter.encoder(width), axes=1 if spectral.axis == "line" else 2)
        self.gate = SpectralGate(spectral.tokens, width, config.backbone.spatial.channels, mask_input=config.gate_mask)

    def forward(self, tokens: Tensor, present: Tensor | None = None) -> Tensor:
        """Factors (B, C, 1, 1) from tokens (B, N, D) of the present bands."""
        return self.gate(self.adapted(tokens, present), present)  # type: ignore[no-any-return]

    def adapted(self, tokens: Tensor, present: Tensor | None = None) -> Tensor:
        """What the gate sees (B, N, spectral_width) of tokens (B, N, D) of the present bands."""
        index = None if present is None else present.nonzero().squeeze(1)
        projected = self.projection(tokens)
        adapted: Tensor = self.adapter(projected, band_layout(self.axis, projected, index))[-1]
        return adapted


def convolution(before: int, after: int) -> nn.Conv2d:
    """A 3 x 3 convolution that keeps rows and columns, zero beyond the borders."""
    return nn.Conv2d(before, after, 3, padding=1)


def without_missing(image: Tensor, present: Tensor | None) -> Tensor:
    """An image (B, C, H, W) whose bands without data, where `present` (C,) is False, are zero."""
    return image if present is None else image.masked_fill(~present[:, None, None], 0.0)
