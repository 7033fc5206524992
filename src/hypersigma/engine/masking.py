"""Masked autoencoding as an objective: each encoder with its autoencoder, each with a loss of its own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple, cast

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn.functional import interpolate

from hypersigma.engine.corpus import Corpus
from hypersigma.engine.masking_settings import UNCHANGED, AugmentationSettings, MaskingSettings, Target
from hypersigma.engine.objective import Draws, ErrorSum, Losses, Objective, Workload
from hypersigma.engine.pretrained_folder import Export
from hypersigma.engine.readout import NUM_COMPONENTS, READOUT, Readout
from hypersigma.engine.recipe import PretrainConfig
from hypersigma.engine.views import (
    Changes,
    Images,
    Look,
    Square,
    changes,
    look,
    noise,
    seen,
    standardised,
)
from hypersigma.natural_spectra import components, natural_spectra
from hypersigma.nn.backbone import CANONICAL_BANDS
from hypersigma.nn.block import Block
from hypersigma.nn.mae import (
    MaskedAutoencoder,
    Reconstruction,
    SpatialMaskingConfig,
    SpectralMaskingConfig,
    View,
    masking_encoder,
    sparse_encoder,
)
from hypersigma.weights.encoders import load_encoders
from hypersigma.weights.fit import fit
from hypersigma.weights.pretrained import Kind

_SPATIAL: Kind = "spatial"
_SPECTRAL: Kind = "spectral"
# Reflectance differs by about that much from place to place and from band to band, around a mean of a fifth.
_REFLECTANCE, _DEVIATION = 0.2, 0.15
_UNEVEN = 0.2  # deviation of what a patch is heard to differ by inside, against its mean
_QUIET = 0.02  # of what blocks say at the beginning, against how they are drawn
_PICTURE = 64  # pixels; side of an image in a picture


class _Found(NamedTuple):
    """What an autoencoder made of images, what it should have made (B, N, V), and what it saw, in which bands."""

    made: Reconstruction
    target: Tensor
    view: View
    square: Square
    present: Tensor | None


class MaskedObjective(Objective):
    """Masked autoencoders that see the same images and hide tokens of their own.

    Args:
        networks: "spatial", "spectral" or both.
        masking, augmentation: how they look at images.
    """

    def __init__(
        self,
        networks: Mapping[Kind, MaskedAutoencoder],
        masking: MaskingSettings,
        augmentation: AugmentationSettings = UNCHANGED,
    ) -> None:
        super().__init__()
        # The spectral one first: where they are joint, its findings are told to the other.
        self.networks = nn.ModuleDict({name: networks[name] for name in (_SPECTRAL, _SPATIAL) if name in networks})
        self._masking, self._augmentation = masking, augmentation
        # What is read is known of canonical bands alone.
        read = [(name, network) for name, network in self._autoencoders() if masking.readout and _canonical(network)]
        self.readouts = nn.ModuleDict(
            {name: Readout(network.config.encoder.dim, spatial=name == _SPATIAL) for name, network in read}
        )
        if masking.joint:
            spectral, spatial = (networks[name].config for name in (_SPECTRAL, _SPATIAL))
            self.meeting = nn.Linear(spectral.encoder.dim, spatial.decoder.dim)

    def forward(self, batch: Any, draws: Draws) -> Losses:
        """The squared error of each autoencoder, averaged over the values of a token, summed over hidden tokens.

        Beside it, where there is a readout, its errors of the tokens that were seen.
        """
        losses = {}
        for name, found in self._reconstructed(batch, draws).items():
            errors = found.made.errors(found.target, normalised=self._target(name) == "token")
            losses[name] = ErrorSum(errors.sum(), found.made.masked.sum())
            if name in self.readouts:
                read = self.readouts[name](found.made, found.view, found.square, found.present)
                losses[f"{name}_readout"] = read._replace(weight=self._masking.readout)
        return losses

    def counts(self, batch: Any, draws: Draws) -> dict[str, Tensor]:
        """The number of hidden tokens, which is the same for every image of a step, and of what is read from others."""
        how = look(self._masking, self._augmentation, batch, draws)
        counts = {}
        for name, network in self._autoencoders():
            num_bands = how.num_bands or network.config.channels
            tokens = how.grid**2 if name == _SPATIAL else num_bands
            kept, number = network.num_kept(tokens), len(batch.image)
            counts[name] = torch.tensor(float((tokens - kept) * number), device=batch.image.device)
            if name in self.readouts:
                read = kept * number if name == _SPATIAL else number
                counts[f"{name}_readout"] = torch.tensor(float(read), device=batch.image.device)
        return counts

    def picture(self, batch: Any, draws: Draws) -> Tensor:
        """The first image, what an autoencoder sees of it, and what it makes of it, a row for each autoencoder."""
        rows = []
        for name, found in self._reconstructed(batch, draws).items():
            target = found.target
            if self._target(name) == "token":
                target = (target - target.mean(-1, keepdim=True)) / target.std(-1, keepdim=True).clamp(min=1e-6)
            shown = target * ~found.made.masked[..., None]
            tokens = torch.stack([target[0], shown[0], found.made.predicted[0].to(target.dtype)])
            rows.append(rearrange(_three_bands(found.view, tokens), "n c h w -> c h (n w)"))
        return torch.cat(rows[::-1], dim=1)

    def _autoencoders(self) -> list[tuple[str, MaskedAutoencoder]]:
        """The autoencoders by name."""
        return [(name, cast(MaskedAutoencoder, network)) for name, network in self.networks.items()]

    def _target(self, name: str) -> Target:
        """What an autoencoder predicts."""
        return self._masking.spatial_target if name == _SPATIAL else self._masking.spectral_target

    def _reconstructed(self, batch: Images, draws: Draws) -> dict[str, _Found]:
        """What the autoencoders make of images."""
        how = look(self._masking, self._augmentation, batch, draws)
        changed = changes(self._augmentation, draws)
        found: dict[str, _Found] = {}
        for name, network in self._autoencoders():
            context = None
            if self._masking.joint and name == _SPATIAL:
                context = self.meeting(found[_SPECTRAL].made.latent.mean(1))
            found[name] = self._one(network, name, batch, draws, how, changed, context)
        return found

    def _one(
        self,
        network: MaskedAutoencoder,
        name: str,
        batch: Images,
        draws: Draws,
        how: Look,
        changed: Changes,
        context: Tensor | None,
    ) -> _Found:
        """What an autoencoder makes of images."""
        side, patch = (how.patch * how.grid, how.patch) if name == _SPATIAL else (how.tile, None)
        square = seen(name, batch, side, how, changed, draws)
        image = square.image
        view = network.view(image, how.present, patch)
        places = torch.arange(view.num_tokens) if view.places is None else view.places.cpu()
        hiding = noise(name, places, how.span if name == _SPECTRAL else 1, draws).to(image.device)
        made = network(image, hiding, how.present, patch=patch, context=context)
        true = image if square.truth is None else square.truth
        wanted = standardised(true, how.present) if self._target(name) == "spectrum" else true
        return _Found(made, network.target(wanted, how.present, patch=patch), view, square, how.present)


def workload(config: PretrainConfig, seed: int) -> Workload:
    """Network and examples of a recipe.

    Raises:
        ConfigError: the data section does not fit its sources.
        InputError: a source cannot be read.
        WeightsError: the weights that the run begins with are missing, or of another size.
    """
    corpus = Corpus.of(config, seed)

    def build() -> MaskedObjective:
        objective = build_objective(config)
        if config.masking.begin_with:
            _begin(objective, config.masking.begin_with)
        return objective

    return Workload(build, corpus.batch, Export(_autoencoders(config), config, seed, corpus.described()))


def build_objective(config: PretrainConfig) -> MaskedObjective:
    """The autoencoders of a recipe, on the default device."""
    networks = {name: MaskedAutoencoder(network) for name, network in _autoencoders(config).items()}
    for network in networks.values():
        if _canonical(network) and not network.embed.weight.is_meta:
            _attune(network)
    return MaskedObjective(networks, config.masking, config.augmentation)


def _canonical(network: MaskedAutoencoder) -> bool:
    """Whether an autoencoder sees the canonical bands."""
    return network.config.channels == CANONICAL_BANDS


@torch.no_grad()
def _attune(network: MaskedAutoencoder) -> None:
    """Let an embedding begin as one of principal components, all equally loud: what differs is as loud as positions.

    Drawn as for any input, it hears of reflectance little but its mean. Blocks begin as nearly nothing, so that what is
    read at the end is what the embedding said.
    """
    for block in (module for module in network.encoder.modules() if isinstance(module, Block)):
        for last in (block.attention.projection, block.mlp.contract):
            last.weight.mul_(_QUIET)
    weight, bias = network.embed.weight, network.embed.bias
    if isinstance(network.config, SpatialMaskingConfig):
        # Mostly what a patch is on average, and in a share how it differs inside.
        count, (rows, cols) = NUM_COMPONENTS, weight.shape[2:]
        even, uneven = (torch.randn(len(weight), count, *side) for side in ((1, 1), (rows, cols)))
        drawn = (even + _UNEVEN * uneven) / (math.sqrt(count) * rows * cols)
        weight.copy_(torch.einsum("dkpq,kc->dcpq", drawn, torch.from_numpy(components(count)).float()))
        bias.copy_(-weight.sum(dim=(2, 3)) @ torch.from_numpy(natural_spectra().mean).float())
    else:
        nn.init.normal_(weight)
        weight.div_(_DEVIATION * math.sqrt(weight[0].numel()))
        bias.copy_(-_REFLECTANCE * weight.flatten(1).sum(1))


def _autoencoders(config: PretrainConfig) -> dict[Kind, SpatialMaskingConfig | SpectralMaskingConfig]:
    """The autoencoders of a recipe by the kind of their encoder."""
    kinds: tuple[Kind, ...] = ("spatial", "spectral")
    return {kind: _autoencoder(config, kind) for kind in kinds if config.encoders in (kind, "both")}


def _autoencoder(config: PretrainConfig, kind: Kind) -> SpatialMaskingConfig | SpectralMaskingConfig:
    settings = config.masking
    encoder = sparse_encoder(config.size) if settings.phase == "sparse" else masking_encoder(config.size)
    shared: dict[str, Any] = {
        # Hiding tokens is regularisation enough, and stochastic depth would draw from global random numbers.
        "encoder": replace(encoder, drop_path=0.0),
        "decoder": replace(masking_encoder(settings.decoder.size(config.size)), drop_path=0.0),
        "tile": (settings.tile, settings.tile),
        "hidden": "tokens" if settings.phase == "sparse" else "left_out",
    }
    if kind == "spatial":
        shared |= {"patch": settings.patch, "patches": tuple(settings.views), "missing": settings.missing}
        return SpatialMaskingConfig(mask_ratio=settings.mask_ratio, **shared)
    return SpectralMaskingConfig(tiles=settings.tiles, mask_ratio=settings.spectral_mask_ratio, **shared)


def _begin(objective: MaskedObjective, folder: str) -> None:
    """Fill the autoencoders with weights; what these lack, such as offsets, stays as drawn."""
    encoders = load_encoders(folder)
    for part in encoders.parts:
        if part.card.kind in objective.networks:
            fit(objective.networks[part.card.kind], part.state)
            if part.card.kind in objective.readouts and f"{READOUT}.weight" in part.state:
                cast(Readout, objective.readouts[part.card.kind]).begin(part.state)


def _three_bands(view: View, tokens: Tensor) -> Tensor:
    """Images (N, 3, 64, 64) of three bands, from 0 to 1, of values by token (N, tokens, V)."""
    rows, cols = view.side
    if len(view.grid) == 2:
        pattern = "n (row col) (p q c) -> n c (row p) (col q)"
        images = rearrange(tokens, pattern, row=view.grid[0], p=rows, q=cols)
    else:
        images = rearrange(tokens, "n t (c h w) -> n (t c) h w", h=rows, w=cols)
    bands = images[:, [images.shape[1] * share // 4 for share in (3, 2, 1)]]
    low, high = bands.amin(dim=(0, 2, 3), keepdim=True), bands.amax(dim=(0, 2, 3), keepdim=True)
    return interpolate((bands - low) / (high - low).clamp(min=1e-6), size=(_PICTURE, _PICTURE))
