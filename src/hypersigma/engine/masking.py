"""Masked autoencoding as an objective: each encoder with its autoencoder, each with a loss of its own."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, NamedTuple, Self, cast

import torch
from einops import rearrange
from torch import Tensor, nn

from hypersigma.config import structure
from hypersigma.engine.objective import Draws, ErrorSum, Losses, Objective, Workload
from hypersigma.engine.recipe import PretrainConfig
from hypersigma.nn.backbone import CANONICAL_BANDS
from hypersigma.nn.mae import (
    MaskedAutoencoder,
    Reconstruction,
    SpatialMaskingConfig,
    SpectralMaskingConfig,
    masking_encoder,
)
from hypersigma.nn.sizes import Size

# As published: 512 channels, 8 blocks, 16 heads.
_DECODER = Size(512, 8, 16, 1, (7,))


class Images(NamedTuple):
    """Images (B, C, H, W) side by side."""

    image: Tensor

    def to(self, device: torch.device) -> Self:
        """The same images on a device."""
        return self._replace(image=self.image.to(device))


@dataclass(frozen=True, kw_only=True)
class NoiseSource:
    """Images of noise: they show what a run costs, and nothing is learned from them.

    Attributes:
        source: "noise".
        bands: of an image.
    """

    source: Literal["noise"] = "noise"
    bands: int = CANONICAL_BANDS


class MaskedObjective(Objective):
    """Masked autoencoders that see the same images, hide tokens of their own, and share nothing."""

    def __init__(self, networks: dict[str, MaskedAutoencoder]) -> None:
        super().__init__()
        self.networks = nn.ModuleDict(networks)

    def forward(self, batch: Any, draws: Draws) -> Losses:
        """The squared error of each autoencoder, averaged over the values of a token, summed over hidden tokens."""
        losses = {}
        for name, network in self._autoencoders():
            found, target = self._reconstructed(network, name, batch.image, draws)
            # At the target's precision, whatever the products' is: thousands of errors are summed.
            error = (found.predicted.to(target.dtype) - target).square().mean(-1)
            losses[name] = ErrorSum((error * found.masked).sum(), found.masked.sum())
        return losses

    def counts(self, batch: Any, draws: Draws) -> dict[str, Tensor]:
        """The number of hidden tokens, which is the same for every image."""
        counts = {}
        for name, network in self._autoencoders():
            config = network.config
            tokens = math.prod(config.grid)
            hidden = tokens - int(tokens * (1 - config.mask_ratio))
            counts[name] = torch.tensor(float(hidden * len(batch.image)), device=batch.image.device)
        return counts

    def picture(self, batch: Any, draws: Draws) -> Tensor:
        """The first image, what an autoencoder sees of it, and what it makes of it, a row for each autoencoder."""
        rows = []
        for name, network in self._autoencoders():
            found, target = self._reconstructed(network, name, batch.image, draws)
            seen = target * ~found.masked[..., None]
            tokens = torch.stack([target[0], seen[0], found.predicted[0].to(target.dtype)])
            rows.append(rearrange(_images(network, tokens), "n c h w -> c h (n w)"))
        picture = torch.cat(rows, dim=1)
        bands = picture[[len(picture) * share // 4 for share in (3, 2, 1)]]
        low, high = bands.aminmax()
        return (bands - low) / (high - low).clamp(min=1e-6)

    def _autoencoders(self) -> list[tuple[str, MaskedAutoencoder]]:
        """The autoencoders by name."""
        return [(name, cast(MaskedAutoencoder, network)) for name, network in self.networks.items()]

    def _reconstructed(
        self, network: MaskedAutoencoder, name: str, image: Tensor, draws: Draws
    ) -> tuple[Reconstruction, Tensor]:
        """What an autoencoder makes of images, and what it should have made."""
        noise = draws.uniform(f"hide from the {name} encoder", math.prod(network.config.grid))
        return network(image, noise.to(image.device)), network.target(image)


def workload(config: PretrainConfig, seed: int) -> Workload:
    """Network and examples of a recipe.

    Raises:
        ConfigError: the data section does not fit its source.
    """
    source = structure(config.data, NoiseSource, "data")
    return Workload(partial(build_objective, config, source.bands), partial(_noise, config, source.bands, seed))


def build_objective(config: PretrainConfig, bands: int = CANONICAL_BANDS) -> MaskedObjective:
    """The autoencoders of a recipe, on the default device."""
    settings = config.masking
    # Hiding tokens is regularisation enough, and stochastic depth would draw from global random numbers.
    encoder, decoder = (replace(masking_encoder(size), drop_path=0.0) for size in (config.size, _DECODER))
    shared: dict[str, Any] = {
        "encoder": encoder,
        "decoder": decoder,
        "channels": bands,
        "tile": (settings.tile, settings.tile),
        "mask_ratio": settings.mask_ratio,
    }
    networks = {}
    if config.encoders != "spectral":
        networks["spatial"] = MaskedAutoencoder(SpatialMaskingConfig(patch=settings.patch, **shared))
    if config.encoders != "spatial":
        networks["spectral"] = MaskedAutoencoder(SpectralMaskingConfig(tokens=bands, **shared))
    return MaskedObjective(networks)


def _noise(config: PretrainConfig, bands: int, seed: int, step: int, part: int, num_parts: int) -> Images:
    """A part of a step's images of noise."""
    num_samples = config.optimisation.batch_size // num_parts
    draws = Draws(seed, step, part * num_samples, num_samples)
    return Images(draws.uniform("noise", bands, config.masking.tile, config.masking.tile))


def _images(network: MaskedAutoencoder, tokens: Tensor) -> Tensor:
    """Images (N, C, H, W) of values by token (N, tokens, V): the way back from an autoencoder's target."""
    config = network.config
    if isinstance(config, SpatialMaskingConfig):
        rows, side = config.grid[0], config.patch
        return rearrange(tokens, "n (row col) (p q c) -> n c (row p) (col q)", row=rows, p=side, q=side)
    height, width = config.tile
    return rearrange(tokens, "n t (c h w) -> n (t c) h w", h=height, w=width)
