"""Unmixing as a task: its network, its losses, what it says of a tile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hypersigma.data.front_end import FrontEnd
from hypersigma.data.seeded import SeededScene
from hypersigma.data.unmixing_maps import unmixing_arrays, unmixing_layers
from hypersigma.georef import Georef
from hypersigma.nn.backbone import Backbone
from hypersigma.nn.canonical import CanonicalImage
from hypersigma.nn.pad import reflect_to_multiple
from hypersigma.nn.simplex import constrained
from hypersigma.nn.sizes import SIZES
from hypersigma.nn.unmixing import Unmixed, UnmixingConfig, UnmixingNetwork, published_config
from hypersigma.nn.unmixing_losses import spectral_angles, unmixing_loss
from hypersigma.products import Layer, Legend, SpectralLibrary
from hypersigma.tasks._contract import Batch, ChannelReader, Held, Sampler, Share
from hypersigma.tasks._encoder_task import EncoderTask, backbone_config, canonical_image
from hypersigma.tasks.unmixing.config import UnmixingTaskConfig
from hypersigma.tasks.unmixing.squares import Squares
from hypersigma.tasks.unmixing.unmixer import SceneUnmixer
from hypersigma.tiling import Window

_SMALLEST = 1e-12
_LARGEST_CHANGE = 10.0  # of a number of an endmember, by which a native band follows its canonical ones


@dataclass(frozen=True, kw_only=True)
class UnmixingDecision:
    """From abundances to layers: nothing is left to decide."""

    @property
    def halo(self) -> int:
        return 0

    def finish(
        self, quantities: NDArray[np.float32], channels: ChannelReader, window: Window, labels: NDArray[np.int32]
    ) -> dict[str, NDArray[Any]]:
        """Abundances, residual and angle of a window; blending rounds, so the sums are set right."""
        arrays = unmixing_arrays(quantities)
        shares = arrays["abundances"]
        return arrays | {"abundances": shares / shares.sum(axis=0, keepdims=True)}

    def layers(self, arrays: Mapping[str, NDArray[Any]], georef: Georef | None, legend: Legend) -> tuple[Layer, ...]:
        return unmixing_layers(arrays, georef, legend.names, how="at least 0, with sum one")


class Unmixing(EncoderTask):
    """An autoencoder of the bands that channels tell, begun with endmembers of the scene.

    Attributes:
        start: (K, bands of the image) the endmembers that it began with.
        native: (K, used bands) the same in the scene's bands.
        by_shape: whether brightness does not count.
    """

    name: ClassVar[str] = "unmixing"
    Config = UnmixingTaskConfig
    Decision = UnmixingDecision
    start: Tensor
    native: Tensor
    by_shape: Tensor

    def __init__(self, config: UnmixingTaskConfig, front_end: FrontEnd, num_endmembers: int) -> None:
        super().__init__()
        self.config = config
        self.canonical = canonical_image(config.embedding, front_end)
        matrix, offset = front_end.bands_told
        if self.canonical is None:
            self.bands = CanonicalImage(torch.from_numpy(np.ones(len(offset), dtype=bool)), matrix.shape[1])
            self.bands.undo(matrix, offset)
        else:
            seen = self.canonical.present.numpy()[front_end.used]
            self.canonical.undo(matrix[seen], offset[seen])
        image = self.canonical or self.bands
        beside = 0 if self.canonical is None else front_end.num_channels
        self.network = UnmixingNetwork(_network_config(config, len(image.present), beside, num_endmembers))
        self.network.decoder.requires_grad_(config.endmembers != "fixed")
        self.register_buffer("by_shape", torch.tensor(False))
        if config.architecture == "default":
            self.network.change_nothing()
        self.register_buffer("start", torch.zeros(num_endmembers, len(image.present)))
        self.register_buffer("native", torch.zeros(num_endmembers, len(front_end.bands.indices), dtype=torch.float64))

    @property
    def backbone(self) -> Backbone:
        return self.network.features.backbone

    @classmethod
    def build(cls, config: UnmixingTaskConfig, front_end: FrontEnd, legend: Legend) -> Unmixing:
        return cls(config, front_end, len(legend.names))

    @classmethod
    def shares(cls, config: UnmixingTaskConfig, inputs: Sequence[SeededScene], seed: int) -> list[Share]:
        """One member that learns from every pixel; there are no labels to hold out."""
        return [Share(fitted=list(inputs), held_out=list(inputs))]

    @classmethod
    def reach(cls, config: UnmixingTaskConfig) -> int:
        return 0

    @classmethod
    def settle(cls, config: UnmixingTaskConfig, held: Sequence[Held]) -> UnmixingDecision:
        return UnmixingDecision()

    def prepare(self, inputs: Sequence[SeededScene], readers: Sequence[ChannelReader]) -> None:
        """Begin with the endmembers of the scene, as the network sees them."""
        spectra = inputs[0].endmembers
        channels = np.stack([readers[0].alike(spectrum) for spectrum in spectra])
        images = torch.from_numpy(channels)[:, :, None, None].to(self.start.device)
        begun = self.told(images)["image"][..., 0, 0].clamp(min=0)
        self.by_shape.fill_(inputs[0].by_shape)
        if inputs[0].by_shape:
            lengths = torch.linalg.vector_norm(begun, dim=1, keepdim=True)
            begun = begun * (lengths.mean() / lengths.clamp(min=_SMALLEST))
        self.start.copy_(begun)
        self.native.copy_(torch.from_numpy(spectra[:, inputs[0].used]))
        self.network.set_endmembers(self.start)

    def sampler(self, inputs: Sequence[SeededScene], readers: Sequence[ChannelReader]) -> Sampler:
        return Squares(readers, size=self.config.tile, count=self.config.crops_per_batch)

    def told(self, image: Tensor) -> dict[str, Any]:
        """Channels (B, C, H, W) as the network takes them."""
        if self.canonical is None:
            told = {"image": self.bands(image), "present": None, "beside": None}
        else:
            told = {"image": self.canonical(image), "present": self.canonical.present, "beside": image}
        begun = self.begun(told["image"], told["present"]) if self.config.architecture == "default" else None
        return told | {"begun": begun}

    @torch.no_grad()
    def begun(self, image: Tensor, present: Tensor | None) -> Tensor:
        """Abundances (B, K, H, W) of constrained least squares with the endmembers as they are."""
        endmembers = self.network.endmembers()
        if present is not None:
            image, endmembers = image[:, present], endmembers[:, present]
        lengths = [torch.linalg.vector_norm(spectra, dim=1, keepdim=True) for spectra in (image, endmembers)]
        seen, ends = (
            torch.where(self.by_shape, spectra / length.clamp(min=_SMALLEST), spectra)
            for spectra, length in zip((image, endmembers), lengths, strict=True)
        )
        return constrained(seen, ends)

    def forward(self, image: Tensor) -> Unmixed:
        """Abundances and reconstruction of channels (B, C, H, W)."""
        return self.network(**self.told(image))  # type: ignore[no-any-return]

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """Angle, sparsity and roughness; for refined endmembers also the angle to what they began with."""
        told, config = self.told(batch.image), self.config
        self.network.keep_positive()
        endmembers = self.network.endmembers()
        loss = unmixing_loss(
            self.network(**told),
            told["image"],
            endmembers,
            known=batch.target > 0,
            present=told["present"],
            sparsity=config.sparsity,
            variation=config.variation,
            published=config.loss == "published",
        )
        if config.endmembers != "refined":
            return {"loss": loss}
        moved = spectral_angles(endmembers, self.start).mean()
        return {"loss": loss + moved, "moved": moved}

    def quantities(self, image: Tensor) -> Tensor:
        """Abundances, residual and angle (B, K + 2, h, w), the latter two in the bands that the network sees."""
        rows, cols = image.shape[-2:]
        if self.config.architecture == "published":
            # its gates look at whole windows
            image = reflect_to_multiple(image, self.config.tile)
        told = self.told(image)
        unmixed = self.network(**told)
        seen, made = told["image"], unmixed.reconstruction
        if told["present"] is not None:
            seen, made = seen[:, told["present"]], made[:, told["present"]]
        factor = ((seen * made).sum(1) / made.square().sum(1).clamp(min=_SMALLEST)).clamp(min=0)
        left = (seen - factor[:, None] * made).square().mean(1, keepdim=True).sqrt()
        turned = spectral_angles(made, seen)[:, None]
        return torch.cat([unmixed.abundances, left, turned], dim=1)[..., :rows, :cols]

    def libraries(self, front_end: FrontEnd, legend: Legend) -> tuple[SpectralLibrary, ...]:
        """The endmembers on the scene's bands: those begun with, changed as the network changed its own."""
        waves = front_end.bands.wavelengths
        used = list(front_end.bands.indices)
        return (
            SpectralLibrary(
                names=legend.names,
                wavelengths=np.arange(1.0, len(used) + 1) if waves is None else np.asarray(waves)[used],
                spectra=self._native(front_end),
                name="endmembers",
                numbered=waves is None,
            ),
        )

    @torch.no_grad()
    def _native(self, front_end: FrontEnd) -> NDArray[np.float64]:
        """Endmembers (K, used bands)."""
        begun, now = self.start.cpu().double(), self.network.endmembers().cpu().double()
        change = torch.where(begun > 0, now / begun.clamp(min=_SMALLEST), torch.ones_like(now))
        factors: NDArray[np.float64] = change.clamp(max=_LARGEST_CHANGE).numpy()
        native: NDArray[np.float64] = self.native.cpu().numpy()
        if front_end.config.bands == "native":
            return native * factors
        assert front_end.bands.wavelengths is not None
        places = np.asarray(front_end.bands.wavelengths)[list(front_end.bands.indices)]
        centres, told = _centres(front_end, self.canonical)
        resampled: NDArray[np.float64] = np.stack([np.interp(places, centres, row[told]) for row in factors])
        return native * resampled


