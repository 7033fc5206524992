"""The classification networks: a label a pixel (dense) or a label a window (patch), with or without the gate."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, linear

from hypersigma.errors import ConfigError
from hypersigma.nn.backbone import Backbone, BackboneConfig, Features, SpatialConfig, SpectralConfig
from hypersigma.nn.encoder import EncoderConfig
from hypersigma.nn.fusion import SpectralGate
from hypersigma.nn.necks import SAME, Pyramid, Step, published_steps, whole_cells
from hypersigma.nn.pad import reflect_to_multiple
from hypersigma.nn.sizes import Size

WIDTH = 128


@dataclass(frozen=True, kw_only=True)
class NetworkConfig:
    """Everything about a classification network; `backbone.spectral: null` is the spatial-only variant.

    Attributes:
        num_classes: classes, without the unlabelled one.
        backbone: the encoders.
        head: "dense", a label a pixel, or "patch", a label for the middle of a window.
        pyramid: step of each tap, shallow to deep.
        gate_mask: whether the gate is told which bands are present; published: false.
        edges: what becomes of pixels behind the last whole patch: "reflect" fills the patch up, "drop" leaves them
            out, as published.
        upsampling: "centres" keeps a label over the middle of its token, "corners" stretches the outermost tokens to
            the borders, as published.
    """

    num_classes: int
    backbone: BackboneConfig = field(default_factory=BackboneConfig)
    head: Literal["dense", "patch"] = "dense"
    pyramid: tuple[Step, ...] = ("same", "same", "pool2", "pool4")
    gate_mask: bool = True
    edges: Literal["reflect", "drop"] = "reflect"
    upsampling: Literal["centres", "corners"] = "centres"

    def __post_init__(self) -> None:
        if self.num_classes < 2:
            raise ConfigError(f"classification needs at least 2 classes, found {self.num_classes}")
        taps = self.backbone.spatial.encoder.taps
        if len(self.pyramid) != len(taps):
            raise ConfigError(f"a pyramid of {len(self.pyramid)} steps does not fit {len(taps)} taps {taps}")


def published_config(
    size: Size,
    *,
    head: Literal["dense", "patch"],
    channels: int,
    image: tuple[int, int],
    patch: int,
    num_classes: int,
    gated: bool = True,
) -> NetworkConfig:
    """The published network for images of rows x columns: HyperSIGMA, or SpatSIGMA where not `gated`."""
    encoder = replace(EncoderConfig.of_size(size), offsets="near_zero")
    spatial = SpatialConfig(
        encoder=encoder,
        channels=channels,
        patch=patch,
        positions="learned" if gated or head == "patch" else "none",
        grid=(image[0] // patch, image[1] // patch),
    )
    # Published networks read the first spectral tap alone.
    spectral = SpectralConfig(
        encoder=replace(encoder, taps=size.taps[:1]), kind="pooled", tile=image, axis="picture", positions="learned"
    )
    return NetworkConfig(
        num_classes=num_classes,
        backbone=BackboneConfig(spatial=spatial, spectral=spectral if gated else None),
        head=head,
        pyramid=published_steps(patch, dense=head == "dense") if gated or head == "dense" else SAME,
        gate_mask=False,
        edges="drop",
        upsampling="corners",
    )


class ClassificationNetwork(nn.Module):
    """Encoders, pyramid, gates and a linear classifier.

    Behind the encoders everything is linear once the gates are known, so the dense classifier works on tokens and
    only its class scores are brought to pixels: exactly what classifying upsampled maps gives.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        dim, levels = config.backbone.spatial.encoder.dim, len(config.pyramid)
        self.backbone = Backbone(config.backbone)
        self.pyramid = Pyramid(dim, config.pyramid)
        if config.backbone.spectral is None:
            self.fusion: GatedFusion | None = None
            self.classifier = _linear_stack(levels * dim, WIDTH, WIDTH // 2, config.num_classes)
            return
        self.fusion = GatedFusion(config, levels)
        if config.head == "dense":
            self.classifier = _linear_stack(levels * WIDTH, WIDTH, config.num_classes)
        else:
            self.classifier = _linear_stack(levels * WIDTH, 2 * WIDTH, WIDTH, config.num_classes, dropout=0.4)

    def forward(self, image: Tensor, present: Tensor | None = None, beside: Tensor | None = None) -> Tensor:
        """Class scores, (B, K, H, W) of the dense head, (B, K) of the patch head.

        Args:
            image: (B, C, H, W) of any height and width.
            present: (C,), bool, says which bands hold data.
            beside: (B, beside, H, W) further channels for the spatial encoder.
        """
        rows, cols = image.shape[-2:]
        if self.config.edges == "reflect":
            multiple = whole_cells(self.config.backbone.spatial.patch, self.config.pyramid)
            image = reflect_to_multiple(image, multiple)
            beside = None if beside is None else reflect_to_multiple(beside, multiple)
        features = self.backbone(image, present, beside)
        if self.config.head == "patch":
            return self._window(features, present)
        return self._dense(features, present, image.shape[-2], image.shape[-1])[..., :rows, :cols]

    def _window(self, features: Features, present: Tensor | None) -> Tensor:
        """Class scores (B, K) of windows."""
        # Reductions are linear, so the mean of a window may be taken before them: the same, and cheaper.
        maps = self.pyramid.means(features.spatial)
        if self.fusion is not None:
            assert features.spectral is not None
            maps = self.fusion(maps, features.spectral, present)
        # Published networks stack the levels from deep to shallow.
        return self.classifier(torch.cat(maps[::-1], dim=1).flatten(1))  # type: ignore[no-any-return]

    def _dense(self, features: Features, present: Tensor | None, rows: int, cols: int) -> Tensor:
        """Class scores (B, K, rows, cols), made of the tokens of each level, brought to pixels, and summed."""
        weight, bias = _composed(self.classifier)
        matrices = weight.chunk(len(self.config.pyramid), dim=1)[::-1]
        if self.fusion is not None:
            assert features.spectral is not None
            matrices = self.fusion.composed(matrices, features.spectral, present)
        corners = self.config.upsampling == "corners"
        scores = bias[:, None, None]
        # Interpolation weights sum to one, so the bias can be added once for all levels.
        for level in self.pyramid.mixed(features.spatial, matrices):
            scores = scores + interpolate(level, size=(rows, cols), mode="bilinear", align_corners=corners)
        return scores


class GatedFusion(nn.Module):
    """Every level reduced to `WIDTH` channels and gated by the spectral tokens.

    The dense head gates before the reduction, the patch head after it, as published.
    """

    def __init__(self, config: NetworkConfig, levels: int) -> None:
        super().__init__()
        spectral = config.backbone.spectral
        assert spectral is not None
        dim = config.backbone.spatial.encoder.dim
        gated = dim if config.head == "dense" else WIDTH
        self.projection = nn.Linear(spectral.encoder.dim, WIDTH, bias=False)
        self.reductions = nn.ModuleList(nn.Conv2d(dim, WIDTH, 1, bias=False) for _ in range(levels))
        self.gates = nn.ModuleList(
            SpectralGate(spectral.tokens, WIDTH, gated, mask_input=config.gate_mask) for _ in range(levels)
        )

    def forward(self, maps: tuple[Tensor, ...], tokens: Tensor, present: Tensor | None) -> tuple[Tensor, ...]:
        """Reduced and gated maps (B, WIDTH, h, w) of maps (B, D, h, w) and spectral tokens (B, N, D)."""
        tokens = self.projection(tokens)
        parts = zip(maps, self.reductions, self.gates, strict=True)
        return tuple(reduce(level) * gate(tokens, present) for level, reduce, gate in parts)

    def composed(self, matrices: tuple[Tensor, ...], tokens: Tensor, present: Tensor | None) -> tuple[Tensor, ...]:
        """What gate, reduction and matrices (K, WIDTH) behind them amount to: matrices (B, K, D) of every level."""
        tokens = self.projection(tokens)
        found = []
        for matrix, reduce, gate in zip(matrices, self.reductions, self.gates, strict=True):
            assert isinstance(reduce, nn.Conv2d)
            found.append((matrix @ reduce.weight.flatten(1)) * gate(tokens, present).flatten(2).mT)
        return tuple(found)


def _linear_stack(*widths: int, dropout: float = 0.0) -> nn.Sequential:
    """Linear layers of these widths with nothing but dropout between them, as published."""
    layers: list[nn.Module] = []
    for before, after in itertools.pairwise(widths):
        layers += [nn.Linear(before, after), nn.Dropout(dropout)]
    return nn.Sequential(*layers[:-1])


def _composed(layers: nn.Sequential) -> tuple[Tensor, Tensor]:
    """The one weight and bias that linear layers amount to together."""
    first, *others = (layer for layer in layers if isinstance(layer, nn.Linear))
    weight: Tensor = first.weight
    bias: Tensor = first.bias
    for layer in others:
        weight, bias = layer.weight @ weight, linear(bias, layer.weight, layer.bias)
    return weight, bias
