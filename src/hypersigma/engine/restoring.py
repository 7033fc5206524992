"""A restoration with a network that learns, on the scenes themselves, what it missed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hypersigma import config as configuration
from hypersigma.data.lessons import Lessons
from hypersigma.data.radiometry import gain_for
from hypersigma.data.restoration import RestorationScene
from hypersigma.engine.devices import drawing_apart, resolved
from hypersigma.engine.loop import train
from hypersigma.engine.pretrained import Beginning
from hypersigma.errors import InputError
from hypersigma.nn.correction import View
from hypersigma.tasks._corrector import Corrector, Settled
from hypersigma.tasks._encoder_task import seeing, sized
from hypersigma.tasks._restoration import RestorationMethod, Restorer
from hypersigma.weights.encoders import SCRATCH, shipped_weights

Taught = list[tuple[Lessons, View]]

_RADIOMETRY = "reflectance"  # what encoders see that learn from scratch


@dataclass(frozen=True, kw_only=True)
class TrainedRestoration:
    """A restoration and the network that corrects it, to be fitted.

    Attributes:
        restoration: what is corrected, and the settings.
        weights: pre-trained weights, a folder or a size; None for those of the network's size that come with the
            package, where scenes have wavelengths; "none" to learn from scratch.
        device: where to compute.
        progress: called with (phase, done, total).
        work: folder that an interrupted fit is resumed from, or None.
    """

    restoration: RestorationMethod
    weights: str | None = None
    device: str = "auto"
    progress: Callable[[str, int, int], None] = lambda what, done, total: None
    work: Path | None = None

    @property
    def config(self) -> Any:
        """Settings of the task."""
        return self.restoration.config

    def fit(self, inputs: Sequence[RestorationScene], seed: int) -> Restorer:
        """Fit the network on the scenes; what is known of a truth is not looked at.

        Raises:
            InputError: the scenes do not allow it, or have companions.
            ConfigError: there is no such device, or training diverges.
            WeightsError: there are no such weights, or they fit no network of this kind.
        """
        device = resolved(self.device)
        if any(scene.companion is not None for scene in inputs):
            raise InputError("with a companion nothing is trained; leave out  mode=trained, or give a scale instead")
        begun = self.restoration.fit(inputs, seed)
        cubes = [scene.cube for scene in inputs]
        weights = self.chosen_weights(inputs)
        beginning = None if weights is None else Beginning.of(weights, cubes)
        config = self.config
        if beginning is not None:
            config = seeing(sized(config, beginning.encoders), beginning.encoders)
        lessons = [begun.lessons(cube, np.random.default_rng([seed, index])) for index, cube in enumerate(cubes)]
        canonical = beginning is not None or all(cube.wavelengths is not None for cube in cubes)
        num_bands = None if canonical else len(cubes[0].used)
        with drawing_apart(device):
            torch.manual_seed(seed)
            corrector = Corrector(config, num_bands, begun.num_told, begun.scale or 1)
            notes: tuple[str, ...] = ()
            if beginning is not None:
                notes = beginning.said(beginning.encoders.into(corrector.backbone))
            if canonical:
                gain = gain_for(_RADIOMETRY, cubes) if beginning is None else beginning.gain
                corrector.gain.copy_(torch.from_numpy(gain.factor))
            taught = [(own, corrector.view(cube, own.directions)) for own, cube in zip(lessons, cubes, strict=True)]
            settled = self._trained(corrector.to(device), taught, seed)
        return replace(begun, config=config, corrector=corrector, notes=(*notes, _told(config, settled)))

    def chosen_weights(self, inputs: Sequence[RestorationScene]) -> str | None:
        """The weights that the network begins with; None for random ones."""
        if self.weights is not None:
            return None if self.weights == SCRATCH else self.weights
        known = all(scene.cube.wavelengths is not None for scene in inputs)
        return shipped_weights(self.config.size) if known else None

    def _trained(self, corrector: Corrector, taught: Taught, seed: int) -> Settled:
        """Train a network in place; its batches depend on (seed, step) alone."""
        training = corrector.config.training
        areas = np.array([sum(part.known.size for part in own.parts) for own, _ in taught], dtype=np.float64)

        def batch(step: int) -> Any:
            generator = np.random.default_rng([seed, 0, step])
            own, view = taught[generator.choice(len(taught), p=areas / areas.sum())]
            return corrector.examples(own, view, generator)

        train(
            corrector,
            batch,
            training,
            seed,
            checkpoint=self._checkpoint(corrector.config, taught, seed),
            advance=lambda step: self.progress("training", step, training.steps),
        )
        return corrector.settle(taught)

    def _checkpoint(self, config: Any, taught: Taught, seed: int) -> Path | None:
        """Where the network is saved on the way; the name tells everything that decides its training."""
        if self.work is None:
            return None
        digest = hashlib.sha256(json.dumps([configuration.unstructure(config), self.weights, seed]).encode())
        for own, view in taught:
            for array in (*(array for part in own.parts for array in part), *(tensor.numpy() for tensor in view)):
                digest.update(np.ascontiguousarray(array).tobytes())
        self.work.mkdir(parents=True, exist_ok=True)
        return self.work / f"correction-{digest.hexdigest()[:16]}.pt"


def _told(config: Any, settled: Settled) -> str:
    """What was trained, in a sentence."""
    return (
        f"a {config.size} network learned on the scene in {config.training.steps} steps what to add; by squares of it "
        f"that were kept apart {settled.share:.0%} of that is used, which takes {settled.gain:.2%} off the squared "
        "error there, what is noise in it counted as error"
    )