def _centres(front_end: FrontEnd, canonical: CanonicalImage | None) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Wavelengths of the bands of the image that hold anything, and which of its bands these are."""
    from hypersigma.spectra import CANONICAL

    if canonical is None:
        return CANONICAL[front_end.used], np.ones(len(front_end.used), dtype=bool)
    told: NDArray[np.bool_] = canonical.present.cpu().numpy()
    return CANONICAL[told], told


def _network_config(config: UnmixingTaskConfig, num_bands: int, beside: int, num_endmembers: int) -> UnmixingConfig:
    """The network that the settings ask for."""
    size, gated = SIZES[config.size], config.fusion == "gate"
    if config.architecture == "published":
        tile = (config.tile, config.tile)
        wanted = published_config(size, channels=num_bands, num_endmembers=num_endmembers, image=tile, gated=gated)
        return replace(wanted, dropout=config.dropout, logit_dropout=config.logit_dropout)
    return UnmixingConfig(
        backbone=backbone_config(config, num_bands, beside=beside, side=config.tile, spectral_taps=size.taps[-1:]),
        num_endmembers=num_endmembers,
        dropout=config.dropout,
        logit_dropout=config.logit_dropout,
    )


TASK = Unmixing


def frozen_detector(config: UnmixingTaskConfig) -> SceneUnmixer:
    """The tuning-free unmixer that the settings ask for."""
    return SceneUnmixer(
        compare=config.compare,
        endmembers=config.endmembers,
        sum_to_one=config.sum_to_one,
        smoothing=config.smoothing,
        shade=config.shade,
        bundle=config.bundle,
    )
