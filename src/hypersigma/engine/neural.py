"""Any task's network as a method: an ensemble, each member fitted without a share of the labels.

What a member says of the labels held out from it tells, with no label wasted, how sure the ensemble may be and
how far its decision may spread; the figures of a run's report come from the same held-out answers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from hypersigma import config as configuration
from hypersigma.cube import Cube
from hypersigma.data.dates import dates_of
from hypersigma.data.front_end import FrontEnd, fit_front_end
from hypersigma.data.labels import LabelledScene
from hypersigma.engine.anchors import Anchors
from hypersigma.engine.channels import Channels
from hypersigma.engine.devices import drawing_apart, resolved
from hypersigma.engine.ensemble import Ensemble
from hypersigma.engine.fitted import NeuralFitted
from hypersigma.engine.loop import Curve, train
from hypersigma.engine.predict import blended
from hypersigma.engine.pretrained import Beginning
from hypersigma.engine.tile_memory import check_tile
from hypersigma.products import Legend
from hypersigma.screening import screen
from hypersigma.tasks._contract import Held, Share, Task, TaskConfig
from hypersigma.tiling import Window, blocks
from hypersigma.weights.encoders import SCRATCH, shipped_weights

Progress = Callable[[str, int, int], None]

_HELD_BLOCK = 256  # pixels; held-out labels are looked at in blocks of this side


def _silent(what: str, done: int, total: int) -> None:
    """Progress that nobody asked for."""


@dataclass(frozen=True, kw_only=True)
class NeuralMethod:
    """A network for a task, to be fitted.

    Attributes:
        task: the task.
        config: its settings.
        weights: pre-trained weights, a folder or a size; None for those of the network's size that come with the
            package, where they suit settings and scenes; "none" to learn from scratch.
        device: where to compute.
        progress: called with (phase, done, total).
        work: folder that an interrupted fit is resumed from, or None.
    """

    task: type[Task]
    config: TaskConfig
    weights: str | None = None
    device: str = "auto"
    progress: Progress = _silent
    work: Path | None = None

    def fit(self, inputs: Sequence[Any], seed: int) -> NeuralFitted:
        """Fit the ensemble on labelled scenes.

        Raises:
            InputError: the scenes or labels do not allow it.
            ConfigError: the settings do not, there is no such device, or training diverges.
            WeightsError: there are no such weights, or they fit no network of this task.
        """
        device = resolved(self.device)
        inputs = [_screened(scene) for scene in inputs]
        cubes = [scene.cube for scene in inputs]
        dates = [dates_of(cube) for cube in cubes]
        seen = [date for own in dates for date in own]
        weights = self.chosen_weights(inputs)
        beginning = None if weights is None else Beginning.of(weights, seen)
        wanted = self.config if beginning is None else self.task.for_weights(self.config, beginning.encoders, inputs)
        config = self.task.adapted(wanted, inputs)
        labelled = [scene.labels > 0 for scene, own in zip(inputs, dates, strict=True) for _ in own]
        front_end = fit_front_end(config.front_end, seen, labelled)
        legend = inputs[0].legend
        readers = [Channels(front_end, cube) for cube in cubes]
        inputs = [_with_data(scene, reader) for scene, reader in zip(inputs, readers, strict=True)]
        shares = self.task.shares(config, inputs, seed)
        with drawing_apart(device):
            members = [
                self._member(config, front_end, legend, _seed_of(seed, index), device) for index in range(len(shares))
            ]
            check_tile(members[0].eval(), len(dates[0]) * front_end.num_channels, _largest(cubes, config.tile))
            notes = () if beginning is None else beginning.fill(members, front_end)
            curves, held = [], []
            for index, (member, share) in enumerate(zip(members, shares, strict=True)):
                curves.append(self._train(member, share, readers, config, (seed, index), len(shares)))
                held += _answers(member, share, readers, config)
        return NeuralFitted(
            task=self.task,
            config=config,
            front_end=front_end,
            legend=legend,
            members=tuple(members),
            decision=self.task.settle(config, held),
            seed=seed,
            curves=tuple(curves),
            held=tuple(held),
            anchors=Anchors.of(inputs),
            notes=notes,
        )

    def chosen_weights(self, inputs: Sequence[Any]) -> str | None:
        """The weights that networks for these scenes begin with; None for random ones."""
        if self.weights is not None:
            return None if self.weights == SCRATCH else self.weights
        return shipped_weights(self.config.size) if self.task.takes_weights(self.config, inputs) else None

    def _member(self, config: TaskConfig, front_end: FrontEnd, legend: Legend, seed: int, device: torch.device) -> Task:
        """A network that is not trained yet, on its device; its first numbers depend on the seed alone."""
        # Members that were resumed draw nothing, so the state that they leave must not matter.
        torch.manual_seed(seed)
        return self.task.build(config, front_end, legend).to(device)

    def _train(
        self,
        member: Task,
        share: Share,
        readers: Sequence[Channels],
        config: TaskConfig,
        key: tuple[int, int],
        count: int,
    ) -> Curve:
        """Train one member; its batches depend on (seed, member, step) alone."""
        seed, index = key
        # First the sampler: it refuses labels that nothing can be learned from.
        sampler = member.sampler(share.fitted, readers)
        member.prepare(share.fitted, readers)
        total = config.training.steps * count
        return train(
            member,
            lambda step: sampler(np.random.default_rng([seed, index, step])),
            config.training,
            _seed_of(seed, index),
            checkpoint=self._checkpoint(share, readers[0].front_end, config, key),
            advance=lambda step: self.progress("training", index * config.training.steps + step, total),
        )

    def _checkpoint(self, share: Share, front_end: FrontEnd, config: TaskConfig, key: tuple[int, int]) -> Path | None:
        """Where a member is saved on the way; the name tells everything that decides its training."""
        if self.work is None:
            return None
        names = [scene.cube.name for scene in share.fitted]
        told = json.dumps([configuration.unstructure(config), self.weights, key, names])
        digest = hashlib.sha256(told.encode())
        # Scenes of one name may differ in what they hold; the statistics of the front end tell.
        begun = [scene.endmembers for scene in share.fitted if hasattr(scene, "endmembers")]
        for array in (*front_end.arrays().values(), *(scene.labels for scene in share.fitted), *begun):
            digest.update(np.ascontiguousarray(array).tobytes())
        self.work.mkdir(parents=True, exist_ok=True)
        return self.work / f"member-{key[1]}-{digest.hexdigest()[:16]}.pt"


def _seed_of(seed: int, index: int) -> int:
    """The seed of a member."""
    return seed * 1009 + index


def _answers(member: Task, share: Share, readers: Sequence[Channels], config: TaskConfig) -> list[Held]:
    """What a member says of the labels held out from it, block by block with the margin that deciding may need."""
    held = []
    for scene, fitted, reader in zip(share.held_out, share.fitted, readers, strict=True):
        _, rows, cols = scene.cube.shape
        for block in blocks(rows, cols, _HELD_BLOCK):
            if not scene.labels[block.slices].any():
                continue
            seen = block.grown(member.reach(config), rows, cols)
            truth = np.zeros((seen.height, seen.width), dtype=np.int32)
            truth[block.inside(seen).slices] = scene.labels[block.slices]
            quantities = blended(partial(_alone, member, reader), seen, config.tile, config.overlap)
            held.append(Held(quantities, reader, seen, truth, fitted.labels[seen.slices]))
    return held


def _alone(member: Task, reader: Channels, windows: Iterable[Window]) -> Iterator[NDArray[np.float32]]:
    """What a single member says of windows (Q, h, w), in their order."""
    ensemble = Ensemble([member])
    return (parts[0] for parts in ensemble.asked.in_turn(ensemble.begin(reader, window) for window in windows))


def _largest(cubes: Sequence[Cube], tile: int) -> int:
    """Side of the largest tile that scenes have."""
    return min(tile, max(min(cube.shape[1:]) for cube in cubes))


def _with_data(scene: LabelledScene, reader: Channels) -> LabelledScene:
    """The scene without the labels of pixels that lack data: nothing can be learned from them."""
    _, rows, cols = scene.cube.shape
    labels = scene.labels.copy()
    for block in blocks(rows, cols, _HELD_BLOCK):
        part = labels[block.slices]
        if part.any():
            part[~np.isfinite(reader.read(block)).all(axis=0)] = 0
    return replace(scene, labels=labels)


def _screened(scene: LabelledScene) -> LabelledScene:
    """The scene without bands that hold nothing."""
    return replace(scene, cube=screen(scene.cube))
