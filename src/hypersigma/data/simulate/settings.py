"""How a simulated scene is made: its ground, its materials, its light and its instrument; and a later date of a scene.

Pairs are ranges from which each scene draws its own value.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from hypersigma.errors import ConfigError
from hypersigma.spectra import sensor_bands

Kind = Literal["random_fields", "parcels", "mosaic", "town", "borrowed"]
Range = tuple[float, float]

KINDS: tuple[Kind, ...] = ("random_fields", "parcels", "mosaic", "town", "borrowed")


def _require(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise ConfigError(f"{name} is {value}; expected a number from {low:g} to {high:g}")


def _require_range(name: str, pair: Range, low: float, high: float) -> None:
    if not low <= pair[0] <= pair[1] <= high:
        raise ConfigError(f"{name} is {list(pair)}; expected two ascending numbers from {low:g} to {high:g}")


@dataclass(frozen=True, kw_only=True)
class StructureConfig:
    """How materials lie on the ground.

    Attributes:
        kinds: from which each scene draws one; a kind that stands twice is drawn twice as often. "random_fields",
            soft patches; "parcels", fields in strips with tracks; "mosaic", irregular patches; "town", lots with
            houses and streets; "borrowed", the shapes of a real image.
        size: width in pixels of patches and parcels; lots of towns are half as wide.
        exponent: with which the power of random fields falls with frequency; 2 is rough, 4 is smooth.
        purity: share that its main material has of a parcel.
        beside: chance that a second ground, drawn like the first, takes about half of the scene.
        roads: chance that a scene is crossed by winding roads.
        water: chance that a scene has a river or a lake.
        trees: chance that a scene has scattered dots of one material.
    """

    kinds: tuple[Kind, ...] = ("random_fields", "parcels", "mosaic", "town")
    size: Range = (5.0, 30.0)
    exponent: Range = (2.8, 4.5)
    purity: Range = (0.6, 1.0)
    beside: float = 0.4
    roads: float = 0.4
    water: float = 0.3
    trees: float = 0.3

    def __post_init__(self) -> None:
        unknown = sorted(set(self.kinds) - set(KINDS))
        if unknown or not self.kinds:
            raise ConfigError(f"kinds are {list(self.kinds)}; expected some of {', '.join(KINDS)}")
        _require_range("size", self.size, 2.0, 1000.0)
        _require_range("exponent", self.exponent, 0.5, 6.0)
        _require_range("purity", self.purity, 0.0, 1.0)
        for name in ("beside", "roads", "water", "trees"):
            _require(name, getattr(self, name), 0.0, 1.0)


@dataclass(frozen=True, kw_only=True)
class VariabilityConfig:
    """How one material differs from place to place.

    Attributes:
        gain: factor on a material's spectrum, drawn once a scene: rough ground in the open is darker than the
            flattened sample of a laboratory.
        spectral: standard deviation of the relative, spectrally smooth change of a spectrum.
        correlation: nm over which that change stays alike.
        brightness: standard deviation of the logarithm of brightness from parcel to parcel.
        texture: the same from pixel to pixel inside a parcel.
    """

    gain: Range = (0.5, 1.0)
    spectral: float = 0.04
    correlation: float = 300.0
    brightness: float = 0.12
    texture: float = 0.05

    def __post_init__(self) -> None:
        _require_range("gain", self.gain, 0.01, 10.0)
        _require("spectral", self.spectral, 0.0, 0.5)
        _require("correlation", self.correlation, 10.0, 5000.0)
        _require("brightness", self.brightness, 0.0, 1.0)
        _require("texture", self.texture, 0.0, 1.0)


@dataclass(frozen=True, kw_only=True)
class LightConfig:
    """Where the light comes from and what it falls on.

    Attributes:
        relief: root mean square of the terrain's slope (rise over run); 0 is a plain.
        zenith: degrees of the sun from the zenith.
        skylight: share of light that comes from the sky at 450 nm, which is what shade still gets; it falls with
            wavelength.
        shade: chance that a cloud throws its shade on a scene; houses of towns always do where there is skylight.
    """

    relief: Range = (0.0, 0.2)
    zenith: Range = (15.0, 60.0)
    skylight: float = 0.25
    shade: float = 0.15

    def __post_init__(self) -> None:
        _require_range("relief", self.relief, 0.0, 2.0)
        _require_range("zenith", self.zenith, 0.0, 80.0)
        _require("skylight", self.skylight, 0.0, 1.0)
        _require("shade", self.shade, 0.0, 1.0)


@dataclass(frozen=True, kw_only=True)
class InstrumentConfig:
    """What air and instrument do to the light on its way.

    Attributes:
        blur: standard deviation in pixels of the instrument's point spread, which mixes materials at borders.
        adjacency: share of light at 450 nm that the air scatters in from around a pixel; it falls with wavelength.
        adjacency_width: standard deviation in pixels of how far that light comes.
        snr: signal-to-noise ratio at reflectance 0.3 in all bands; None takes the sensor's own by wavelength;
            infinite is an instrument without noise.
        noise: factor on the standard deviation of the noise.
        shot: share of the noise's variance at reflectance 0.3 that grows with the light.
        absorption: bands in which the air lets no light through are dropped ("drop"), filled with noise that nobody
            is told of ("noise"), or seen as if there were no air ("none"); except for "none", noise is stronger in
            the weaker bands of water vapour and oxygen too.
        striping: standard deviation of the relative error of a detector column, all bands together and each alone.
        dead_columns: share of detector elements (a column in one band) that are dead and give zeros.
    """

    blur: Range = (0.3, 0.7)
    adjacency: float = 0.12
    adjacency_width: float = 6.0
    snr: float | None = None
    noise: Range = (0.7, 2.0)
    shot: float = 0.5
    absorption: Literal["drop", "noise", "none"] = "drop"
    striping: float = 0.003
    dead_columns: float = 0.0

    def __post_init__(self) -> None:
        _require_range("blur", self.blur, 0.0, 20.0)
        _require("adjacency", self.adjacency, 0.0, 0.9)
        _require("adjacency_width", self.adjacency_width, 0.5, 100.0)
        _require_range("noise", self.noise, 0.0, 100.0)
        _require("shot", self.shot, 0.0, 1.0)
        _require("striping", self.striping, 0.0, 1.0)
        _require("dead_columns", self.dead_columns, 0.0, 1.0)
        if self.snr is not None and not self.snr > 0:
            raise ConfigError(f"snr is {self.snr}; expected a number above 0, such as 200")


@dataclass(frozen=True, kw_only=True)
class SimulationConfig:
    """A simulated scene.

    Attributes:
        rows, cols: its size.
        sensor: whose bands and noise it has; "" takes the bands of the library as they are.
        num_materials: least and greatest number of materials.
        green: least share of the materials that are green plants, as far as the library has any; the others are drawn
            without regard to it.
        bilinear: greatest strength of light that is reflected by two materials in turn; 0 mixes linearly.
        structure, variability, light, instrument: see there.
    """

    rows: int = 64
    cols: int = 64
    sensor: str = "aviris"
    num_materials: tuple[int, int] = (3, 8)
    green: Range = (0.0, 0.6)
    bilinear: float = 0.5
    structure: StructureConfig = field(default_factory=StructureConfig)
    variability: VariabilityConfig = field(default_factory=VariabilityConfig)
    light: LightConfig = field(default_factory=LightConfig)
    instrument: InstrumentConfig = field(default_factory=InstrumentConfig)

    def __post_init__(self) -> None:
        if min(self.rows, self.cols) < 8:
            raise ConfigError(f"a scene of {self.rows} rows x {self.cols} columns; expected at least 8 of each")
        _require_range("num_materials", self.num_materials, 2, 64)
        _require_range("green", self.green, 0.0, 1.0)
        _require("bilinear", self.bilinear, 0.0, 1.0)
        # said here and not when the first scene is drawn
        if self.sensor:
            sensor_bands(self.sensor)
        if self.instrument.snr is None and not self.sensor:
            raise ConfigError("without a sensor the noise is not known; set instrument.snr, or name a sensor")


@dataclass(frozen=True, kw_only=True)
class ChangeConfig:
    """What changes between a scene and a later date that is made from it.

    Attributes:
        share: of the pixels that change.
        size: width in pixels of the patches that do; each doubling is as likely.
        purity: share that the new material has of the pixels of a patch; the rest is what was there.
    """

    share: float = 0.03
    size: Range = (2.0, 14.0)
    purity: Range = (0.4, 1.0)

    def __post_init__(self) -> None:
        _require("share", self.share, 1e-4, 0.3)
        _require_range("size", self.size, 1.0, 1000.0)
        _require_range("purity", self.purity, 0.05, 1.0)


@dataclass(frozen=True, kw_only=True)
class DisturbanceConfig:
    """What differs between two dates although nothing on the ground has changed; nothing by default.

    Attributes:
        shift: pixels by which the later date is registered wrongly, in a direction that the seed draws.
        gain: the later date is brighter by this factor less 1, or darker, as the seed draws.
        shading: standard deviation of the logarithm of a smooth field of brightness.
        tilt: relative difference of the gain between the first and the last band, rising or falling as the seed draws.
        snr: decibels of the mean square of a band over the variance of its noise; infinite is without noise.
    """

    shift: float = 0.0
    gain: float = 0.0
    shading: float = 0.0
    tilt: float = 0.0
    snr: float = float("inf")

    def __post_init__(self) -> None:
        _require("shift", self.shift, 0.0, 10.0)
        _require("gain", self.gain, 0.0, 4.0)
        _require("shading", self.shading, 0.0, 1.0)
        _require("tilt", self.tilt, 0.0, 1.0)
        _require("snr", self.snr, -20.0, float("inf"))


# A scene that is nothing but the linear mixture of its materials; `dataclasses.replace` changes what is of interest.
IDEAL = SimulationConfig(
    green=(0.0, 0.0),
    bilinear=0.0,
    variability=VariabilityConfig(gain=(1.0, 1.0), spectral=0.0, brightness=0.0, texture=0.0),
    light=LightConfig(relief=(0.0, 0.0), skylight=0.0, shade=0.0),
    instrument=InstrumentConfig(adjacency=0.0, snr=float("inf"), absorption="none", striping=0.0),
)
