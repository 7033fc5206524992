"""What tasks share that restore scenes by what each holds itself: the method, what is kept of it, its layers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from hypersigma import config as configuration
from hypersigma import registry
from hypersigma.baselines._denoiser import FittedDenoiser
from hypersigma.baselines._denoiser import load as load_denoiser
from hypersigma.baselines._sharpener import SHARPENING, FittedSharpener
from hypersigma.baselines._sharpener import load as load_sharpener
from hypersigma.cube import Cube
from hypersigma.data.lessons import Lessons
from hypersigma.data.method import Tiling
from hypersigma.data.noise_level import strips
from hypersigma.data.restoration import DESCRIPTION, RestorationScene, passing
from hypersigma.errors import InputError
from hypersigma.georef import Georef
from hypersigma.mapped import release
from hypersigma.products import Layer
from hypersigma.tasks._corrector import Corrector
from hypersigma.tiling import Window
from hypersigma.weights.store import fill, load_tensors, save_tensors

Image = NDArray[np.float32]

_TENSORS = "restoration.safetensors"


@dataclass(frozen=True, kw_only=True, eq=False)
class Restorer(ABC):
    """A way to restore scenes, without training or with a network that corrects that; every scene by itself.

    Attributes:
        name: of the task; Config: its settings; num_told: images that a network is told of each direction.
        config: settings.
        scale: as of a `RestorationScene`.
        scenes: those that it was made for, which may have companions; none in a loaded one.
        corrector: adds what it learned on the scenes, or None where nothing is trained.
        notes: what became of its training.
    """

    name: ClassVar[str]
    Config: ClassVar[type]
    num_told: ClassVar[int]

    config: Any
    scale: int | None = None
    scenes: tuple[RestorationScene, ...] = field(default=(), repr=False)
    corrector: Corrector | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()

    @property
    def tiling(self) -> Tiling:
        return Tiling()

    @abstractmethod
    def predict(self, cube: Cube, window: Window) -> Image:
        """The restored scene (bands, rows, cols), rows and columns perhaps other than the scene's.

        Raises:
            InputError: the scene does not allow it.
        """

    @abstractmethod
    def finish(self, quantities: Image, cube: Cube, window: Window) -> Mapping[str, NDArray[Any]]:
        """The restored scene, and what else is told of it, by layer name."""

    @abstractmethod
    def layers(self, arrays: Mapping[str, NDArray[Any]], georef: Georef | None) -> tuple[Layer, ...]:
        """Whole-scene arrays with their names, wavelengths and units."""

    @abstractmethod
    def lessons(self, cube: Cube, generator: np.random.Generator) -> Lessons:
        """What a network learns of a scene that corrects what this does without one.

        Raises:
            InputError: the scene does not allow it.
        """

    def save(self, folder: Path) -> None:
        """Write the settings as YAML into a folder, and what was learned beside them."""
        folder.mkdir(parents=True, exist_ok=True)
        network = None
        if self.corrector is not None:
            save_tensors(folder / _TENSORS, self.corrector.state_dict())
            network = _Network(num_bands=self.corrector.num_bands)
        told = _Description(
            task=self.name, config=configuration.unstructure(self.config), scale=self.scale, network=network
        )
        configuration.save_yaml(told, folder / DESCRIPTION)


@dataclass(frozen=True, kw_only=True)
class RestorationMethod:
    """A restorer that is not told its scenes yet.

    Attributes:
        task: its class; config: settings of it.
        corrector: as of a `Restorer`.
    """

    size: ClassVar[str] = "frozen"  # what is trained has another

    task: type[Restorer]
    config: Any
    corrector: Corrector | None = None

    def fit(self, inputs: Sequence[RestorationScene], seed: int) -> Restorer:
        """The restorer of some scenes; nothing is drawn."""
        return self.task(config=self.config, scale=inputs[0].scale, scenes=tuple(inputs), corrector=self.corrector)


@dataclass(frozen=True, kw_only=True)
class _Network:
    """What a saved network is, beside the settings; `num_bands` is None of one that sees canonical bands."""

    num_bands: int | None


@dataclass(frozen=True, kw_only=True)
class _Description:
    """What a saved restorer is."""

    task: str
    config: dict[str, Any]
    scale: int | None = None
    network: _Network | None = None


def load(folder: Path, device: str | torch.device = "cpu") -> Restorer | FittedDenoiser | FittedSharpener:
    """A restorer that was saved into a folder; a network computes on the device.

    Raises:
        ConfigError: the folder's description is missing, or names settings that do not exist.
        InputError: the description names no task that restores.
        WeightsError: the numbers of a network are missing or damaged, or belong to another one.
    """
    where = folder / DESCRIPTION
    told = configuration.read_yaml(where)
    if told.get("method"):
        return load_sharpener(folder) if told.get("task") == SHARPENING else load_denoiser(folder)
    description = configuration.load_yaml(where, _Description)
    task = getattr(registry.load("hypersigma.tasks", description.task), "TASK", None)
    if not (isinstance(task, type) and issubclass(task, Restorer)):
        raise InputError(f"{where}: '{description.task}' restores nothing; expected a model of `hypersigma run`")
    config: Any = configuration.structure(description.config, task.Config, str(where))
    restorer = task(config=config, scale=description.scale)
    if description.network is None:
        return restorer
    return replace(restorer, corrector=_corrector(restorer, description.network, folder).to(device))


def _corrector(restorer: Restorer, network: _Network, folder: Path) -> Corrector:
    """The network that was saved beside a description."""
    corrector = Corrector(restorer.config, network.num_bands, restorer.num_told, restorer.scale or 1)
    fill(corrector, load_tensors(folder / _TENSORS), folder / DESCRIPTION)
    return corrector.eval()


def number_notes(cube: Cube, layer: Layer) -> Iterator[str]:
    """What a person should know of the numbers of a scene and of the layer (bands, rows, cols) that was made of it.

    Missing, negative, and those at the ends of a type of whole numbers.
    """
    incomplete, before, after, cut = 0, 0, 0, 0
    for rows in strips((len(cube.used), *cube.shape[1:])):
        image = passing(cube, Window(rows.start, 0, min(rows.stop, cube.shape[1]) - rows.start, cube.shape[2]))
        incomplete += int(np.count_nonzero(~np.isfinite(image).all(axis=0)))
        before += int(np.count_nonzero((image < 0).any(axis=0)))
    kind = layer.array.dtype
    for rows in strips(layer.array.shape):
        part = layer.array[:, rows]
        known = ~layer.missing(part)
        after += int(np.count_nonzero((layer.values(part) < 0).any(axis=0)))
        if kind.kind in "iu":
            limits = np.iinfo(kind)
            # what would be the number of no data lies beside it
            ends = limits.min + (layer.nodata == limits.min), limits.max - (layer.nodata == limits.max)
            cut += int(np.count_nonzero(np.isin(part, ends) & known))
        release(layer.array)
    if incomplete:
        yield f"{cube.name}: {incomplete} pixels lack numbers in some band, and the result lacks them there too"
    if before or after:
        told = f"{before} pixels of the scene and {after} of the result have negative numbers; none was clipped"
        yield f"{cube.name}: {told}"
    if cut:
        yield f"{cube.name}: {cut} numbers of the result lie at the ends of {kind}, where what is beyond is cut off"
