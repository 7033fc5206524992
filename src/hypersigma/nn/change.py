"""The change network: two windows of one place are compared, level by level, by what an encoder makes of each."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn

from hypersigma.errors import ConfigError
from hypersigma.nn.backbone import Backbone, BackboneConfig, SpatialConfig, SpectralConfig
from hypersigma.nn.encoder import EncoderConfig
from hypersigma.nn.fusion import SpectralGate
from hypersigma.nn.sizes import Size

PROJECTED = 128
GATE_WIDTH = 32

# Published: side of a patch and channels of the classifier by the side of the windows in pixels.
WINDOWS: dict[int, tuple[int, tuple[int, ...]]] = {5: (1, (256, 128)), 15: (2, (128, 64, 64))}
PUBLISHED_TOKENS = 144


@dataclass(frozen=True, kw_only=True)
class ChangeConfig:
    """Everything about a change network; `backbone.spectral: null` is the spatial-only variant.

    Attributes:
        backbone: the encoders, which both dates share; all taps of both are read.
        width: channels of the difference at a level, and of its maps where nothing gates them; gated maps have a
            channel a band token.
        classifier: channels of the 3 x 3 convolutions of the classifier. Each takes the outermost patches off the
            window, so that n of them leave the middle one of 2 n + 1 patches each way.
        gate_mask: whether the gates are told which bands are present; published: false.
    """

    backbone: BackboneConfig = field(default_factory=BackboneConfig)
    width: int = 64
    classifier: tuple[int, ...] = (256, 128)
    gate_mask: bool = True

    def __post_init__(self) -> None:
        if self.width < 1:
            raise ConfigError(f"the width of a change network must be at least 1, not {self.width}")
        if not self.classifier or min(self.classifier) < 1:
            raise ConfigError(
                f"the classifier of a change network needs one or more 3 x 3 convolutions of at least 1 channel each, "
                f"such as 256, 128; found {self.classifier}"
            )

    @property
    def patches(self) -> int:
        """Patches each way of the windows that this network compares."""
        return 2 * len(self.classifier) + 1


def published_config(size: Size, *, channels: int, window: int, gated: bool = True) -> ChangeConfig:
    """The published network for windows of 5 or 15 pixels each way: HyperSIGMA, or SpatSIGMA where not `gated`.

    Raises:
        ConfigError: there is no published network for such windows.
    """
    if window not in WINDOWS:
        known = " and ".join(map(str, WINDOWS))
        raise ConfigError(f"published change networks take windows of {known} pixels each way, not {window}")
    patch, classifier = WINDOWS[window]
    encoder = replace(EncoderConfig.of_size(size), offsets="near_zero")
    spatial = SpatialConfig(encoder=encoder, channels=channels, patch=patch, positions="none")
    spectral = SpectralConfig(
        encoder=encoder,
        tokens=PUBLISHED_TOKENS,
        kind="pooled",
        tile=(window, window),
        axis="picture",
        positions="none",
    )
    return ChangeConfig(
        backbone=BackboneConfig(spatial=spatial, spectral=spectral if gated else None),
        classifier=classifier,
        gate_mask=False,
    )


class ChangeFeatures(nn.Module):
    """Maps of one date at every tap: F_k = (1 + g_k) * R_k(tap_k).

    R_k is a linear map of channels, and g_k the spectral gate, which sees the sum of all spectral taps, each under a
    linear map of its own.
    """

    def __init__(self, config: ChangeConfig) -> None:
        super().__init__()
        encoder, spectral = config.backbone.spatial.encoder, config.backbone.spectral
        self.backbone = Backbone(config.backbone)
        self.channels = config.width if spectral is None else spectral.tokens
        self.reductions = nn.ModuleList(nn.Conv2d(encoder.dim, self.channels, 1, bias=False) for _ in encoder.taps)
        self.projections, self.gates = nn.ModuleList(), nn.ModuleList()
        if spectral is not None:
            self.projections.extend(
                nn.Linear(spectral.encoder.dim, PROJECTED, bias=False) for _ in spectral.encoder.taps
            )
            self.gates.extend(
                SpectralGate(spectral.tokens, GATE_WIDTH, self.channels, mask_input=config.gate_mask)
                for _ in encoder.taps
            )

    def forward(self, image: Tensor, present: Tensor | None = None) -> tuple[Tensor, ...]:
        """Maps (B, channels, h, w), shallow to deep, of an image (B, C, H, W)."""
        tapped = self.backbone.spatial(image, present)
        maps = tuple(reduce(level) for reduce, level in zip(self.reductions, tapped, strict=True))
        if self.backbone.spectral is None:
            return maps
        taps = self.backbone.spectral(image, present)
        tokens = torch.stack([project(tap) for project, tap in zip(self.projections, taps, strict=True)]).sum(0)
        return tuple(level * gate(tokens, present) for level, gate in zip(maps, self.gates, strict=True))


class ChangeNetwork(nn.Module):
    """Has the middle of a window changed: the absolute differences of two dates at every level, and a classifier."""

    def __init__(self, config: ChangeConfig) -> None:
        super().__init__()
        self.patch, self.patches = config.backbone.spatial.patch, config.patches
        self.features = ChangeFeatures(config)
        levels = len(config.backbone.spatial.encoder.taps)
        # The shallower half of the levels looks at neighbours too, as published.
        self.differences = nn.ModuleList(
            _difference(self.features.channels, config.width, kernel=3 if level < levels // 2 else 1)
            for level in range(levels)
        )
        self.classifier = _classifier(levels * config.width, config.classifier)

    def forward(self, first: Tensor, second: Tensor, present: Tensor | None = None) -> Tensor:
        """Logits (B, 2) of changed and unchanged, in this order as published.

        Args:
            first: windows (B, C, H, W) of the first date; pixels behind the last whole patch are left out.
            second: the same windows at the second date.
            present: (C,), bool, says which bands hold data, at both dates.

        Raises:
            ConfigError: the windows of the two dates differ in shape, or have another number of patches than the
                classifier takes.
        """
        self._require_windows(first, second)
        # No layer that looks across samples lies in the encoders, so both dates may be one batch.
        maps = self.features(torch.cat([first, second]), present)
        pairs = (level.chunk(2) for level in maps)
        compared = [compare((one - other).abs()) for compare, (one, other) in zip(self.differences, pairs, strict=True)]
        # Published networks stack the levels from deep to shallow.
        return self.classifier(torch.cat(compared[::-1], dim=1)).flatten(1)  # type: ignore[no-any-return]

    def _require_windows(self, first: Tensor, second: Tensor) -> None:
        """Raise ConfigError where the classifier cannot take these windows."""
        if first.shape != second.shape:
            raise ConfigError(
                f"windows of two dates must be alike in shape, found {tuple(first.shape)} and {tuple(second.shape)}"
            )
        rows, cols = first.shape[-2:]
        found = (rows // self.patch, cols // self.patch)
        if found != (self.patches, self.patches):
            raise ConfigError(
                f"the classifier takes windows of {self.patches} x {self.patches} patches, but {rows} x {cols} pixels "
                f"are {found[0]} x {found[1]} patches of {self.patch}; give windows of "
                f"{self.patches * self.patch} pixels each way, or a classifier of other depth"
            )


def _difference(channels: int, width: int, *, kernel: int) -> nn.Sequential:
    """A map (B, width, h, w) of the difference (B, channels, h, w) of two dates at a level."""
    hidden = max(channels // 2, 1)
    return nn.Sequential(
        nn.Conv2d(channels, hidden, kernel, padding=kernel // 2),
        nn.BatchNorm2d(hidden),
        nn.ReLU(),
        nn.Conv2d(hidden, width, 1),
        nn.BatchNorm2d(width),
        nn.ReLU(),
    )


def _classifier(channels: int, widths: tuple[int, ...]) -> nn.Sequential:
    """Logits of the middle patch: 3 x 3 convolutions without padding, then two classes."""
    layers: list[nn.Module] = []
    for before, after in itertools.pairwise((channels, *widths)):
        layers += [nn.Conv2d(before, after, 3), nn.ReLU()]
    return nn.Sequential(*layers, nn.Conv2d(widths[-1], 2, 1))
