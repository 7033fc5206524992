"""Detectors that look at the leading principal components of a scene, pixels with their surroundings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.baselines._background import principal_components
from hypersigma.baselines._detector import Array, Detector, Learned, View
from hypersigma.baselines._smoothing import smoothed, smoothing_radius
from hypersigma.data.moments import moments
from hypersigma.errors import ConfigError

_PIXELS_AT_ONCE = 1 << 14  # whose centred spectra are held


@dataclass(frozen=True, kw_only=True)
class ComponentDetector(Detector):
    """The base of detectors on components.

    Attributes:
        num_components: leading principal components that count; 0 for the bands as they are.
        smoothing: deviation in pixels of the Gaussian that scores are smoothed with; 0 for none.
    """

    num_components: int = 5
    smoothing: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.num_components < 0 or self.smoothing < 0:
            raise ConfigError(
                f"num_components ({self.num_components}) and smoothing ({self.smoothing}) must be 0 or more"
            )

    @property
    def reach(self) -> int:
        """Pixels around one that its own score depends on, before smoothing."""
        raise NotImplementedError

    @property
    def margin(self) -> int:
        return self.reach + smoothing_radius(self.smoothing)

    def component_scores(self, components: Array, levels: NDArray[Any]) -> NDArray[Any]:
        """Scores (h, w) of components (components, h + 2 reach, w + 2 reach), NaN where there is no data.

        `levels` (components, 2) are the least and greatest number of each component in the scene.
        """
        raise NotImplementedError

    def learn(self, view: View, seed: int) -> tuple[Learned, list[str]]:
        if not self.num_components:
            num_bands = len(view.bands.indices)
            learned: Learned = {"mean": np.zeros(num_bands), "vectors": np.eye(num_bands)}
        else:
            found = moments(view.blocks)
            learned = {"mean": found.mean, "vectors": principal_components(found, self.num_components)[0]}
        ends = list(_ends(project(learned, spectra) for spectra in view.blocks()))
        levels = np.stack(
            [np.min([low for low, _ in ends], axis=0), np.max([high for _, high in ends], axis=0)], axis=1
        )
        return learned | {"levels": levels}, []

    def score(self, learned: Learned, padded: Array) -> NDArray[Any]:
        return smoothed(self.component_scores(project(learned, padded), learned["levels"]), self.smoothing)


def project(learned: Learned, array: Array) -> Array:
    """Components (components, ...) of spectra (bands, ...), rounded once, so that they do not differ by window."""
    flat, mean = array.reshape(len(array), -1), learned["mean"].astype(np.float64)[:, None]
    vectors = learned["vectors"].astype(np.float64)
    result = np.empty((len(vectors), flat.shape[1]), dtype=np.float32)
    for start in range(0, flat.shape[1], _PIXELS_AT_ONCE):
        part = slice(start, start + _PIXELS_AT_ONCE)
        result[:, part] = vectors @ (flat[:, part] - mean)
    return result.reshape(len(result), *array.shape[1:])


def _ends(blocks: Iterator[Array]) -> Iterator[tuple[Array, Array]]:
    """Least and greatest numbers (components,) of blocks (components, n) that hold any pixel."""
    for block in blocks:
        if block.shape[1]:
            yield block.min(axis=1), block.max(axis=1)
