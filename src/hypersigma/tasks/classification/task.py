"""Classification as a task: its networks, what they learn from, and what they say of a tile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import conv2d, cross_entropy

from hypersigma.data.front_end import FrontEnd
from hypersigma.data.labels import LabelledScene
from hypersigma.data.radiometry import present_bands, require_wavelengths
from hypersigma.errors import InputError
from hypersigma.nn.backbone import BackboneConfig, SpatialConfig, SpectralConfig
from hypersigma.nn.canonical import CanonicalImage
from hypersigma.nn.encoder import EncoderConfig
from hypersigma.nn.necks import SAME
from hypersigma.nn.pad import reflect_to_multiple
from hypersigma.nn.sizes import SIZES
from hypersigma.products import Legend
from hypersigma.tasks._contract import Batch, ChannelReader, Held, Sampler, Share, Task
from hypersigma.tasks.classification import decision
from hypersigma.tasks.classification.config import ClassificationConfig
from hypersigma.tasks.classification.examples import Crops
from hypersigma.tasks.classification.network import ClassificationNetwork, NetworkConfig, published_config
from hypersigma.tasks.classification.plain import labelled_samples, logistic_weights
from hypersigma.tasks.classification.shares import shares
from hypersigma.weights.encoders import Encoders
from hypersigma.weights.pretrained import Kind
from hypersigma.weights.receipt import Receipt

_WINDOWS_AT_ONCE = 64  # of head "patch", in prediction
_LAYER_DECAY = 0.75  # of pre-trained encoders: what their first blocks learned holds for any scene
_MOST_CROPS = 64  # in a batch: the spectral encoder's work grows with crops, not with pixels


class Classification(Task):
    """A classification network, with a narrow path that looks at single pixels and a logistic regression beside it."""

    name: ClassVar[str] = "classification"
    Config = ClassificationConfig
    Decision = decision.Decision
    plain: Tensor

    def __init__(
        self, config: ClassificationConfig, front_end: FrontEnd, num_classes: int, present: Tensor | None = None
    ) -> None:
        super().__init__()
        self.config = config
        self.canonical = None if present is None else CanonicalImage(present, front_end.bands_told[0].shape[1])
        num_channels = front_end.num_channels
        bands, beside = (num_channels, 0) if present is None else (len(present), num_channels)
        self.network = ClassificationNetwork(_network_config(config, bands, num_classes, beside))
        self.detail = (
            None if self._by_window or not config.detail else _pixel_path(num_channels, config.detail, num_classes)
        )
        self.margin = config.window // 2 if self._by_window else 0
        self.narrow = torch.from_numpy(front_end.narrow)
        self._told = front_end.plain
        # Settled before training, so it is a state and not a parameter.
        self.register_buffer("plain", torch.zeros(num_classes, len(self.narrow) + 1))

    @property
    def _by_window(self) -> bool:
        return self.config.head == "patch"

    @classmethod
    def build(cls, config: ClassificationConfig, front_end: FrontEnd, legend: Legend) -> Classification:
        present = torch.from_numpy(present_bands(front_end)) if config.embedding == "canonical" else None
        return cls(config, front_end, len(legend.names), present)

    @classmethod
    def for_weights(
        cls, config: ClassificationConfig, weights: Encoders, inputs: Sequence[LabelledScene]
    ) -> ClassificationConfig:
        """The weights' size; encoders see canonical bands, unless settings ask for bands that are learned anew."""
        decay = _LAYER_DECAY if config.training.layer_decay is None else config.training.layer_decay
        config = replace(config, size=weights.size, training=replace(config.training, layer_decay=decay))
        if config.architecture == "published" or config.front_end.bands == "native":
            return config
        for scene in inputs:
            require_wavelengths(scene.cube)
        kinds = {part.card.kind: part.card.config.positions for part in weights.parts}
        spatial = weights.spatial and weights.spatial.card.config
        return replace(
            config,
            embedding="canonical",
            missing=getattr(spatial, "missing", config.missing),
            spatial_positions=kinds.get("spatial", config.spatial_positions),
            spectral_positions=kinds.get("spectral", config.spectral_positions),
        )

    @classmethod
    def takes_weights(cls, config: ClassificationConfig, inputs: Sequence[LabelledScene]) -> bool:
        if config.architecture != "default" or config.front_end.bands != "canonical":
            return False
        return all(scene.cube.wavelengths is not None for scene in inputs)

    def begin_with(self, weights: Encoders, front_end: FrontEnd, gain: NDArray[np.float64]) -> dict[Kind, Receipt]:
        """Fill the encoders; those that see canonical bands get the numbers they were trained on."""
        if self.canonical is not None:
            matrix, offset = front_end.bands_told
            seen = self.canonical.present.cpu().numpy()[front_end.used]
            own = gain[front_end.used[seen]]
            self.canonical.undo(own[:, None] * matrix[seen], own * offset[seen])
        return weights.into(self.network.backbone, embeddings=self.canonical is not None)

    @classmethod
    def adapted(cls, config: ClassificationConfig, inputs: Sequence[LabelledScene]) -> ClassificationConfig:
        """Native bands where a scene has no wavelengths; tiles no larger than the smallest scene.

        Raises:
            InputError: a scene is smaller than a patch.
        """
        if any(scene.cube.wavelengths is None for scene in inputs):
            config = replace(config, front_end=replace(config.front_end, bands="native"))
        for scene in inputs:
            _, rows, cols = scene.cube.shape
            if min(rows, cols) < config.patch:
                raise InputError(
                    f"{scene.cube.name} has {rows} x {cols} pixels, less than one patch of {config.patch} x "
                    f"{config.patch}; use a larger scene, or  --set patch=1"
                )
        tile = min(config.tile, *(min(scene.cube.shape[1:]) for scene in inputs))
        return replace(config, tile=tile, overlap=min(config.overlap, tile // 2))

    @classmethod
    def shares(cls, config: ClassificationConfig, inputs: Sequence[LabelledScene], seed: int) -> list[Share]:
        return shares(inputs, config.num_members, seed)

    @classmethod
    def reach(cls, config: ClassificationConfig) -> int:
        return decision.REACH

    @classmethod
    def settle(cls, config: ClassificationConfig, held: Sequence[Held]) -> decision.Decision:
        return decision.settle(config.spreading, held)

    def prepare(self, inputs: Sequence[LabelledScene], readers: Sequence[ChannelReader]) -> None:
        """Settle the logistic regression of the narrow channels on the labelled pixels."""
        samples, classes = labelled_samples(inputs, readers)
        weights = logistic_weights(samples[:, self.narrow.numpy()], classes, len(self.plain), self._told)
        self.plain.copy_(torch.from_numpy(weights))

    def sampler(self, inputs: Sequence[LabelledScene], readers: Sequence[ChannelReader]) -> Sampler:
        size = self.config.window if self._by_window else self.config.tile
        count = min(max(1, self.config.pixels_per_batch // size**2), _MOST_CROPS)
        return Crops(inputs, readers, size=size, count=count, noise=self.config.noise, centred=self._by_window)

    def forward(self, image: Tensor) -> Tensor:
        """Class scores (B, K, H, W), or (B, K) by window, of channels (B, C, H, W)."""
        if self.canonical is None:
            scores: Tensor = self.network(image)
        else:
            scores = self.network(self.canonical(image), self.canonical.present, image)
        return scores if self.detail is None else scores + self.detail(image)

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """Cross-entropy over the labelled pixels; 0 where a batch has none."""
        scores = self(batch.image)
        # Class 0 is "unlabelled": the loss knows the classes from 0 and ignores -1.
        summed = cross_entropy(
            scores, batch.target - 1, ignore_index=-1, label_smoothing=self.config.label_smoothing, reduction="sum"
        )
        return {"loss": summed / (batch.target > 0).sum().clamp(min=1)}

    def quantities(self, image: Tensor) -> Tensor:
        """Class probabilities (B, 2 K, h, w): those of the network, then the plain ones."""
        rows, cols = (length - 2 * self.margin for length in image.shape[-2:])
        middle = image[..., self.margin : self.margin + rows, self.margin : self.margin + cols]
        weight, bias = self.plain[:, :-1], self.plain[:, -1]
        plain = conv2d(middle[:, self.narrow], weight[..., None, None], bias).softmax(dim=1)
        return torch.cat([self._in_context(image), plain], dim=1)

    def _in_context(self, image: Tensor) -> Tensor:
        """Class probabilities (B, K, h, w) of the network."""
        if not self._by_window:
            return self._dense(image).softmax(dim=1)
        side = self.config.window
        windows = image.unfold(2, side, 1).unfold(3, side, 1)
        batch, _, rows, cols = windows.shape[:4]
        places = torch.cartesian_prod(*(torch.arange(length) for length in (batch, rows, cols)))
        # Cut a few at a time: all windows together hold each pixel of the image window x window times.
        parts = [
            self(windows[index, :, row, col]).softmax(dim=1)
            for index, row, col in (some.unbind(1) for some in torch.split(places, _WINDOWS_AT_ONCE))
        ]
        return torch.cat(parts).reshape(batch, rows, cols, -1).permute(0, 3, 1, 2)

    def _dense(self, image: Tensor) -> Tensor:
        """Class scores (B, K, h, w) of images that may be smaller than a tile."""
        rows, cols = image.shape[-2:]
        if self.config.architecture == "published":
            # It has no measure for what is smaller than its windows.
            image = reflect_to_multiple(image, self.config.tile)
        scores: Tensor = self(image)
        return scores[..., :rows, :cols]


def _network_config(config: ClassificationConfig, num_channels: int, num_classes: int, beside: int) -> NetworkConfig:
    """The network that the settings ask for."""
    side = config.window if config.head == "patch" else config.tile
    if config.architecture == "published":
        return published_config(
            SIZES[config.size],
            head=config.head,
            channels=num_channels,
            image=(side, side),
            patch=config.patch,
            num_classes=num_classes,
            gated=config.fusion == "gate",
        )
    encoder = replace(EncoderConfig.of_size(config.size), drop_path=config.drop_path)
    spatial = SpatialConfig(
        encoder=encoder,
        channels=num_channels,
        patch=config.patch,
        positions=config.spatial_positions,
        grid=(-(-side // config.patch), -(-side // config.patch)),
        missing=config.missing,
        beside=beside,
    )
    spectral = SpectralConfig(
        encoder=replace(encoder, taps=encoder.taps[:1]),
        tokens=num_channels,
        tile=(side, side),
        positions=config.spectral_positions,
    )
    return NetworkConfig(
        num_classes=num_classes,
        backbone=BackboneConfig(spatial=spatial, spectral=spectral if config.fusion == "gate" else None),
        head=config.head,
        pyramid=SAME,
    )


def _pixel_path(num_channels: int, width: int, num_classes: int) -> nn.Sequential:
    """A perceptron on every pixel by itself: what a token of several pixels blurs."""
    return nn.Sequential(nn.Conv2d(num_channels, width, 1), nn.GELU(), nn.Conv2d(width, num_classes, 1))
