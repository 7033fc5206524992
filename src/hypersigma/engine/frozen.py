"""Methods that train nothing: a task's detector on frozen features of pre-trained encoders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.baselines._change import ChangeDetector
from hypersigma.baselines._detector import Detector, fit_detector
from hypersigma.baselines._unmixing import Unmixer
from hypersigma.cube import Cube
from hypersigma.data.detection import only_scene
from hypersigma.data.method import Fitted
from hypersigma.engine.features import FeatureExtractor
from hypersigma.mapped import empty, release
from hypersigma.tiling import Window
from hypersigma.weights.encoders import SCRATCH, Encoders, load_encoders, shipped_weights

PATCH = 4  # pixels; anomalies and targets are small


@dataclass(frozen=True, kw_only=True)
class FrozenFeatures:
    """Frozen features of the spatial encoder (of the spectral one, if there is no other), read window by window.

    Attributes:
        weights: folder or size of the encoders.
        device: where they compute.
    """

    weights: str
    device: str = "auto"
    _last: list[_SceneFeatures] = field(default_factory=list, repr=False, compare=False)

    @classmethod
    def shared(cls, weights: str, device: str) -> FrozenFeatures:
        """The features of encoders for all models that see by them: each tile of a scene passes through them once."""
        return _shared(weights, device)

    @cached_property
    def extractor(self) -> FeatureExtractor:
        """The encoders, loaded when they are first needed."""
        found = load_encoders(self.weights)
        return FeatureExtractor.of(
            Encoders(found.spatial, None if found.spatial else found.spectral), self.device, patch=PATCH
        )

    def read(self, cube: Cube, window: Window) -> NDArray[np.float32]:
        """Features (D, h, w) of a window; those of a scene are made once, and of the last scene kept."""
        if not self._last or self._last[0].cube is not cube:
            self._last[:] = [_SceneFeatures(self.extractor, cube)]
        return self._last[0].read(window)


@lru_cache(maxsize=4)
def _shared(weights: str, device: str) -> FrozenFeatures:
    return FrozenFeatures(weights=weights, device=device)


class _SceneFeatures:
    """The features of a scene, made strip by strip down to the lowest row that was asked for; in a file where large."""

    def __init__(self, extractor: FeatureExtractor, cube: Cube) -> None:
        self.cube = cube
        self._strips: Iterator[tuple[int, NDArray[np.float32]]] | None = None
        self._extractor = extractor
        self._begin = self._done = 0
        self._features: NDArray[np.float32] | None = None

    def read(self, window: Window) -> NDArray[np.float32]:
        """Features (D, h, w) of a window."""
        if self._strips is None or window.row < self._begin:
            # a prediction that goes on somewhere below needs nothing from above
            self._begin = self._done = window.row
            self._strips = self._extractor.strips(self.cube, window.row)
        if self._features is None:
            shape = (self._extractor.dim, *self.cube.shape[1:])
            self._features = empty(shape, np.dtype(np.float32))
        while self._done < window.row + window.height:
            top, strip = next(self._strips)
            self._done = top + strip.shape[1]
            self._features[:, top : self._done] = strip
            release(self._features)
        return self._features[:, *window.slices]


@dataclass(frozen=True, kw_only=True)
class FrozenMethod:
    """A task's tuning-free detector.

    Attributes:
        config: settings of the task; detector: what they ask for.
        weights: pre-trained weights, a folder or a size; None for those of the size that come with the package;
            "none" to do without features.
        device: where features are computed.
    """

    config: Any
    detector: Detector | ChangeDetector | Unmixer
    weights: str | None = None
    device: str = "auto"

    def fit(self, inputs: Sequence[Any], seed: int) -> Fitted:
        """Learn a scene's background and what stands out of it, or what the detector learns by itself.

        Raises:
            InputError: there is no scene or several, or it lacks data.
            WeightsError: there are no such weights.
        """
        if isinstance(self.detector, ChangeDetector | Unmixer):
            return self.detector.fit(inputs, seed)
        scene = only_scene(inputs)
        weights = self.chosen_weights(inputs)
        describer = None if weights is None else FrozenFeatures(weights=weights, device=self.device)
        return fit_detector(self.detector, scene, seed, describer)

    def chosen_weights(self, inputs: Sequence[Any]) -> str | None:
        """The weights whose features count; None for none, as where a scene has no wavelengths to compute them by."""
        if isinstance(self.detector, ChangeDetector | Unmixer) or not self.detector.describes:
            return None
        if any(scene.cube.wavelengths is None for scene in inputs):
            return None
        if self.weights is not None:
            return None if self.weights == SCRATCH else self.weights
        return shipped_weights(self.config.size)
