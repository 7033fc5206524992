"""The detection networks, for anomalies and for a target spectrum: one trunk, two heads, and their losses."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, interpolate

from hypersigma.errors import ConfigError
from hypersigma.nn.backbone import Backbone, BackboneConfig, SpatialConfig, SpectralConfig
from hypersigma.nn.encoder import EncoderConfig
from hypersigma.nn.expected import expected
from hypersigma.nn.fusion import SpectralGate
from hypersigma.nn.pad import reflect_to_multiple
from hypersigma.nn.sizes import Size

WIDTH = 128
GATE_WIDTH = 32

# The label of a pixel of which nothing is known.
IGNORED = -1


@dataclass(frozen=True, kw_only=True)
class DetectionConfig:
    """Everything about a detection network; `backbone.spectral: null` is the spatial-only variant.

    Attributes:
        backbone: the encoders; of the spectral one the deepest tap is read.
        gate_mask: whether the gate is told which bands are present; published: false.
    """

    backbone: BackboneConfig = field(default_factory=BackboneConfig)
    gate_mask: bool = True


def published_config(size: Size, *, channels: int, image: tuple[int, int], gated: bool = True) -> DetectionConfig:
    """The published network for images of rows x columns: HyperSIGMA, or SpatSIGMA where not `gated`."""
    encoder = replace(EncoderConfig.of_size(size), offsets="near_zero")
    spatial = SpatialConfig(encoder=encoder, channels=channels, patch=1, positions="learned", grid=image)
    # Classification reads the first spectral tap, detection the last one.
    last = replace(encoder, taps=size.taps[-1:])
    spectral = SpectralConfig(encoder=last, kind="pooled", tile=image, axis="picture", positions="learned")
    return DetectionConfig(
        backbone=BackboneConfig(spatial=spatial, spectral=spectral if gated else None), gate_mask=False
    )


class DetectionFeatures(nn.Module):
    """A vector of `WIDTH` features a pixel: F = (1 + g) * M sum_k R_k(tap_k).

    R_k and M are linear maps of channels, and g is the spectral gate (HyperSIGMA, arXiv 2406.11519). Everything here
    but the encoders and the gate is linear.
    """

    def __init__(self, config: DetectionConfig) -> None:
        super().__init__()
        self.patch = config.backbone.spatial.patch
        encoder, spectral = config.backbone.spatial.encoder, config.backbone.spectral
        self.backbone = Backbone(config.backbone)
        self.reductions = nn.ModuleList(nn.Conv2d(encoder.dim, WIDTH, 1, bias=False) for _ in encoder.taps)
        self.mix = nn.Conv2d(WIDTH, WIDTH, 1, bias=False)
        self.gate: SpectralGate | None = None
        if spectral is not None:
            self.projection = nn.Linear(spectral.encoder.dim, WIDTH, bias=False)
            self.gate = SpectralGate(spectral.tokens, GATE_WIDTH, WIDTH, mask_input=config.gate_mask)

    def forward(self, image: Tensor, present: Tensor | None = None, beside: Tensor | None = None) -> Tensor:
        """Features (B, WIDTH, H, W).

        Args:
            image: (B, C, H, W) of any height and width.
            present: (C,), bool, says which bands hold data.
            beside: (B, beside, H, W) further channels for the spatial encoder.
        """
        rows, cols = image.shape[-2:]
        image = reflect_to_multiple(image, self.patch)
        beside = None if beside is None else reflect_to_multiple(beside, self.patch)
        features = self.backbone(image, present, beside)
        maps = self.mix(torch.stack(self.reduced(features.spatial)).sum(0))
        if self.gate is not None:
            maps = maps * self.gate(self.projection(features.spectral), present)
        if self.patch > 1:
            maps = interpolate(maps, size=image.shape[-2:], mode="bilinear", align_corners=False)
        return maps[..., :rows, :cols]  # type: ignore[no-any-return]

    def reduced(self, taps: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Maps (B, WIDTH, h, w), one a tap, from those of the spatial encoder (B, D, h, w)."""
        return tuple(reduce(tapped) for reduce, tapped in zip(self.reductions, taps, strict=True))


