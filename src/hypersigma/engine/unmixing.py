"""A network for unmixing that begins with the endmembers of an unmixer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hypersigma.baselines._unmixing import Unmixer
from hypersigma.data.seeded import SeededScene
from hypersigma.data.unmixing import UnmixingScene
from hypersigma.engine.fitted import NeuralFitted
from hypersigma.engine.neural import NeuralMethod
from hypersigma.palette import default_legend
from hypersigma.screening import screen

_APART = "a network does not add up the spectra of a material: abundances are those of each spectrum"


@dataclass(frozen=True, kw_only=True)
class BegunWithEndmembers:
    """A network and the unmixer whose endmembers it begins with.

    Attributes:
        network: how the network is fitted; unmixer: what finds endmembers, or takes those of a library.
    """

    network: NeuralMethod
    unmixer: Unmixer

    @property
    def config(self) -> Any:
        """Settings of the task."""
        return self.network.config

    def fit(self, inputs: Sequence[UnmixingScene], seed: int) -> NeuralFitted:
        """Fit the network on the scenes, of which nothing is labelled.

        Raises:
            InputError: scenes have other bands, or do not hold so many endmembers.
        """
        begun = self.unmixer.fit(inputs, seed)
        legend = default_legend(begun.names)
        scenes = []
        for scene in inputs:
            bands, rows, cols = scene.cube.shape
            spectra = np.full((len(begun.names), bands), np.nan)
            spectra[:, list(begun.bands.indices)] = begun.endmembers
            labels = np.zeros((rows, cols), dtype=np.int32)
            scenes.append(
                SeededScene(screen(scene.cube), labels, legend, spectra, by_shape=begun.method.free_brightness)
            )
        fitted = self.network.fit(scenes, seed)
        said = () if len(set(begun.groups)) == len(begun.names) else (_APART,)
        return replace(fitted, notes=(*begun.notes, *fitted.notes, *said))

    def chosen_weights(self, inputs: Sequence[UnmixingScene]) -> str | None:
        """The weights that the network begins with; None for random ones."""
        return self.network.chosen_weights(inputs)
