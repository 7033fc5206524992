"""Classification as a task: its networks, what they learn from, and what they say of a tile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, cross_entropy

from hypersigma.data.front_end import FrontEnd
from hypersigma.data.labels import LabelledScene
from hypersigma.nn.backbone import Backbone
from hypersigma.nn.necks import SAME
from hypersigma.nn.pad import reflect_to_multiple
from hypersigma.nn.sizes import SIZES
from hypersigma.products import Legend
from hypersigma.tasks._contract import Batch, ChannelReader, Held, Sampler, Share
from hypersigma.tasks._crops import Crops
from hypersigma.tasks._encoder_task import EncoderTask, backbone_config, canonical_image
from hypersigma.tasks.classification import decision
from hypersigma.tasks.classification.config import ClassificationConfig
from hypersigma.tasks.classification.network import ClassificationNetwork, NetworkConfig, published_config
from hypersigma.tasks.classification.plain import labelled_samples, logistic_weights
from hypersigma.tasks.classification.shares import shares

_WINDOWS_AT_ONCE = 64  # of head "patch", in prediction
_MOST_CROPS = 64  # in a batch: the spectral encoder's work grows with crops, not with pixels


class Classification(EncoderTask):
    """A classification network, with a narrow path that looks at single pixels and a logistic regression beside it."""

    name: ClassVar[str] = "classification"
    Config = ClassificationConfig
    Decision = decision.Decision
    narrow: Tensor
    plain: Tensor

    def __init__(self, config: ClassificationConfig, front_end: FrontEnd, num_classes: int) -> None:
        super().__init__()
        self.config = config
        self.canonical = canonical_image(config.embedding, front_end)
        num_channels = front_end.num_channels
        bands, beside = (num_channels, 0) if self.canonical is None else (len(self.canonical.present), num_channels)
        self.network = ClassificationNetwork(_network_config(config, bands, num_classes, beside))
        self.detail = (
            None if self._by_window or not config.detail else _pixel_path(num_channels, config.detail, num_classes)
        )
        self.margin = config.window // 2 if self._by_window else 0
        self.register_buffer("narrow", torch.from_numpy(front_end.narrow), persistent=False)
        self._told = front_end.plain
        # Settled before training, so it is a state and not a parameter.
        self.register_buffer("plain", torch.zeros(num_classes, len(self.narrow) + 1))

    @property
    def backbone(self) -> Backbone:
        return self.network.backbone

    @property
    def _by_window(self) -> bool:
        return self.config.head == "patch"

    @classmethod
    def build(cls, config: ClassificationConfig, front_end: FrontEnd, legend: Legend) -> Classification:
        return cls(config, front_end, len(legend.names))

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
        weights = logistic_weights(samples[:, self.narrow.cpu().numpy()], classes, len(self.plain), self._told)
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
    size = SIZES[config.size]
    return NetworkConfig(
        num_classes=num_classes,
        backbone=backbone_config(config, num_channels, beside=beside, side=side, spectral_taps=size.taps[:1]),
        head=config.head,
        pyramid=SAME,
    )


def _pixel_path(num_channels: int, width: int, num_classes: int) -> nn.Sequential:
    """A perceptron on every pixel by itself: what a token of several pixels blurs."""
    return nn.Sequential(nn.Conv2d(num_channels, width, 1), nn.GELU(), nn.Conv2d(width, num_classes, 1))


TASK = Classification
