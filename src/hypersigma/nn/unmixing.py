"""The unmixing network: an autoencoder whose code are abundances and whose decoder's weights are endmembers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from hypersigma.errors import ConfigError
from hypersigma.nn.backbone import Backbone, BackboneConfig, SpatialConfig, SpectralConfig
from hypersigma.nn.encoder import EncoderConfig
from hypersigma.nn.fusion import SpectralGate
from hypersigma.nn.pad import reflect_to_multiple
from hypersigma.nn.sizes import Size

PROJECTED = 128
GATE_WIDTH = 32
SLOPE = 0.02  # of the leaky units below zero
_NEXT_TO_NONE = 1e-3  # of an abundance, so that its logarithm is a number

PUBLISHED_TILE = (64, 64)
PUBLISHED_TOKENS = 64
PUBLISHED_DROPOUT = 0.2


class Unmixed(NamedTuple):
    """What a network makes of an image.

    Attributes:
        abundances: (B, K, H, W) shares of the endmembers, at least 0, with sum 1 over K.
        reconstruction: (B, C, H, W) the image as endmembers and abundances make it.
    """

    abundances: Tensor
    reconstruction: Tensor


@dataclass(frozen=True, kw_only=True)
class UnmixingConfig:
    """Everything about an unmixing network; `backbone.spectral: null` is the spatial-only variant.

    Attributes:
        backbone: the encoders; of the spectral one the deepest tap is read.
        num_endmembers: materials that a pixel may be made of.
        width: channels of a level where nothing gates the maps; gated maps have a channel a band token.
        dropout: share of the channels' values that training leaves out behind each convolution.
        logit_dropout: the same for the logits of the abundances. It lets a material vanish at random, so it is 0;
            published: 0.2.
        scale: what the logits are multiplied with before the softmax.
        gate_mask: whether the gates are told which bands are present; published: false.
    """

    backbone: BackboneConfig = field(default_factory=BackboneConfig)
    num_endmembers: int = 4
    width: int = 64
    dropout: float = PUBLISHED_DROPOUT
    logit_dropout: float = 0.0
    scale: float = 1.0
    gate_mask: bool = True

    def __post_init__(self) -> None:
        if min(self.num_endmembers, self.width) < 1:
            raise ConfigError(
                f"num_endmembers ({self.num_endmembers}) and width ({self.width}) of an unmixing network must be at "
                f"least 1"
            )
        if not (0 <= self.dropout < 1 and 0 <= self.logit_dropout < 1):
            raise ConfigError(
                f"dropout ({self.dropout}) and logit_dropout ({self.logit_dropout}) must be at least 0 and below 1"
            )
        if self.scale <= 0:
            raise ConfigError(f"the scale of the logits must be above 0, not {self.scale}")


def published_config(
    size: Size,
    *,
    channels: int,
    num_endmembers: int = 4,
    image: tuple[int, int] = PUBLISHED_TILE,
    gated: bool = True,
) -> UnmixingConfig:
    """The published network for images of rows x columns: HyperSIGMA, or SpatSIGMA where not `gated`."""
    encoder = replace(EncoderConfig.of_size(size), offsets="near_zero")
    spatial = SpatialConfig(encoder=encoder, channels=channels, patch=2, positions="none")
    # The gates see the last spectral tap alone.
    last = replace(encoder, taps=size.taps[-1:])
    spectral = SpectralConfig(
        encoder=last, tokens=PUBLISHED_TOKENS, kind="pooled", tile=image, axis="picture", positions="none"
    )
    return UnmixingConfig(
        backbone=BackboneConfig(spatial=spatial, spectral=spectral if gated else None),
        num_endmembers=num_endmembers,
        logit_dropout=PUBLISHED_DROPOUT,
        gate_mask=False,
    )


class UnmixingFeatures(nn.Module):
    """Maps of all levels together, at the size of the tokens: C_k((1 + g_k) * R_k(tap_k)), shallow to deep.

    R_k is a linear map of channels, g_k the spectral gate and C_k a convolution, which at the shallower half of the
    levels looks at neighbours too, as published.
    """

    def __init__(self, config: UnmixingConfig) -> None:
        super().__init__()
        encoder, spectral = config.backbone.spatial.encoder, config.backbone.spectral
        self.backbone = Backbone(config.backbone)
        self.width = config.width if spectral is None else spectral.tokens
        self.reductions = nn.ModuleList(nn.Conv2d(encoder.dim, self.width, 1, bias=False) for _ in encoder.taps)
        self.gates = nn.ModuleList()
        if spectral is not None:
            self.projection = nn.Linear(spectral.encoder.dim, PROJECTED, bias=False)
            for _ in encoder.taps:
                gate = SpectralGate(spectral.tokens, GATE_WIDTH, self.width, mask_input=config.gate_mask)
                self.gates.append(gate)
        levels = len(encoder.taps)
        self.levels = nn.ModuleList(
            _convolution(self.width, self.width, kernel=3 if level < levels // 2 else 1, dropout=config.dropout)
            for level in range(levels)
        )

    @property
    def channels(self) -> int:
        """Channels of all levels together."""
        return self.width * len(self.levels)

    def forward(self, image: Tensor, present: Tensor | None = None, beside: Tensor | None = None) -> Tensor:
        """Maps (B, channels, h, w) of an image (B, C, H, W) of whole patches."""
        features = self.backbone(image, present, beside)
        maps = [reduce(tapped) for reduce, tapped in zip(self.reductions, features.spatial, strict=True)]
        if self.gates:
            tokens = self.projection(features.spectral)
            maps = [level * gate(tokens, present) for level, gate in zip(maps, self.gates, strict=True)]
        return torch.cat([convolve(level) for convolve, level in zip(self.levels, maps, strict=True)], dim=1)


class UnmixingNetwork(nn.Module):
    """What is in a pixel, and how much of it: a = softmax(scale * z), x = relu(E a).

    z are the logits that the encoders give, and E, with a column an endmember, is the only thing that the decoder has:
    the linear mixing model. Given abundances a_0 to begin with, log(a_0 + 0.001) is added to scale * z.
    """

    def __init__(self, config: UnmixingConfig) -> None:
        super().__init__()
        spatial, spectral = config.backbone.spatial, config.backbone.spectral
        self.patch, self.channels, self.scale = spatial.patch, spatial.channels, config.scale
        self.features = UnmixingFeatures(config)
        self.smooth = _smoothing(self.features.channels, self.features.width, config.dropout, deep=spectral is not None)
        self.logits = _convolution(self.features.width, config.num_endmembers, kernel=1, dropout=config.logit_dropout)
        self.decoder = nn.Conv2d(config.num_endmembers, spatial.channels, 1, bias=False)
        # Endmembers are spectra: a negative start would be cut to zero at once.
        nn.init.uniform_(self.decoder.weight)

    def forward(
        self,
        image: Tensor,
        present: Tensor | None = None,
        beside: Tensor | None = None,
        begun: Tensor | None = None,
    ) -> Unmixed:
        """Abundances and reconstruction of an image.

        Args:
            image: (B, C, H, W) of any height and width.
            present: (C,), bool, says which bands hold data. The others are reconstructed too, which means something
                only where the endmembers are known there.
            beside: (B, beside, H, W) further channels for the spatial encoder.
            begun: (B, K, H, W) abundances to begin with, such as those of least squares.
        """
        rows, cols = image.shape[-2:]
        image = reflect_to_multiple(image, self.patch)
        beside = None if beside is None else reflect_to_multiple(beside, self.patch)
        maps = self.features(image, present, beside)
        maps = interpolate(maps, size=image.shape[-2:], mode="bilinear", align_corners=True)
        logits = self.scale * self.logits(self.smooth(maps))[..., :rows, :cols]
        if begun is not None:
            logits = logits + (begun + _NEXT_TO_NONE).log()
        abundances = logits.softmax(1)
        return Unmixed(abundances, self.decoder(abundances).relu())

    @torch.no_grad()
    def change_nothing(self) -> None:
        """Let the logits be 0 until training moves them, so that abundances are those begun with."""
        norm = self.logits[-2]
        assert isinstance(norm, nn.BatchNorm2d)
        nn.init.zeros_(norm.weight)

    def endmembers(self) -> Tensor:
        """Spectra (K, C) of the endmembers, at least 0; the loss may be a function of them."""
        return self.decoder.weight.flatten(1).T.clamp(min=0)

    @torch.no_grad()
    def set_endmembers(self, spectra: Tensor) -> None:
        """Begin with these spectra (K, C), such as those of pure pixels; what is below 0 becomes 0.

        Raises:
            ConfigError: there are more or fewer spectra or bands than the network has.
        """
        expected = tuple(self.decoder.weight.shape[1::-1])
        if tuple(spectra.shape) != expected:
            raise ConfigError(
                f"the network has {expected[0]} endmembers of {expected[1]} bands, found spectra of shape "
                f"{tuple(spectra.shape)}; give one spectrum an endmember, resampled to the bands of the image"
            )
        self.decoder.weight.copy_(spectra.T[..., None, None].clamp(min=0))

    @torch.no_grad()
    def keep_positive(self) -> None:
        """Set what is below 0 in the endmembers to 0: call it behind every step of the optimiser, as published."""
        self.decoder.weight.clamp_(min=0)


def _convolution(channels: int, width: int, *, kernel: int, dropout: float) -> nn.Sequential:
    """A convolution (B, channels, h, w) -> (B, width, h, w), the norm behind the unit, as published."""
    return nn.Sequential(
        nn.Conv2d(channels, width, kernel, padding=kernel // 2),
        nn.LeakyReLU(SLOPE),
        nn.BatchNorm2d(width),
        nn.Dropout(dropout),
    )


def _smoothing(channels: int, width: int, dropout: float, *, deep: bool) -> nn.Module:
    """What levels out the resized maps (B, channels, H, W) -> (B, width, H, W); published networks have two kinds."""
    if not deep:
        return nn.Conv2d(channels, width, 3, padding=1)
    hidden = max(channels // 2, 1)
    return nn.Sequential(
        *_convolution(channels, hidden, kernel=3, dropout=dropout),
        nn.Conv2d(hidden, width, 1),
    )
