"""Pre-trained encoders as they are, not trained further: an image in, features of every pixel out.

Features are what pre-training learned to read linearly from the last block's tokens: principal components of what is
true of a place, all equally loud, and shapes around it. Encoders that were trained without such a map give tokens.

They run the attention that they were pre-trained with last: full attention after the masked phase, sparse sampling
after the sparse one, which trains the offsets. Offsets that were never trained would look at arbitrary places.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn.functional import interpolate, pad

from hypersigma.errors import WeightsError
from hypersigma.nn.backbone import CANONICAL_BANDS, SpatialConfig, SpatialEncoder, SpectralConfig, SpectralEncoder
from hypersigma.nn.block import NORM_EPSILON
from hypersigma.nn.mae import MaskingConfig, SpatialMaskingConfig, SpectralMaskingConfig
from hypersigma.nn.pad import reflect_to_multiple
from hypersigma.nn.segments import SEGMENTS, segment_means
from hypersigma.weights.fit import fit
from hypersigma.weights.pretrained import Pretrained

_SQUARES_AT_ONCE = 128
_PATCHES = (4, 8)  # pixels


class FrozenSpatial(nn.Module):
    """The spatial encoder and the norm behind its last block.

    Features of grids that lie half a patch apart are averaged: where a grid begins says nothing of a place.

    Args:
        patch: side of a patch in pixels.
        num_read: numbers that are read from a token, 0 for the token itself.
    """

    def __init__(self, config: SpatialMaskingConfig, patch: int, num_read: int = 0) -> None:
        super().__init__()
        rows, cols = config.tile
        self.patch = patch
        self.dim = num_read or config.encoder.dim
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
        self.readout = nn.Linear(config.encoder.dim, num_read) if num_read else nn.Identity()

    def forward(self, image: Tensor, present: Tensor) -> Tensor:
        """A map (B, D, H, W) of an image (B, 100, H, W): the features of a token lie over the middle of its patch."""
        shifts = [(row, col) for row in (0, self.patch // 2) for col in (0, self.patch // 2)]
        maps = [self._shifted(image, present, row, col) for row, col in dict.fromkeys(shifts)]
        return torch.stack(maps).mean(dim=0)

    def _shifted(self, image: Tensor, present: Tensor, row: int, col: int) -> Tensor:
        """The map of an image whose first patches begin so many pixels outside of it."""
        rows, cols = image.shape[-2:]
        if min(rows, cols) <= self.patch:
            row = col = 0
        padded = reflect_to_multiple(pad(image, (col, 0, row, 0), mode="reflect"), self.patch)
        tokens = self.readout(self.norm(self.encoder(padded, present)[-1].movedim(1, -1))).movedim(-1, 1)
        return _to_pixels(tokens, padded, rows + row, cols + col)[..., row:, col:]


class FrozenSpectral(nn.Module):
    """The spectral encoder and the norm behind its last block.

    An image as a whole is described by the mean over its band tokens. Squares are described one by one, and each by a
    mean for each quarter of the canonical grid: what tells materials apart lies in how these differ.

    Args:
        patch: side of the squares in pixels, or None to describe an image as a whole.
        num_read: numbers that are read from the means of a square, 0 for these themselves.
    """

    def __init__(self, config: SpectralMaskingConfig, patch: int | None, num_read: int = 0) -> None:
        super().__init__()
        self.patch = patch
        self.segments = 1 if patch is None else SEGMENTS
        self.dim = num_read or self.segments * config.encoder.dim
        self.encoder = SpectralEncoder(
            SpectralConfig(encoder=config.encoder, tokens=config.tokens, tile=config.tile, positions=config.positions)
        )
        self.norm = nn.LayerNorm(config.encoder.dim, eps=NORM_EPSILON)
        self.readout = nn.Linear(self.segments * config.encoder.dim, num_read) if num_read else nn.Identity()

    def forward(self, image: Tensor, present: Tensor) -> Tensor:
        """Features (B, D, H, W) of an image (B, 100, H, W), over the middle of the square that they describe."""
        if self.patch is None:
            mean = self._means(image, present)
            return mean[..., None, None].expand(*mean.shape, *image.shape[-2:])
        padded = reflect_to_multiple(image, self.patch)
        rows = padded.shape[-2] // self.patch
        squares = rearrange(padded, "b c (h p) (w q) -> (b h w) c p q", p=self.patch, q=self.patch)
        means = torch.cat([self._means(some, present) for some in torch.split(squares, _SQUARES_AT_ONCE)])
        return _to_pixels(rearrange(means, "(b h w) d -> b d h w", b=image.shape[0], h=rows), padded, *image.shape[-2:])

    def _means(self, image: Tensor, present: Tensor) -> Tensor:
        """What is read from the means of tokens by segments."""
        tokens = self.norm(self.encoder(image, present)[-1])
        places = present.nonzero().squeeze(1).expand(tokens.shape[0], -1)
        return self.readout(segment_means(tokens, places, self.segments))  # type: ignore[no-any-return]


def _to_pixels(tokens: Tensor, padded: Tensor, rows: int, cols: int) -> Tensor:
    """A map of tokens as one of pixels (B, D, rows, cols), what was padded cut off."""
    whole = interpolate(tokens, size=padded.shape[-2:], mode="bilinear", align_corners=False)
    return whole[..., :rows, :cols]


def frozen(pretrained: Pretrained, patches: Sequence[int | None]) -> list[FrozenSpatial | FrozenSpectral]:
    """Encoders with their weights, in evaluation mode and without gradients; they share what patches do not change.

    Args:
        pretrained: the weights.
        patches: for each encoder the side in pixels of what its features describe; None for what training saw where
            that is one size alone: patches of that size, and tiles as a whole.

    Raises:
        WeightsError: the weights are made for other bands than the canonical ones, or some are missing.
    """
    first, *others = (_frozen(pretrained, patch) for patch in patches)
    for other in others:
        other.encoder.encoder, other.norm, other.readout = first.encoder.encoder, first.norm, first.readout
    return [first, *others]


def _frozen(pretrained: Pretrained, patch: int | None) -> FrozenSpatial | FrozenSpectral:
    """One of the encoders."""
    config = pretrained.card.config
    if config.channels != CANONICAL_BANDS:
        raise WeightsError(
            f"these weights are made for {config.channels} bands; frozen encoders see the canonical grid, which is "
            f"what makes them fit any sensor, and need weights made for {CANONICAL_BANDS}"
        )
    network: FrozenSpatial | FrozenSpectral
    read = pretrained.state.get("readout.bias")
    num_read = 0 if read is None or (patch is None and pretrained.card.kind == "spectral") else len(read)
    if isinstance(config, SpatialMaskingConfig):
        network = FrozenSpatial(config, patch or config.patch, num_read)
    else:
        assert isinstance(config, SpectralMaskingConfig)
        network = FrozenSpectral(config, patch, num_read)
    receipt = fit(network, {_place(name): tensor for name, tensor in pretrained.state.items()})
    if missing := receipt.names("new"):
        raise WeightsError(f"damaged or incomplete weights: there is no {', '.join(missing[:3])}")
    network.requires_grad_(False)
    return network.eval()


def usual_patches(config: MaskingConfig) -> tuple[int | None, ...]:
    """The sides in pixels of what features describe, each with features of its own.

    Of those that training saw, patches of 4 and 8 pixels, which hear little noise and know their surroundings; squares
    of 4 alone for bands. (None,) where training saw one size alone, as published.
    """
    if isinstance(config, SpatialMaskingConfig):
        return tuple(side for side in _PATCHES if side in config.patches) or (None,)
    return (_PATCHES[0],) if _PATCHES[0] in getattr(config, "tiles", ()) else (None,)


def _place(name: str) -> str:
    """Where a tensor of an autoencoder belongs among those of a frozen encoder."""
    return name if name.startswith(("norm.", "readout.")) else f"encoder.{name}"
