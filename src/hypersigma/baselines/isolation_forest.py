"""Isolation forest: how few random cuts set a pixel apart from the others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.baselines._background import principal_components
from hypersigma.baselines._detector import Array, Learned, PixelDetector, View
from hypersigma.data.moments import moments

TASK = "anomaly_detection"

_MOST_SAMPLES = 1 << 16  # pixels that trees draw their few hundred from


@dataclass(frozen=True, kw_only=True)
class IsolationForestDetector(PixelDetector):
    """Isolation forest (Liu, Ting and Zhou, 2008) on principal components, by scikit-learn.

    Attributes:
        num_components: of the scene.
        num_trees: in the forest.
    """

    num_components: int = 10
    num_trees: int = 100

    def learn(self, view: View, seed: int) -> tuple[Learned, list[str]]:
        found = moments(view.blocks)
        vectors, _ = principal_components(found, self.num_components)
        learned: Learned = {"mean": found.mean, "vectors": vectors, "seed": np.array([seed])}
        pixels = np.concatenate([_projected(learned, view.pixels(window)) for window in view.sampled(_MOST_SAMPLES)])
        # trees are code; the pixels that they are grown from are saved in their place
        rng = np.random.default_rng(seed)
        chosen = np.sort(rng.permutation(len(pixels))[:_MOST_SAMPLES])
        return learned | {"samples": pixels[chosen]}, []

    def pixel_scores(self, learned: Learned, spectra: Array) -> NDArray[Any]:
        samples = learned["samples"]
        forest = _forest(samples.tobytes(), samples.shape, self.num_trees, int(learned["seed"][0]))
        scores: NDArray[Any] = -forest.score_samples(_projected(learned, spectra))
        return scores


def _projected(learned: Learned, spectra: Array) -> Array:
    """Components (n, components) of spectra (bands, n)."""
    centred = spectra - learned["mean"].astype(np.float32)[:, None]
    result: Array = (learned["vectors"].astype(np.float32) @ centred).T
    return result


@lru_cache(maxsize=2)
def _forest(samples: bytes, shape: tuple[int, int], num_trees: int, seed: int) -> Any:
    """The forest grown from samples (n, components): the same ones give the same forest."""
    from sklearn.ensemble import IsolationForest

    array = np.frombuffer(samples, dtype=np.float32).reshape(shape)
    return IsolationForest(n_estimators=num_trees, random_state=seed).fit(array)


METHOD = IsolationForestDetector()
