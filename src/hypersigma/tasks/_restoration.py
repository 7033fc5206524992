"""What tasks share that restore scenes by what each holds itself: the method, what is kept of it, its layers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from hypersigma import config as configuration
from hypersigma import registry
from hypersigma.baselines._denoiser import FittedDenoiser
from hypersigma.baselines._denoiser import load as load_denoiser
from hypersigma.baselines._sharpener import SHARPENING, FittedSharpener
from hypersigma.baselines._sharpener import load as load_sharpener
from hypersigma.cube import Cube
from hypersigma.data.method import Tiling
from hypersigma.data.noise_level import strips
from hypersigma.data.restoration import DESCRIPTION, RestorationScene, passing
from hypersigma.errors import InputError
from hypersigma.georef import Georef
from hypersigma.mapped import release
from hypersigma.products import Layer
from hypersigma.tiling import Window

Image = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Restorer(ABC):
    """A way to restore scenes without training; every scene is restored by itself, as a whole.

    Attributes:
        name: of the task; Config: its settings.
        config: settings.
        scale: as of a `RestorationScene`.
        scenes: those that it was made for, which may have companions; none in a loaded one.
    """

    name: ClassVar[str]
    Config: ClassVar[type]

    config: Any
    scale: int | None = None
    scenes: tuple[RestorationScene, ...] = field(default=(), repr=False)

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

    def save(self, folder: Path) -> None:
        """Write the settings as YAML into a folder; nothing else is learned."""
        folder.mkdir(parents=True, exist_ok=True)
        told = _Description(task=self.name, config=configuration.unstructure(self.config), scale=self.scale)
        configuration.save_yaml(told, folder / DESCRIPTION)


@dataclass(frozen=True, kw_only=True)
class RestorationMethod:
    """A restorer that is not told its scenes yet.

    Attributes:
        task: its class; config: settings of it.
    """

    task: type[Restorer]
    config: Any

    def fit(self, inputs: Sequence[RestorationScene], seed: int) -> Restorer:
        """The restorer of some scenes; nothing is drawn."""
        return self.task(config=self.config, scale=inputs[0].scale, scenes=tuple(inputs))


@dataclass(frozen=True, kw_only=True)
class _Description:
    """What a saved restorer is."""

    task: str
    config: dict[str, Any]
    scale: int | None = None


def load(folder: Path) -> Restorer | FittedDenoiser | FittedSharpener:
    """A restorer that was saved into a folder.

    Raises:
        ConfigError: the folder's description is missing, or names settings that do not exist.
        InputError: the description names no task that restores.
    """
    where = folder / DESCRIPTION
    told = configuration.read_yaml(where)
    if told.get("method"):
        return load_sharpener(folder) if told.get("task") == SHARPENING else load_denoiser(folder)
    description = configuration.load_yaml(where, _Description)
    task = getattr(registry.load("hypersigma.tasks", description.task), "TASK", None)
    if not (isinstance(task, type) and issubclass(task, Restorer)):
        raise InputError(f"{where}: '{description.task}' restores nothing; expected a model of `hypersigma run`")
    return task(config=configuration.structure(description.config, task.Config, str(where)), scale=description.scale)


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
