"""A fitted network: an ensemble with its front end and its decision; saved and loaded whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from hypersigma import config as configuration
from hypersigma import registry
from hypersigma.cube import Cube
from hypersigma.data.dates import dates_of
from hypersigma.data.front_end import FrontEnd
from hypersigma.data.method import Tiling
from hypersigma.engine.anchors import NOWHERE, Anchors
from hypersigma.engine.channels import Channels, StreamedChannels
from hypersigma.engine.devices import resolved
from hypersigma.engine.ensemble import Ensemble
from hypersigma.engine.loop import Curve
from hypersigma.engine.tile_memory import check_tile
from hypersigma.engine.transfer import Answer
from hypersigma.errors import InputError, WeightsError
from hypersigma.georef import Georef
from hypersigma.nn.packed import packed
from hypersigma.products import Color, Layer, Legend, SpectralLibrary
from hypersigma.tasks._contract import Decision, Held, Task
from hypersigma.tiling import Window
from hypersigma.weights.store import fill, load_tensors, save_tensors
from hypersigma.writers import replaced_file

Array = NDArray[np.float32]

DESCRIPTION, _TENSORS = "model.yaml", "model.safetensors"
_FORMAT = 2


@dataclass(frozen=True, kw_only=True, eq=False)
class NeuralFitted:
    """A fitted ensemble.

    Attributes:
        task: the task; config: its settings as the scenes allowed them.
        front_end: from bands to channels; legend: names of what it tells apart.
        members: trained networks, packed for use alone on a processor; their quantities are averaged.
        decision: from quantities to layers.
        seed: of every draw of the fit.
        anchors: the labels it was fitted on; they stand in the map of their own scene.
        curves: learning curve of each member, held: answers on held-out labels, and notes: what became of pre-trained
            weights; empty in a loaded model.
    """

    task: type[Task]
    config: Any
    front_end: FrontEnd
    legend: Legend
    members: tuple[Task, ...]
    decision: Decision
    seed: int
    anchors: Anchors = NOWHERE
    curves: tuple[Curve, ...] = ()
    held: tuple[Held, ...] = ()
    notes: tuple[str, ...] = ()
    _last: list[Channels] = field(default_factory=list, repr=False)
    _num_quantities: list[int] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "members", tuple(map(packed, self.members)))

    @property
    def takes_pairs(self) -> bool:
        """Whether it compares two dates."""
        return self.task.dates == 2

    @property
    def libraries(self) -> tuple[SpectralLibrary, ...]:
        """Spectra that were found, such as endmembers; none as a rule."""
        return self.members[0].libraries(self.front_end, self.legend)

    @property
    def tiling(self) -> Tiling:
        return Tiling(self.config.tile, self.config.overlap, self.decision.halo)

    def predict(self, cube: Cube, window: Window) -> Array:
        """The members' quantities of a window on average, (Q, h, w); a window without data does without networks.

        Raises:
            InputError: the cube lacks bands that the model was fitted on.
        """
        return next(self.tiles(cube, [window]))

    def tiles(self, cube: Cube, windows: Iterable[Window]) -> Iterator[Array]:
        """What `predict` gives of windows, in their order; on a card the next one is under way meanwhile.

        Raises:
            InputError: as of `predict`.
        """
        reader, ensemble = self._reader(cube), Ensemble(self.members)
        return ensemble.asked.in_turn(self._begun(ensemble, reader, window) for window in windows)

    def _begun(self, ensemble: Ensemble, reader: Channels, window: Window) -> Answer:
        """The quantities of a window, under way."""
        if self._num_quantities and not reader.has_data(window):
            # how many quantities a network gives is known once it has given some
            nothing: Array = np.full((self._num_quantities[0], window.height, window.width), np.nan, dtype=np.float32)
            return lambda: nothing
        return partial(self._mean, ensemble.begin(reader, window))

    def _mean(self, answer: Answer) -> Array:
        """The mean over members (Q, h, w) of their answer."""
        parts = answer()
        self._num_quantities[:] = [parts.shape[1]]
        return np.mean(parts, axis=0, dtype=np.float32)  # type: ignore[no-any-return]

    def finish(self, quantities: Array, cube: Cube, window: Window) -> Mapping[str, NDArray[Any]]:
        """Arrays of a window by layer name."""
        reader = self._reader(cube)
        return self.decision.finish(quantities, reader, window, self.anchors.labels(reader.fingerprint, window))

    def layers(self, arrays: Mapping[str, NDArray[Any]], georef: Georef | None) -> tuple[Layer, ...]:
        """Whole-scene arrays with their names, colours and units."""
        return self.decision.layers(arrays, georef, self.legend)

    def _reader(self, cube: Cube) -> Channels:
        """The channels of a cube; those of the last one asked for are kept."""
        if not self._last or self._last[0].cube is not cube:
            num_channels = len(dates_of(cube)) * self.front_end.num_channels
            check_tile(self.members[0], num_channels, min(self.config.tile, *cube.shape[1:]))
            self._last[:] = [StreamedChannels(self.front_end, cube)]
        return self._last[0]

    def save(self, folder: Path) -> None:
        """Write description (YAML) and numbers (safetensors) into a folder.

        Raises:
            OutputError: the folder cannot be written to.
        """
        description = _Description(
            format=_FORMAT,
            task=self.task.name,
            config=configuration.unstructure(self.config),
            names=self.legend.names,
            colors=self.legend.colors,
            decision=configuration.unstructure(self.decision),
            num_members=len(self.members),
            seed=self.seed,
            anchors=self.anchors.scenes,
        )
        tensors = {
            f"member.{index}.{key}": value
            for index, member in enumerate(self.members)
            for key, value in member.state_dict().items()
        }
        arrays = self.front_end.arrays().items()
        tensors |= {f"front_end.{key}": torch.from_numpy(np.asarray(value, order="C")) for key, value in arrays}
        tensors |= {f"anchors.{key}": torch.from_numpy(value) for key, value in self.anchors.arrays().items()}
        # The description comes last: a folder without one is not taken for a model.
        save_tensors(folder / _TENSORS, tensors)
        with replaced_file(folder / DESCRIPTION) as place:
            configuration.save_yaml(description, place)


@dataclass(frozen=True, kw_only=True)
class _Description:
    """What a saved model is, in words and small numbers; the arrays stand beside."""

    format: int
    task: str
    config: dict[str, Any]
    names: tuple[str, ...]
    colors: tuple[Color, ...]
    decision: dict[str, Any]
    num_members: int
    seed: int
    anchors: tuple[str, ...]


def load(folder: Path, device: str = "auto") -> NeuralFitted:
    """A fitted ensemble that was saved into a folder.

    Raises:
        ConfigError: the description does not fit this version of the library; or there is no such device.
        InputError: it was written by a later version.
        WeightsError: the numbers are missing or damaged, or belong to another network.
    """
    where = str(folder / DESCRIPTION)
    description = configuration.load_yaml(folder / DESCRIPTION, _Description)
    if description.format != _FORMAT:
        raise InputError(f"{where}: written in format {description.format}, this version reads {_FORMAT}; fit anew")
    task: type[Task] = registry.load("hypersigma.tasks", description.task).TASK
    config: Any = configuration.structure(description.config, task.Config, f"{where}: config")
    legend = Legend(description.names, description.colors)
    tensors = load_tensors(folder / _TENSORS)
    with _arrays("front_end", tensors, folder) as arrays:
        front_end = FrontEnd.of_arrays(config.front_end, arrays)
    with _arrays("anchors", tensors, folder) as arrays:
        anchors = Anchors.of_arrays(description.anchors, arrays)
    members = []
    for index in range(description.num_members):
        member = task.build(config, front_end, legend)
        fill(member, _below(f"member.{index}", tensors), folder / DESCRIPTION)
        members.append(member.to(resolved(device)).eval())
    return NeuralFitted(
        task=task,
        config=config,
        front_end=front_end,
        legend=legend,
        members=tuple(members),
        decision=configuration.structure(description.decision, task.Decision, f"{where}: decision"),
        seed=description.seed,
        anchors=anchors,
    )


def _below(prefix: str, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Those of the tensors that are named "<prefix>.<name>", by the rest of their names."""
    start = f"{prefix}."
    return {key.removeprefix(start): value for key, value in tensors.items() if key.startswith(start)}


@contextmanager
def _arrays(prefix: str, tensors: Mapping[str, torch.Tensor], folder: Path) -> Iterator[dict[str, NDArray[Any]]]:
    """The saved numbers of a part; one that the part lacks is told."""
    try:
        yield {key: value.numpy() for key, value in _below(prefix, tensors).items()}
    except KeyError as error:
        raise WeightsError(f"{folder / _TENSORS}: there is no {prefix}.{error.args[0]}; fit and save again") from error