class AnomalyNetwork(nn.Module):
    """Is a pixel unlike its surroundings: logits of background and anomaly, a linear map of its features."""

    def __init__(self, config: DetectionConfig) -> None:
        super().__init__()
        self.features = DetectionFeatures(config)
        self.classifier = nn.Conv2d(WIDTH, 2, 1, bias=False)

    def forward(self, image: Tensor, present: Tensor | None = None, beside: Tensor | None = None) -> Tensor:
        """Logits (B, 2, H, W), background first; the arguments are those of `DetectionFeatures`."""
        return self.classifier(self.features(image, present, beside))  # type: ignore[no-any-return]


class TargetNetwork(nn.Module):
    """Is a pixel of the target: the inner product p = <t, F> of its features and the embedded target spectrum."""

    def __init__(self, config: DetectionConfig) -> None:
        super().__init__()
        self.channels, self.missing = config.backbone.spatial.channels, config.backbone.spatial.missing
        self.features = DetectionFeatures(config)
        self.embed_target = nn.Sequential(
            nn.Linear(self.channels, WIDTH, bias=False),
            nn.LayerNorm(WIDTH),
            nn.GELU(),
            nn.Linear(WIDTH, WIDTH, bias=False),
        )

    def forward(
        self, image: Tensor, target: Tensor, present: Tensor | None = None, beside: Tensor | None = None
    ) -> Tensor:
        """Scores (B, H, W) for target spectra (B, C), or (1, C) for one of the whole batch.

        The other arguments are those of `DetectionFeatures`; `present` holds for image and target alike.

        Raises:
            ConfigError: the target has another number of bands than the network takes.
        """
        if target.shape[-1] != self.channels:
            raise ConfigError(
                f"the target spectrum has {target.shape[-1]} bands, the network takes {self.channels}; resample it "
                f"to the bands of the image"
            )
        embedded = self.embed_target(self._completed(target, present))
        return torch.einsum("bd,bdhw->bhw", embedded, self.features(image, present, beside))

    def _completed(self, target: Tensor, present: Tensor | None) -> Tensor:
        """The target (B, C) with its missing bands treated as those of the image are by the spatial encoder."""
        if present is None:
            return target
        if self.missing == "expected":
            return expected(target[..., None, None], present)[..., 0, 0]
        return target.masked_fill(~present, 0.0) * (len(present) / present.sum())


def anomaly_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy over the labelled pixels; 0, with gradient 0, where there are none.

    Args:
        logits: (B, 2, H, W) of an `AnomalyNetwork`.
        labels: (B, H, W), long: 0 background, 1 anomaly, -1 ignored.
    """
    summed = cross_entropy(logits, labels, ignore_index=IGNORED, reduction="sum")
    return summed / (labels != IGNORED).sum().clamp(min=1)


def target_loss(scores: Tensor, labels: Tensor, *, published: bool = False) -> Tensor:
    """Mean binary cross-entropy over the labelled pixels; 0, with gradient 0, where there are none.

    The score p is the logit of the target: P = sigmoid(p), one half at p = 0. Published is the cross-entropy of the
    logit pair (1 - p, p), which amounts to P = sigmoid(2 p - 1): one half at p = 1/2, although pixels are then called
    targets from p = 0 on.

    Args:
        scores: (B, H, W) of a `TargetNetwork`.
        labels: (B, H, W), long: 0 background, 1 target, -1 ignored.
        published: whether to take the published loss.
    """
    labelled = labels != IGNORED
    summed = binary_cross_entropy_with_logits(
        2 * scores - 1 if published else scores,
        labels.clamp(min=0).to(scores.dtype),
        weight=labelled.to(scores.dtype),
        reduction="sum",
    )
    return summed / labelled.sum().clamp(min=1)
