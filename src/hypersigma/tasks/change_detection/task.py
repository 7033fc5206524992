"""Change detection as a task: its networks, their losses, what they say of a tile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from hypersigma.data.change_maps import change_arrays, change_layers
from hypersigma.data.front_end import FrontEnd
from hypersigma.data.labels import LabelledScene
from hypersigma.georef import Georef
from hypersigma.nn import change, multispectral_change
from hypersigma.nn.backbone import Backbone
from hypersigma.nn.dense_change import DenseChangeNetwork
from hypersigma.nn.detection import IGNORED, DetectionConfig
from hypersigma.nn.sizes import SIZES
from hypersigma.products import Layer, Legend
from hypersigma.tasks._contract import Batch, ChannelReader, Held, Sampler, Share
from hypersigma.tasks._crops import Crops
from hypersigma.tasks._encoder_task import EncoderTask, backbone_config, canonical_image
from hypersigma.tasks.change_detection.config import ChangeDetectionConfig
from hypersigma.tasks.change_detection.fusion import ChangeFusion
from hypersigma.tiling import Window

_WINDOWS_AT_ONCE = 256  # of architecture "published", in prediction


@dataclass(frozen=True, kw_only=True)
class ChangeDecision:
    """From probabilities of change to a map.

    Attributes:
        threshold: probability above which a pixel counts as changed.
    """

    threshold: float = 0.5

    @property
    def halo(self) -> int:
        return 0

    def finish(
        self, quantities: NDArray[np.float32], channels: ChannelReader, window: Window, labels: NDArray[np.int32]
    ) -> dict[str, NDArray[Any]]:
        """The probability and the map of a window."""
        return change_arrays(quantities, self.threshold)

    def layers(self, arrays: Mapping[str, NDArray[Any]], georef: Georef | None, legend: Legend) -> tuple[Layer, ...]:
        return change_layers(arrays, georef, probability=True)


class ChangeDetection(EncoderTask):
    """A network that compares the channels of two dates, (B, 2 C, H, W), those of the first before the others."""

    name: ClassVar[str] = "change_detection"
    Config = ChangeDetectionConfig
    Decision = ChangeDecision
    dates: ClassVar[int] = 2

    def __init__(self, config: ChangeDetectionConfig, front_end: FrontEnd) -> None:
        super().__init__()
        self.config = config
        self.canonical = canonical_image(config.embedding, front_end)
        bands = None if self.canonical is None else len(self.canonical.present)
        self.network = _network(config, front_end.num_channels, bands)
        self.margin = config.window // 2 if self._by_window else 0

    @property
    def backbone(self) -> Backbone:
        network: Any = self.network
        found: Backbone = network.backbone if self.config.architecture == "multispectral" else network.features.backbone
        return found

    @property
    def _by_window(self) -> bool:
        return self.config.architecture == "published"

    @classmethod
    def build(cls, config: ChangeDetectionConfig, front_end: FrontEnd, legend: Legend) -> ChangeDetection:
        return cls(config, front_end)

    @classmethod
    def shares(cls, config: ChangeDetectionConfig, inputs: Sequence[LabelledScene], seed: int) -> list[Share]:
        """One member that learns from every label; the report holds labels out by itself."""
        nothing = [replace(scene, labels=np.zeros_like(scene.labels)) for scene in inputs]
        return [Share(fitted=list(inputs), held_out=nothing)]

    @classmethod
    def reach(cls, config: ChangeDetectionConfig) -> int:
        return 0

    @classmethod
    def settle(cls, config: ChangeDetectionConfig, held: Sequence[Held]) -> ChangeDecision:
        return ChangeDecision()

    def prepare(self, inputs: Sequence[LabelledScene], readers: Sequence[ChannelReader]) -> None:
        """Nothing is settled in closed form."""

    def sampler(self, inputs: Sequence[LabelledScene], readers: Sequence[ChannelReader]) -> Sampler:
        size = self.config.window if self._by_window else self.config.tile
        return Crops(
            inputs,
            readers,
            size=size,
            count=self.config.crops_per_batch,
            noise=0.0,
            centred=self._by_window,
            even=True,
        )

    def forward(self, image: Tensor) -> Tensor:
        """Logits of unchanged and changed, (B, 2, H, W), or (B, 2) by window, of channels (B, 2 C, H, W)."""
        first, second = image.chunk(2, dim=1)
        if self._by_window:
            # published networks count changed first
            return self.network(first, second).flip(1)  # type: ignore[no-any-return]
        if self.config.architecture == "multispectral":
            return self.network(first, second)  # type: ignore[no-any-return]
        dates = torch.cat([first, second])
        if self.canonical is None:
            return self.network(first, second, dates)  # type: ignore[no-any-return]
        told = self.canonical(dates)
        return self.network(first, second, told, self.canonical.present, dates)  # type: ignore[no-any-return]

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """Cross-entropy over the labelled pixels; for architecture "multispectral" the published loss."""
        logits, labels = self(batch.image), batch.target - 1
        if self.config.architecture == "multispectral":
            return {"loss": multispectral_change.multispectral_change_loss(logits, labels)}
        summed = cross_entropy(logits, labels, ignore_index=IGNORED, reduction="sum")
        return {"loss": summed / (labels != IGNORED).sum().clamp(min=1)}

    def quantities(self, image: Tensor) -> Tensor:
        """Probabilities of change (B, 1, h, w)."""
        if self._by_window:
            return self._windows(image)[:, None]
        probabilities: Tensor = self(image).softmax(dim=1)[:, 1:]
        return probabilities

    def _windows(self, image: Tensor) -> Tensor:
        """Probabilities (B, h, w), window by window."""
        side = self.config.window
        windows = image.unfold(2, side, 1).unfold(3, side, 1)
        batch, _, rows, cols = windows.shape[:4]
        places = torch.cartesian_prod(*(torch.arange(length) for length in (batch, rows, cols)))
        parts = [
            self(windows[index, :, row, col]).softmax(dim=1)[:, 1]
            for index, row, col in (some.unbind(1) for some in torch.split(places, _WINDOWS_AT_ONCE))
        ]
        return torch.cat(parts).reshape(batch, rows, cols)


def _network(config: ChangeDetectionConfig, channels: int, canonical: int | None) -> nn.Module:
    """The network that the settings ask for."""
    size, gated = SIZES[config.size], config.fusion == "gate"
    if config.architecture == "published":
        return change.ChangeNetwork(change.published_config(size, channels=channels, window=config.window, gated=gated))
    if config.architecture == "multispectral":
        image = (config.tile, config.tile)
        return multispectral_change.MultispectralChangeNetwork(
            multispectral_change.published_config(size, channels=channels, image=image, gated=gated)
        )
    bands, beside = (channels, 0) if canonical is None else (canonical, channels)
    backbone = backbone_config(config, bands, beside=beside, side=config.tile, spectral_taps=size.taps[-1:])
    return DenseChangeNetwork(DetectionConfig(backbone=backbone), channels)


TASK = ChangeDetection


def frozen_detector(config: ChangeDetectionConfig) -> ChangeFusion:
    """The detector on classical evidence that the settings ask for."""
    return ChangeFusion(num_trees=config.num_trees, cost=config.cost)
