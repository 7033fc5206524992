"""The change network for multispectral images: a pixel-wise map from a pyramid of both dates, and its loss."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, interpolate

from hypersigma.errors import ConfigError
from hypersigma.nn.backbone import Backbone, BackboneConfig, SpatialConfig, SpectralConfig
from hypersigma.nn.detection import IGNORED
from hypersigma.nn.encoder import EncoderConfig
from hypersigma.nn.fusion import SpectralGate
from hypersigma.nn.lovasz import lovasz_softmax
from hypersigma.nn.necks import Pyramid, Step, whole_cells
from hypersigma.nn.pad import reflect_to_multiple
from hypersigma.nn.sizes import Size

PROJECTED = 128

# Published: a changed pixel counts as ten unchanged ones, and the Lovasz-softmax three quarters of the cross-entropy.
CLASS_WEIGHTS = (1.0, 10.0)
LOVASZ_WEIGHT = 0.75


@dataclass(frozen=True, kw_only=True)
class MultispectralChangeConfig:
    """Everything about a multispectral change network; `backbone.spectral: null` is the spatial-only variant.

    Attributes:
        channels: bands of the images, which a linear map turns into those that the backbone takes.
        backbone: the encoders, which both dates share; of the spectral one the deepest tap is read.
        pyramid: step of each tap, shallow to deep.
        width: channels of the fused maps.
    """

    channels: int = 13
    backbone: BackboneConfig = field(default_factory=BackboneConfig)
    pyramid: tuple[Step, ...] = ("up2", "same", "pool2", "pool2")
    width: int = 128

    def __post_init__(self) -> None:
        if min(self.channels, self.width) < 1:
            raise ConfigError(
                f"channels ({self.channels}) and width ({self.width}) of a change network must be at least 1"
            )
        taps = self.backbone.spatial.encoder.taps
        if len(self.pyramid) != len(taps):
            raise ConfigError(f"a pyramid of {len(self.pyramid)} steps does not fit {len(taps)} taps {taps}")


def published_config(
    size: Size, *, channels: int = 13, image: tuple[int, int] = (128, 128), gated: bool = True
) -> MultispectralChangeConfig:
    """The published network for images of rows x columns; without the spectral encoder where not `gated`."""
    encoder = replace(EncoderConfig.of_size(size), offsets="near_zero")
    # The published spatial encoder samples half as many places here as everywhere else.
    spatial = SpatialConfig(encoder=replace(encoder, points=4), patch=8, positions="none")
    # As in classification, the first spectral tap alone is read.
    first = replace(encoder, taps=size.taps[:1])
    spectral = SpectralConfig(encoder=first, kind="pooled", tile=image, axis="picture", positions="none")
    return MultispectralChangeConfig(
        channels=channels, backbone=BackboneConfig(spatial=spatial, spectral=spectral if gated else None)
    )


class MultispectralChangeNetwork(nn.Module):
    """Has a pixel changed: both dates fused at every level of a pyramid, which is summed from deep to shallow.

    At level k it fuses relu(BN(W_k [a_k, b_k])), a_k and b_k being the maps of the two dates, each times its spectral
    gate 1 + g, which all levels share.
    """

    def __init__(self, config: MultispectralChangeConfig) -> None:
        super().__init__()
        encoder, spectral = config.backbone.spatial.encoder, config.backbone.spectral
        self.multiple = whole_cells(config.backbone.spatial.patch, config.pyramid)
        self.embed = nn.Conv2d(config.channels, config.backbone.spatial.channels, 1)
        self.backbone = Backbone(config.backbone)
        self.pyramid = Pyramid(encoder.dim, config.pyramid)
        self.gate: SpectralGate | None = None
        if spectral is not None:
            self.projection = nn.Linear(spectral.encoder.dim, PROJECTED, bias=False)
            # The bands that a linear map makes are all present.
            self.gate = SpectralGate(spectral.tokens, encoder.dim, encoder.dim, mask_input=False)
        self.fuse = nn.ModuleList(
            nn.Sequential(nn.Conv2d(2 * encoder.dim, config.width, 1), nn.BatchNorm2d(config.width), nn.ReLU())
            for _ in config.pyramid
        )
        self.classifier = nn.Conv2d(config.width, 2, 1)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Logits (B, 2, H, W) of unchanged and changed, in this order as published.

        Args:
            first: (B, C, H, W) of the first date, of any height and width.
            second: the same place at the second date.

        Raises:
            ConfigError: the images of the two dates differ in shape, or have other bands than the network takes.
        """
        rows, cols = first.shape[-2:]
        dates = reflect_to_multiple(self._as_one_batch(first, second), self.multiple)
        *shallower, summed = self.fused(dates)
        for level in reversed(shallower):
            summed = level + _resized(summed, level)
        return _resized(self.classifier(summed), dates)[..., :rows, :cols]

    def fused(self, dates: Tensor) -> tuple[Tensor, ...]:
        """Maps (B, width, h, w) of both dates together, shallow to deep, from (2 B, C, H, W), the first date first."""
        features = self.backbone(self.embed(dates))
        factors = 1.0 if self.gate is None else self.gate(self.projection(features.spectral))
        levels = [level * factors for level in self.pyramid(features.spatial)]
        return tuple(fuse(torch.cat(level.chunk(2), dim=1)) for fuse, level in zip(self.fuse, levels, strict=True))

    def _as_one_batch(self, first: Tensor, second: Tensor) -> Tensor:
        """Both dates (2 B, C, H, W), the first one first; no layer before the fusion looks across samples."""
        expected = self.embed.in_channels
        if first.shape != second.shape or first.shape[1] != expected:
            raise ConfigError(
                f"images of two dates must be alike in shape and have {expected} bands, "
                f"found {tuple(first.shape)} and {tuple(second.shape)}"
            )
        return torch.cat([first, second])


def _resized(level: Tensor, like: Tensor) -> Tensor:
    """A map at the rows and columns of another one."""
    return interpolate(level, size=like.shape[-2:], mode="bilinear", align_corners=False)


def multispectral_change_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Weighted mean cross-entropy plus 0.75 times the Lovasz-softmax, as published, over the labelled pixels.

    Without labelled pixels it is 0, with gradient 0.

    Args:
        logits: (B, 2, H, W) of a `MultispectralChangeNetwork`.
        labels: (B, H, W), long: 0 unchanged, 1 changed, -1 ignored.
    """
    weights = logits.new_tensor(CLASS_WEIGHTS)
    summed = cross_entropy(logits, labels, weight=weights, ignore_index=IGNORED, reduction="sum")
    total = (weights[labels.clamp(min=0)] * (labels != IGNORED)).sum()
    # No weight is below 1, so only a batch without labels is changed by the clamp.
    return summed / total.clamp(min=1) + LOVASZ_WEIGHT * lovasz_softmax(logits.softmax(1), labels)
