"""Pre-trained encoders as they are, not trained further: an image in, features of every pixel out.

They run the attention that they were pre-trained with last: full attention after the masked phase, sparse sampling
after the sparse one, which trains the offsets. Offsets that were never trained would look at arbitrary places.
"""

from __future__ import annotations

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn.functional import interpolate

from hypersigma.errors import WeightsError
from hypersigma.nn.backbone import CANONICAL_BANDS, SpatialConfig, SpatialEncoder, SpectralConfig, SpectralEncoder
from hypersigma.nn.block import NORM_EPSILON
from hypersigma.nn.mae import MaskingConfig, SpatialMaskingConfig, SpectralMaskingConfig
from hypersigma.nn.pad import reflect_to_multiple
from hypersigma.weights.fit import fit
from hypersigma.weights.pretrained import Pretrained

_SQUARES_AT_ONCE = 128
_SEGMENTS = 4  # of the canonical grid; bands of each are described together


class FrozenSpatial(nn.Module):
    """The spatial encoder and the norm behind its last block.

    Args:
        patch: side of a patch in pixels.
    """

    def __init__(self, config: SpatialMaskingConfig, patch: int) -> None:
        super().__init__()
        rows, cols = config.tile
        self.patch = patch
        self.dim = config.encoder.dim
        self.encoder = SpatialEncoder(
            SpatialConfig(
                encoder=config.encoder,
                channels=config.channels,
                patch=patch,
                positions=config.positions,
                grid=(rows // patch, cols // patch),
                missing=config.missing,
            )
        )
        self.norm = nn.LayerNorm(config.encoder.dim, eps=NORM_EPSILON)

    def forward(self, image: Tensor, present: Tensor) -> Tensor:
        """A map (B, D, H, W) of an image (B, 100, H, W): the features of a token lie over the middle of its patch."""
        padded = reflect_to_multiple(image, self.patch)
        tokens = self.norm(self.encoder(padded, present)[-1].movedim(1, -1)).movedim(-1, 1)
        return _to_pixels(tokens, padded, image)


class FrozenSpectral(nn.Module):
    """The spectral encoder and the norm behind its last block.

    An image as a whole is described by the mean over its band tokens. Squares are described one by one, and each by a
    mean for each quarter of the canonical grid: what tells materials apart lies in how these differ.

    Args:
        patch: side of the squares in pixels, or None to describe an image as a whole.
    """

    def __init__(self, config: SpectralMaskingConfig, patch: int | None) -> None:
        super().__init__()
        self.patch = patch
        self.segments = 1 if patch is None else _SEGMENTS
        self.dim = self.segments * config.encoder.dim
        self.encoder = SpectralEncoder(
            SpectralConfig(encoder=config.encoder, tokens=config.tokens, tile=config.tile, positions=config.positions)
        )
        self.norm = nn.LayerNorm(config.encoder.dim, eps=NORM_EPSILON)

    def forward(self, image: Tensor, present: Tensor) -> Tensor:
        """Features (B, D, H, W) of an image (B, 100, H, W), over the middle of the square that they describe."""
        if self.patch is None:
            mean = self._means(image, present)
            return mean[..., None, None].expand(*mean.shape, *image.shape[-2:])
        padded = reflect_to_multiple(image, self.patch)
        rows = padded.shape[-2] // self.patch
        squares = rearrange(padded, "b c (h p) (w q) -> (b h w) c p q", p=self.patch, q=self.patch)
        means = torch.cat([self._means(some, present) for some in torch.split(squares, _SQUARES_AT_ONCE)])
        return _to_pixels(rearrange(means, "(b h w) d -> b d h w", b=len(image), h=rows), padded, image)

    def _means(self, image: Tensor, present: Tensor) -> Tensor:
        """Means (B, segments * D) of tokens; a segment without a band takes the nearest one that has some."""
        tokens = self.norm(self.encoder(image, present)[-1])
        segment = present.nonzero().squeeze(1) * self.segments // len(present)
        known = torch.unique(segment)
        means = torch.stack([tokens[:, segment == index].mean(1) for index in known], dim=1)
        wanted = torch.arange(self.segments, device=known.device)
        return means[:, (wanted[:, None] - known).abs().argmin(1)].flatten(1)


def _to_pixels(tokens: Tensor, padded: Tensor, image: Tensor) -> Tensor:
    """A map of tokens as one of pixels (B, D, H, W), what was padded cut off."""
    whole = interpolate(tokens, size=padded.shape[-2:], mode="bilinear", align_corners=False)
    return whole[..., : image.shape[-2], : image.shape[-1]]


def frozen(pretrained: Pretrained, patch: int | None = None) -> FrozenSpatial | FrozenSpectral:
    """An encoder with its weights, in evaluation mode and without gradients.

    Args:
        pretrained: the weights.
        patch: side in pixels of what a feature describes, None for what the weights are best at: see `usual_patch`.

    Raises:
        WeightsError: the weights are made for other bands than the canonical ones, or some are missing.
    """
    config = pretrained.card.config
    if config.channels != CANONICAL_BANDS:
        raise WeightsError(
            f"these weights are made for {config.channels} bands; frozen encoders see the canonical grid, which is "
            f"what makes them fit any sensor, and need weights made for {CANONICAL_BANDS}"
        )
    patch = usual_patch(config) if patch is None else patch
    network: FrozenSpatial | FrozenSpectral
    if isinstance(config, SpatialMaskingConfig):
        network = FrozenSpatial(config, patch or config.patch)
    else:
        assert isinstance(config, SpectralMaskingConfig)
        network = FrozenSpectral(config, patch)
    receipt = fit(network, {_place(name): tensor for name, tensor in pretrained.state.items()})
    if missing := receipt.names("new"):
        raise WeightsError(f"damaged or incomplete weights: there is no {', '.join(missing[:3])}")
    network.requires_grad_(False)
    return network.eval()


def usual_patch(config: MaskingConfig) -> int | None:
    """The side in pixels of what a feature describes: the finest that training saw and that is not a lone pixel.

    None where training saw one size alone, as published: patches of that size, and tiles as a whole.
    """
    sides = config.patches if isinstance(config, SpatialMaskingConfig) else getattr(config, "tiles", ())
    finer = [side for side in sides if side > 1 and side < min(config.tile)]
    return min(finer, default=None)


def _place(name: str) -> str:
    """Where a tensor of an autoencoder belongs among those of a frozen encoder."""
    return name if name.startswith("norm.") else f"encoder.{name}"
