"""The super-resolution network: a coarse image becomes one of 2, 4, 8 ... times the rows and columns; and its loss."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity, l1_loss

from hypersigma.errors import ConfigError
from hypersigma.nn.restoration import (
    PublishedSettings,
    RestorationConfig,
    RestorationFeatures,
    convolution,
    without_missing,
)
from hypersigma.nn.sizes import Size

PUBLISHED = PublishedSettings(patch=1, tokens=36, positions="none")

# Published: how much spectral angle and gradient count beside the absolute error.
ANGLE_WEIGHT = 0.3
GRADIENT_WEIGHT = 0.1
_LARGEST_COSINE = 1 - 1e-6
_FLAT = 1e-6


@dataclass(frozen=True, kw_only=True)
class SuperResolutionConfig:
    """Everything about a super-resolution network.

    Attributes:
        features: how a coarse image becomes features; its bands are those of the image.
        scale: rows and columns of the fine image over those of the coarse one, a power of two.
        join: how the interpolated image meets the network's own: "stack" puts them beside one another, "sum" adds
            them; published: "sum" for the spatial-only variant.
    """

    features: RestorationConfig = field(default_factory=RestorationConfig)
    scale: int = 4
    join: Literal["stack", "sum"] = "stack"

    def __post_init__(self) -> None:
        if self.scale < 2 or self.scale & (self.scale - 1):
            raise ConfigError(
                f"the network doubles rows and columns: a scale of 2, 4, 8 ... is needed, not {self.scale}"
            )


def published_config(
    size: Size, *, channels: int = 48, image: tuple[int, int] = (32, 32), scale: int = 4, gated: bool = True
) -> SuperResolutionConfig:
    """The published network for coarse images of rows x columns: HyperSIGMA, or SpatSIGMA where not `gated`."""
    features = PUBLISHED.features(size, channels, image, gated=gated)
    return SuperResolutionConfig(features=features, scale=scale, join="stack" if gated else "sum")


class SuperResolutionNetwork(nn.Module):
    """What a coarse image looks like from nearer: T([U(M([x, F])), S(l)]), or T(U(M([x, F])) + S(l)).

    M, S and T are 3 x 3 convolutions, F are the features of the coarse image x, U doubles rows and columns by
    convolution and pixel shuffle, and l is the coarse image interpolated to the fine grid.
    """

    def __init__(self, config: SuperResolutionConfig) -> None:
        super().__init__()
        bands = config.features.backbone.spatial.channels
        self.scale, self.join = config.scale, config.join
        self.features = RestorationFeatures(config.features)
        self.mix = convolution(2 * bands, bands)
        self.enlarge = nn.Sequential()
        for _ in range(round(math.log2(config.scale))):
            self.enlarge.extend([convolution(bands, 4 * bands), nn.PixelShuffle(2)])
        self.skip = convolution(bands, bands)
        self.tail = convolution(2 * bands if config.join == "stack" else bands, bands)

    def forward(self, image: Tensor, interpolated: Tensor, present: Tensor | None = None) -> Tensor:
        """The fine image (B, C, scale * H, scale * W), missing bands being whatever the others tell of them.

        Args:
            image: (B, C, H, W) of any height and width.
            interpolated: (B, C, scale * H, scale * W), the same on the fine grid; published: bicubic.
            present: (C,), bool, says which bands hold data.

        Raises:
            ConfigError: the interpolated image is not `scale` times as large as the image.
        """
        batch, bands, rows, cols = image.shape
        expected = (batch, bands, rows * self.scale, cols * self.scale)
        if interpolated.shape != expected:
            raise ConfigError(
                f"an image {tuple(image.shape)} at scale {self.scale} needs an interpolated one of {expected}, "
                f"found {tuple(interpolated.shape)}"
            )
        beside = torch.cat([without_missing(image, present), self.features(image, present)], dim=1)
        fine = self.enlarge(self.mix(beside))
        skipped = self.skip(without_missing(interpolated, present))
        joined = torch.cat([fine, skipped], dim=1) if self.join == "stack" else fine + skipped
        return self.tail(joined)  # type: ignore[no-any-return]


def super_resolution_loss(
    restored: Tensor,
    fine: Tensor,
    *,
    angle_weight: float = ANGLE_WEIGHT,
    gradient_weight: float = GRADIENT_WEIGHT,
) -> Tensor:
    """Mean absolute error, plus weighted the mean spectral angle over pi and the mean absolute error of gradients.

    Published. The angle is arccos of the cosine between two spectra, which is kept 1e-6 below 1 so that equal ones
    have a gradient; the gradient at a voxel is sqrt(d_band^2 + d_row^2 + d_column^2 + 1e-6), of differences with the
    voxel before.

    Args:
        restored: (B, C, H, W) of a `SuperResolutionNetwork`.
        fine: the same image as it is.
        angle_weight: published: 0.3.
        gradient_weight: published: 0.1. Images of one band, row or column have no gradient.
    """
    cosine = cosine_similarity(restored, fine, dim=1).clamp(-_LARGEST_COSINE, _LARGEST_COSINE)
    angle = cosine.arccos().mean() / math.pi
    ours, theirs = _gradient(restored), _gradient(fine)
    gradient = (ours - theirs).abs().sum() / max(ours.numel(), 1)
    return l1_loss(restored, fine) + angle_weight * angle + gradient_weight * gradient


def _gradient(image: Tensor) -> Tensor:
    """Length (B, C - 1, H - 1, W - 1) of the steps from the voxel before."""
    here = image[:, 1:, 1:, 1:]
    band, row, col = here - image[:, :-1, 1:, 1:], here - image[:, 1:, :-1, 1:], here - image[:, 1:, 1:, :-1]
    return (band.square() + row.square() + col.square() + _FLAT).sqrt()
