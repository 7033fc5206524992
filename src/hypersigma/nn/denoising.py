"""The denoising network: an image and its features, mixed into a clean image of the same bands, and its loss."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from hypersigma.nn.restoration import (
    PublishedSettings,
    RestorationConfig,
    RestorationFeatures,
    convolution,
    without_missing,
)
from hypersigma.nn.sizes import Size

PUBLISHED = PublishedSettings(patch=2, tokens=100, positions="learned")


@dataclass(frozen=True, kw_only=True)
class DenoisingConfig:
    """Everything about a denoising network.

    Attributes:
        features: how an image becomes features; its bands are those of the image.
    """

    features: RestorationConfig = field(default_factory=RestorationConfig)


def published_config(
    size: Size, *, channels: int = 191, image: tuple[int, int] = (64, 64), gated: bool = True
) -> DenoisingConfig:
    """The published network for images of rows x columns: HyperSIGMA, or SpatSIGMA where not `gated`."""
    return DenoisingConfig(features=PUBLISHED.features(size, channels, image, gated=gated))


class DenoisingNetwork(nn.Module):
    """What an image is without its noise: T(M([x, F])), two 3 x 3 convolutions of the image and its features.

    There is no residual to the image but that it stands beside its features, as published.
    """

    def __init__(self, config: DenoisingConfig) -> None:
        super().__init__()
        bands = config.features.backbone.spatial.channels
        self.features = RestorationFeatures(config.features)
        self.mix = convolution(2 * bands, bands)
        self.tail = convolution(bands, bands)

    def forward(self, image: Tensor, present: Tensor | None = None) -> Tensor:
        """The clean image (B, C, H, W), missing bands being whatever the others tell of them.

        Args:
            image: (B, C, H, W) of any height and width; published: scaled to about 0..1, band by band.
            present: (C,), bool, says which bands hold data.
        """
        beside = torch.cat([without_missing(image, present), self.features(image, present)], dim=1)
        return self.tail(self.mix(beside))  # type: ignore[no-any-return]


def denoising_loss(restored: Tensor, clean: Tensor) -> Tensor:
    """Mean squared error, as published, of a restored image (B, C, H, W)."""
    return mse_loss(restored, clean)
