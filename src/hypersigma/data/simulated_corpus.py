"""A corpus that a file describes: simulated scenes of several sensors, and real crops too small to be cut.

`hypersigma harvest FILE.yaml -o STORE` writes its patches into a store as it does those of scenes, so that training
reads quickly what takes longer to make.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.config import load_yaml
from hypersigma.cube import Cube
from hypersigma.data.libraries import read_library
from hypersigma.data.manifest import Record
from hypersigma.data.material_library import MaterialConfig, material_library
from hypersigma.data.patch_group import PATCH, Group, canonical
from hypersigma.data.patches import Cut, Origin, SceneOrigin
from hypersigma.data.simulate import SimulationConfig, Simulator
from hypersigma.data.simulate.instrument import opaque
from hypersigma.data.simulate.scene import NOT_COVERED
from hypersigma.errors import ConfigError, InputError
from hypersigma.natural_spectra import expectation
from hypersigma.products import SpectralLibrary
from hypersigma.readers import open_cube
from hypersigma.spectra import response_matrix, sensor_bands

_PICTURES = (".png", ".jpg", ".jpeg")
_LARGEST_PICTURE = 1024  # pixels along a side that shapes are borrowed from


@dataclass(frozen=True, kw_only=True)
class Crop:
    """A scene that may be smaller than a patch: it goes on as its mirror image.

    Attributes:
        path: of the scene.
        wavelengths, sensor, variable: as for `hypersigma info`, where the file does not say.
        scale: what the file's numbers are multiplied with to give reflectance; 0 for what the file says.
    """

    path: str
    wavelengths: str | None = None
    sensor: str | None = None
    variable: str | None = None
    scale: float = 0.0


@dataclass(frozen=True, kw_only=True)
class SimulatedCorpus:
    """What a corpus is made of; paths are those of the folder that a command is given in.

    Attributes:
        libraries: files of spectra.
        sensors: number of simulated scenes, by sensor.
        images: scenes and photographs whose shapes are borrowed.
        crops: real scenes, mirrored to whole patches.
        seed: rules every draw.
        extend: nm by which a spectrum that ends before the grid does goes on as it is; wider gaps stay gaps.
        materials: which spectra are taken.
        scene: what simulated scenes are like; the sensor is that of `sensors`.
    """

    libraries: tuple[str, ...] = ()
    sensors: dict[str, int] = field(default_factory=dict)
    images: tuple[str, ...] = ()
    crops: tuple[Crop, ...] = ()
    seed: int = 0
    extend: float = 100.0
    materials: MaterialConfig = field(default_factory=MaterialConfig)
    scene: SimulationConfig = field(default_factory=SimulationConfig)

    def __post_init__(self) -> None:
        if not self.sensors and not self.crops:
            raise ConfigError("a corpus needs sensors with a number of scenes each, or crops")
        if self.sensors and (not self.libraries or min(self.sensors.values()) < 1):
            raise ConfigError("simulated scenes need libraries, and at least one scene of each sensor")
        if (self.scene.rows, self.scene.cols) != (PATCH, PATCH):
            raise ConfigError(f"scene is {self.scene.rows} x {self.scene.cols}; a patch has {PATCH} x {PATCH} pixels")
        for sensor in self.sensors:
            sensor_bands(sensor)

    @classmethod
    def load(cls, path: str | Path) -> SimulatedCorpus:
        """The corpus that a YAML file describes.

        Raises:
            ConfigError: the file is missing, or does not fit.
        """
        return load_yaml(Path(path), cls)

    def origins(self, path: Path) -> list[Origin]:
        """Where its patches come from; `path` is the file that described it.

        Raises:
            InputError: a library, an image or a crop cannot be read.
        """
        simulated = [
            SimulatedOrigin(self, sensor, path, _groups(self, sensor)[0], 0, count)
            for sensor, count in self.sensors.items()
        ]
        return [*simulated, *(SceneOrigin.of(_mirrored(crop)) for crop in self.crops)]

    def simulator(self, sensor: str) -> PatchSimulator:
        """What simulates scenes of a sensor."""
        return _groups(self, sensor)[1]

    @property
    def digest(self) -> str:
        """A few letters that tell it from any other."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:8]

    # A dictionary has no hash of its own; two corpora are equal if all of their settings are.
    def __hash__(self) -> int:
        return hash((self.libraries, tuple(self.sensors), self.seed))


