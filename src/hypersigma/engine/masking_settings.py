"""What masked pre-training hides, and how it looks at images: two sections of the recipe."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from hypersigma.errors import ConfigError
from hypersigma.nn.backbone import Missing
from hypersigma.nn.sizes import Size
from hypersigma.spectra import sensor_bands

Phase = Literal["masked", "sparse"]
Target = Literal["values", "token", "spectrum"]

_SMALL_DECODER, _PUBLISHED_DECODER = (128, 2, 4), (512, 8, 16)
_SMALL_SIZES = ("tiny", "small")


@dataclass(frozen=True, kw_only=True)
class DecoderSettings:
    """The decoder, which is thrown away when pre-training is over; published: 512, 8, 16.

    Attributes:
        dim, depth, heads: of its blocks; 0 for those that suit the size: 128, 2, 4 for tiny and small, the published
            ones for others.
    """

    dim: int = 0
    depth: int = 0
    heads: int = 0

    def size(self, encoder: str) -> Size:
        """The size of the decoder of an encoder."""
        usual = _SMALL_DECODER if encoder in _SMALL_SIZES else _PUBLISHED_DECODER
        own = (self.dim, self.depth, self.heads)
        dim, depth, heads = (mine or usual for mine, usual in zip(own, usual, strict=True))
        return Size(dim, depth, heads, 1, (depth - 1,))


@dataclass(frozen=True, kw_only=True)
class MaskingSettings:
    """What is hidden from the encoders, and what they are to make of it.

    Attributes:
        phase: "masked", the encoders see kept tokens alone, with full attention; or "sparse", the last phase, in which
            a learned token stands for each hidden one, so that sparse sampling and its offsets are trained.
        begin_with: folder of encoders whose weights the run begins with, "" for random ones; the sparse phase begins
            with those of the masked one.
        mask_ratio: share of patches that is hidden from the spatial encoder.
        spectral_mask_ratio: share of bands that is hidden from the spectral encoder.
        spans: numbers of neighbouring bands that are hidden or kept together, one drawn a step: single bands are told
            by their neighbours, broad spans only by knowing materials; published: 1.
        tile: side of an image in pixels, and of the tile that the spectral map is kept for.
        patch: side of the patch in pixels that the patch embedding is kept for.
        patches: sides of a patch, one drawn a step.
        grids: sides of the grid of patches, one drawn a step among those that fit into the tile.
        spectral_tiles: sides of what the spectral encoder sees, one drawn a step among those that fit into the tile.
        spatial_target, spectral_target: what is predicted: "values"; "token", each token brought to mean 0 and
            variance 1 (norm_pix_loss of the published code, which never used it); "spectrum", the spectrum of each
            pixel brought to mean 0 and variance 1, its brightness left aside.
        decoder: its width, depth and heads.
        missing: what becomes of missing bands before the spatial encoder, as in `SpatialConfig`; published: "scaled".
        readout: weight of a second loss, of what a linear map reads from the tokens that are seen: principal
            components of spectra, and shapes, as they are true of simulated images; published: 0, none.
        joint: whether the decoder of patches is told what the spectral encoder found; published: it is not.
    """

    phase: Phase = "masked"
    begin_with: str = ""
    mask_ratio: float = 0.5
    spectral_mask_ratio: float = 0.5
    spans: tuple[int, ...] = (1, 5, 10)
    tile: int = 64
    patch: int = 8
    patches: tuple[int, ...] = (1, 2, 4, 8)
    grids: tuple[int, ...] = (8, 16, 32)
    spectral_tiles: tuple[int, ...] = (1, 4, 16, 64)
    spatial_target: Target = "spectrum"
    spectral_target: Target = "spectrum"
    decoder: DecoderSettings = field(default_factory=DecoderSettings)
    missing: Missing = "expected"
    readout: float = 1.0
    joint: bool = False

    def __post_init__(self) -> None:
        for name in ("mask_ratio", "spectral_mask_ratio"):
            if not 0 < getattr(self, name) < 1:
                raise ConfigError(f"{name} must lie between 0 and 1, not {getattr(self, name)}")
        if self.readout < 0:
            raise ConfigError(f"readout is {self.readout}; expected a weight, or 0 for none")
        if not self.spans or min(self.spans) < 1:
            raise ConfigError(f"spans {self.spans} must be numbers of bands, at least 1")
        if self.patch < 1 or self.tile < 1 or self.tile % self.patch:
            raise ConfigError(f"a tile of {self.tile} is no whole number of patches of {self.patch}")
        if not self.views:
            raise ConfigError(f"no patch of {self.patches} and grid of {self.grids} fit into a tile of {self.tile}")
        if not self.tiles or min(self.tiles) < 1:
            raise ConfigError(
                f"none of spectral_tiles {self.spectral_tiles} lies between 1 and the tile of {self.tile}"
            )
        if self.spectral_target == "token" and min(self.tiles) == 1:
            raise ConfigError("a band of one pixel has no variance: spectral_target token needs spectral_tiles above 1")

    @property
    def tiles(self) -> tuple[int, ...]:
        """The sides that fit into the tile of what the spectral encoder sees."""
        return tuple(side for side in self.spectral_tiles if side <= self.tile)

    @property
    def views(self) -> dict[int, tuple[int, ...]]:
        """The grids that fit into the tile, by patch."""
        fitting = {patch: tuple(grid for grid in self.grids if patch * grid <= self.tile) for patch in self.patches}
        return {patch: grids for patch, grids in fitting.items() if grids}


@dataclass(frozen=True, kw_only=True)
class AugmentationSettings:
    """How images are changed before they are seen; each draws its own numbers, bands are lost by a step as a whole.

    Attributes:
        flips: whether images are mirrored and turned.
        gain: factors between which an image's brightness is drawn, evenly in the logarithm.
        noise: deviations of reflectance between which that of an image's added noise is drawn, evenly in the
            logarithm; zeros for none.
        complete: share of steps in which no band is lost.
        widest_gap: largest share of the range of wavelengths that is lost at one place.
        sensors: sensors whose bands a step may be seen in; "camera" has 20 to 60 bands of the visible and near
            infrared.
    """

    flips: bool = True
    gain: tuple[float, float] = (0.7, 1.4)
    noise: tuple[float, float] = (0.002, 0.02)
    complete: float = 0.4
    widest_gap: float = 0.6
    sensors: tuple[str, ...] = ("camera", "enmap", "hyperion", "sentinel2")

    def __post_init__(self) -> None:
        if not 0 < self.gain[0] <= self.gain[1]:
            raise ConfigError(f"gain is {list(self.gain)}; expected two ascending numbers above 0")
        if not (0 < self.noise[0] <= self.noise[1] or self.noise == (0, 0)):
            raise ConfigError(f"noise is {list(self.noise)}; expected two ascending numbers above 0, or zeros for none")
        for name in ("complete", "widest_gap"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"{name} is {getattr(self, name)}; expected a number from 0 to 1")
        for sensor in self.sensors:
            # said here and not at the first step that draws it
            if sensor != CAMERA:
                sensor_bands(sensor)


CAMERA = "camera"
UNCHANGED = AugmentationSettings(flips=False, gain=(1.0, 1.0), noise=(0.0, 0.0), complete=1.0)
