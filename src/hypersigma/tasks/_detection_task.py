"""What both detections share when a network is trained: pseudo-labels in, a score out, a threshold without truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from hypersigma.data.detections import robust_threshold
from hypersigma.data.front_end import FrontEnd
from hypersigma.data.pseudo_labels import PseudoScene
from hypersigma.data.score_maps import score_arrays, score_layers
from hypersigma.georef import Georef
from hypersigma.nn.backbone import Backbone
from hypersigma.nn.detection import AnomalyNetwork, DetectionConfig, TargetNetwork, published_config
from hypersigma.nn.pad import reflect_to_multiple
from hypersigma.nn.sizes import SIZES
from hypersigma.products import Layer, Legend
from hypersigma.tasks._contract import Batch, ChannelReader, Held, Sampler, Share
from hypersigma.tasks._crops import Crops
from hypersigma.tasks._detection_config import DetectionTaskConfig
from hypersigma.tasks._encoder_task import EncoderTask, backbone_config, canonical_image
from hypersigma.tiling import Window


@dataclass(frozen=True, kw_only=True)
class DetectionDecision:
    """From scores to a mask.

    Attributes:
        task: what is detected.
        threshold: score above which a pixel is a detection.
        false_alarm_rate: that the threshold is made for.
    """

    task: str
    threshold: float
    false_alarm_rate: float

    @property
    def halo(self) -> int:
        return 0

    def finish(
        self, quantities: NDArray[np.float32], channels: ChannelReader, window: Window, labels: NDArray[np.int32]
    ) -> dict[str, NDArray[Any]]:
        """The score and the mask of a window."""
        return score_arrays(quantities, self.threshold, self.task)

    def layers(self, arrays: Mapping[str, NDArray[Any]], georef: Georef | None, legend: Legend) -> tuple[Layer, ...]:
        return score_layers(arrays, georef, self.task, self.false_alarm_rate)


class DetectionTask(EncoderTask):
    """A detection network fitted on pseudo-labels: 1 background, 2 found, 0 unknown."""

    Decision = DetectionDecision
    Network: ClassVar[type[AnomalyNetwork | TargetNetwork]]

    def __init__(self, config: Any, front_end: FrontEnd) -> None:
        super().__init__()
        self.config = config
        self.canonical = canonical_image(config.embedding, front_end)
        num_channels = front_end.num_channels
        bands, beside = (num_channels, 0) if self.canonical is None else (len(self.canonical.present), num_channels)
        self.network = self.Network(_network_config(config, bands, beside))

    @property
    def backbone(self) -> Backbone:
        return self.network.features.backbone

    @classmethod
    def build(cls, config: Any, front_end: FrontEnd, legend: Legend) -> DetectionTask:
        return cls(config, front_end)

    @classmethod
    def shares(cls, config: Any, inputs: Sequence[PseudoScene], seed: int) -> list[Share]:
        """One member, and every pixel to see how high scores get."""
        everywhere = [replace(scene, labels=np.ones_like(scene.labels)) for scene in inputs]
        return [Share(fitted=inputs, held_out=everywhere)]

    @classmethod
    def reach(cls, config: Any) -> int:
        return 0

    @classmethod
    def settle(cls, config: Any, held: Sequence[Held]) -> DetectionDecision:
        """The threshold that lets a background pixel pass at the false-alarm rate."""
        scores = np.concatenate([answer.quantities.ravel() for answer in held])
        threshold = robust_threshold(scores, config.false_alarm_rate)
        return DetectionDecision(task=cls.name, threshold=threshold, false_alarm_rate=config.false_alarm_rate)

    def prepare(self, inputs: Sequence[PseudoScene], readers: Sequence[ChannelReader]) -> None:
        """Nothing is settled in closed form."""

    def sampler(self, inputs: Sequence[PseudoScene], readers: Sequence[ChannelReader]) -> Sampler:
        return Crops(
            inputs,
            readers,
            size=self.config.tile,
            count=self.config.crops_per_batch,
            noise=0.0,
            centred=False,
            even=self.config.architecture == "default",
        )

    def scores(self, image: Tensor) -> Tensor:
        """What is compared with a threshold, (B, H, W), of channels (B, C, H, W)."""
        raise NotImplementedError

    def told(self, image: Tensor) -> dict[str, Tensor | None]:
        """Channels (B, C, H, W) as the network takes them."""
        if self.canonical is None:
            return {"image": image}
        return {"image": self.canonical(image), "present": self.canonical.present, "beside": image}

    def quantities(self, image: Tensor) -> Tensor:
        """Scores (B, 1, h, w)."""
        rows, cols = image.shape[-2:]
        if self.config.architecture == "published":
            # its positions are learned for whole windows
            image = reflect_to_multiple(image, self.config.tile)
        return self.scores(image)[:, None, :rows, :cols]


def labels_of(batch: Batch) -> Tensor:
    """Pseudo-labels as the losses take them: 0 background, 1 found, -1 unknown."""
    return batch.target - 1


def _network_config(config: DetectionTaskConfig, num_bands: int, beside: int) -> DetectionConfig:
    """The network that the settings ask for."""
    size = SIZES[config.size]
    if config.architecture == "published":
        tile = (config.tile, config.tile)
        return published_config(size, channels=num_bands, image=tile, gated=config.fusion == "gate")
    return DetectionConfig(
        backbone=backbone_config(config, num_bands, beside=beside, side=config.tile, spectral_taps=size.taps[-1:])
    )