class PatchSimulator:
    """Makes patches of simulated scenes, all of the bands of one group."""

    def __init__(self, corpus: SimulatedCorpus, sensor: str) -> None:
        self._config = config = replace(corpus.scene, sensor=sensor)
        self._library = library = _library(corpus)
        self._images = _images(corpus)
        self._simulator = Simulator(library, config, images=self._images)
        cube = self._simulator.scene((corpus.seed, 0)).cube
        assert cube.wavelengths is not None
        covered = np.isfinite(library.resampled(cube.wavelengths, cube.fwhm).spectra).any(axis=0)
        # What a scene's own materials do not cover, and others do, is left to its patch, which says so.
        valid = cube.valid | (covered & np.array([reason == NOT_COVERED for reason in cube.reasons]))
        reasons = tuple("" if used else reason for used, reason in zip(valid, cube.reasons, strict=True))
        self._cube = replace(cube, valid=valid, reasons=reasons)
        self.group = Group.of(self._cube)

    def patch(self, seed: tuple[int, ...]) -> NDArray[np.float32]:
        """Reflectance (bands, 64, 64) of the scene of a seed, NaN in bands that a material does not cover."""
        return self._read(self._simulator.scene(seed).cube)

    @cached_property
    def present(self) -> NDArray[np.bool_]:
        """Which canonical bands the group covers (100,)."""
        wavelengths = self.group.wavelengths
        assert wavelengths is not None
        return response_matrix(wavelengths, self.group.fwhm, np.ones(len(wavelengths), dtype=bool))[1]

    def pair(self, seed: tuple[int, ...]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Reflectance (100, 64, 64) on the canonical grid of the scene of a seed, as the sensor sees it and as it is.

        As it is: without noise, stripes and the texture inside of parcels. Bands that are missing hold what the
        others make expected in both.
        """
        seen, true = self.patch(seed), self.perfect(seed)
        covered = np.asarray(np.isfinite(seen).any(axis=(1, 2)))
        return self._completed(seen, covered), self._completed(true, covered)

    def perfect(self, seed: tuple[int, ...]) -> NDArray[np.float32]:
        """The same patch without the instrument's faults and the texture inside of parcels."""
        return self._read(self._truth.scene(seed).cube)

    @cached_property
    def _truth(self) -> Simulator:
        """What makes the same scenes without the instrument's faults."""
        config = self._config
        perfect = replace(config.instrument, snr=np.inf, striping=0.0, dead_columns=0.0, absorption="none")
        smooth = replace(config.variability, texture=0.0)
        return Simulator(self._library, replace(config, instrument=perfect, variability=smooth), images=self._images)

    def _read(self, cube: Cube) -> NDArray[np.float32]:
        """The group's bands of a scene."""
        values: NDArray[np.float32] = cube.source.read(cube.order[self._cube.used], cube.window).astype(np.float32)
        return values

    def _completed(self, values: NDArray[np.float32], covered: NDArray[np.bool_]) -> NDArray[np.float32]:
        """A scene (bands, 64, 64) on the canonical grid, complete."""
        (image,), present = canonical(self.group.stored(values)[None], self.group, covered)
        matrix, constant = expectation(present.tobytes())
        whole = np.tensordot(matrix.astype(np.float32), image[present], 1) + constant[:, None, None]
        complete: NDArray[np.float32] = whole.astype(np.float32)
        return complete


@lru_cache(maxsize=16)
def _groups(corpus: SimulatedCorpus, sensor: str) -> tuple[Group, PatchSimulator]:
    simulator = PatchSimulator(corpus, sensor)
    return simulator.group, simulator


@lru_cache(maxsize=2)
def _library(corpus: SimulatedCorpus) -> SpectralLibrary:
    """The materials of a corpus."""
    library = material_library([read_library(path) for path in corpus.libraries], corpus.materials, corpus.seed)
    return replace(library, spectra=_extended(library.spectra, int(corpus.extend / corpus.materials.step)))


def _extended(spectra: NDArray[np.float64], farthest: int) -> NDArray[np.float64]:
    """Spectra whose first and last numbers go on for up to so many bands."""
    extended = spectra.copy()
    for row in extended:
        known = np.flatnonzero(np.isfinite(row))
        if len(known):
            first, last = int(known[0]), int(known[-1])
            row[max(0, first - farthest) : first] = row[first]
            row[last + 1 : last + 1 + farthest] = row[last]
    return extended


@lru_cache(maxsize=2)
def _images(corpus: SimulatedCorpus) -> tuple[Any, ...]:
    """The images whose shapes are borrowed."""
    return tuple(_image(Path(path)) for path in corpus.images)


def _image(path: Path) -> Any:
    if path.suffix.lower() not in _PICTURES:
        return open_cube(path)
    if not path.is_file():
        raise InputError(
            f"{path}: there is no such file; expected a photograph to borrow shapes from: name another under images, "
            "or leave it out"
        )
    from matplotlib.image import imread

    pixels = np.atleast_3d(imread(path)).astype(np.float32)[..., :3]
    step = -(-max(pixels.shape[:2]) // _LARGEST_PICTURE)
    return pixels[::step, ::step].transpose(2, 0, 1)


def _mirrored(crop: Crop) -> Cube:
    """A crop as a scene of whole patches: it goes on as its mirror image."""
    cube = open_cube(crop.path, variable=crop.variable, wavelengths=crop.wavelengths, sensor=crop.sensor)
    if crop.scale:
        cube = replace(cube, scale=crop.scale, offset=0.0, quantity="reflectance")
    if cube.wavelengths is not None:
        # Corrected scenes hold noise there, which nobody marked.
        cube = cube.dropped(opaque(cube.wavelengths), "absorbed by the air")
    values = cube.read(bands=np.arange(cube.shape[0]))
    short = [-length % PATCH for length in values.shape[1:]]
    padded = np.pad(values, ((0, 0), (0, short[0]), (0, short[1])), mode="symmetric")
    whole = Cube.from_array(padded, cube.wavelengths, cube.fwhm, quantity=cube.quantity, name=cube.name)
    return replace(whole, valid=cube.valid, reasons=cube.reasons, sensor=cube.sensor, path=cube.path)


@dataclass(frozen=True, eq=False)
class SimulatedOrigin:
    """Simulated scenes of one sensor, each of the size of a patch; each process makes its own."""

    corpus: SimulatedCorpus
    sensor: str
    path: Path
    group: Group
    first: int
    count: int

    @property
    def name(self) -> str:
        return f"simulated {self.sensor}"

    def __len__(self) -> int:
        return self.count

    def part(self, first: int, count: int) -> SimulatedOrigin:
        return replace(self, first=self.first + first, count=min(count, self.count - first))

    def cut(self) -> Iterator[Cut]:
        simulator = _groups(self.corpus, self.sensor)[1]
        for index in range(self.first, self.first + self.count):
            record = Record(
                group=self._group_name,
                shard=0,
                slot=0,
                scene=f"{self.name} {index}",
                path=str(self.path),
                row=0,
                col=0,
                sensor=self.group.sensor,
                bands=self.group.num_bands,
            )
            yield record, self.group.stored(simulator.patch((self.corpus.seed, index)))

    @cached_property
    def _group_name(self) -> str:
        return self.group.name
