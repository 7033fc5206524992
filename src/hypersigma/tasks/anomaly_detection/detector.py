"""Anomalies without training: ranks of classical detectors, likeness to what they found, against the surroundings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.baselines._background import principal_components
from hypersigma.baselines._components import project
from hypersigma.baselines._detector import Array, Detector, Learned, View, below
from hypersigma.baselines._ranks import ranked, score_table, without_rim
from hypersigma.baselines._smoothing import smoothed, smoothing_radius
from hypersigma.baselines.rank_fusion import RankFusion
from hypersigma.data.moments import moments
from hypersigma.tasks.anomaly_detection.found import learn_found, likeness
from hypersigma.tasks.anomaly_detection.surroundings import local_median

TASK = "anomaly_detection"

_RAREST, _RAREST_LIKENESS = 1e-6, 1e-4  # added to what a rank lacks of 1
# pixels, of the Gaussian that likeness is smoothed with; features are of patches already
_DEVIATIONS = {"components": 0.7, "features": 0.0}
_FLAT = 1e-3  # variance, against one, that is added to standardised features before they are whitened


@dataclass(frozen=True, kw_only=True)
class AnomalyFusion(Detector):
    """The tuning-free detector; its settings are those of `AnomalyDetectionConfig`.

    Decades of rarity, -log10(1 - r), of the rank r in `RankFusion` are counted, and with smaller weights those of the
    likeness to its highest scores, once in principal components and once in frozen features where a scene has them.
    Decades let what stands out in one way alone keep its place, where mean ranks would push it down. From this sum a
    share of its median in the surroundings is taken.

    Attributes:
        num_components: in which pixels are compared with those found.
        target_share: share of the scene, the highest coarse scores, that counts as found.
        found_weight: of the likeness in components; feature_weight: in frozen features.
        surroundings: pixels, odd; side of the square around a pixel that its surroundings are.
        surroundings_weight: of the median there, which is taken away.
    """

    num_components: int = 50
    target_share: float = 0.0015
    found_weight: float = 0.2
    feature_weight: float = 0.05
    surroundings: int = 21
    surroundings_weight: float = 0.6

    @property
    def describes(self) -> bool:
        return True

    @property
    def margin(self) -> int:
        return max(RankFusion().margin, *map(_rim, _DEVIATIONS)) + self.surroundings // 2

    def learn(self, view: View, seed: int) -> tuple[Learned, list[str]]:
        bands_alone = replace(view, describer=None)
        coarse, notes, coarse_scores = RankFusion().learn_scored(bands_alone, seed)
        learned: Learned = {f"coarse.{name}": array for name, array in coarse.items()}
        windows = view.sampled()
        scores = np.concatenate([array.ravel() for array in coarse_scores])
        known = np.isfinite(scores)
        spaces = {"components": _component_space(bands_alone, self.num_components)}
        if view.describer is not None:
            spaces["features"] = _feature_space(view)
        for name, space in spaces.items():
            learned |= {f"{name}.{key}": array for key, array in space.items()}
            vectors = np.concatenate([_vectors(learned, name, view.padded(window, 0)) for window in windows])
            found = learn_found(vectors[known], scores[known], self.target_share)
            learned |= {f"{name}.found.{key}": array for key, array in found.items()}
            alike = [_likeness(learned, name, view.padded(window, _rim(name))).ravel() for window in windows]
            learned[f"{name}.table"] = score_table(np.concatenate(alike))
        return learned, notes

    def score(self, learned: Learned, padded: Array) -> NDArray[Any]:
        radius = self.surroundings // 2
        seen = without_rim(padded[: _num_bands(learned)], self.margin - RankFusion().margin - radius)
        total = _decades(RankFusion().score(below("coarse", learned), seen), _RAREST)
        for name, weight in (("components", self.found_weight), ("features", self.feature_weight)):
            if f"{name}.table" in learned:
                alike = _likeness(learned, name, without_rim(padded, self.margin - _rim(name) - radius))
                total = total + weight * _decades(ranked(learned[f"{name}.table"], alike), _RAREST_LIKENESS)
        usual = local_median(total, self.surroundings)
        score: NDArray[Any] = without_rim(total, radius) - self.surroundings_weight * usual
        return score


def _likeness(learned: Learned, name: str, seen: Array) -> NDArray[Any]:
    """Likeness (h, w) to what was found of a window with the rim (bands + features, h + 2 rim, w + 2 rim)."""
    alike = likeness(below(f"{name}.found", learned), _vectors(learned, name, seen))
    return smoothed(alike.reshape(seen.shape[1:]), _DEVIATIONS[name])


def _rim(name: str) -> int:
    """Pixels around one that its likeness in one of the spaces depends on."""
    return smoothing_radius(_DEVIATIONS[name])


def _decades(rank: NDArray[Any], rarest: float) -> NDArray[Any]:
    """How many decades rarer than all: -log10(1 - r) of ranks r between 0 and 1."""
    decades: NDArray[Any] = -np.log10(1.0 - rank + rarest)
    return decades


def _num_bands(learned: Learned) -> int:
    # the mean spectrum of the coarse detector's first part
    return len(learned["coarse.0.mean"])


def _component_space(view: View, num: int) -> Learned:
    """Principal components of unit variance."""
    found = moments(view.blocks)
    vectors, values = principal_components(found, num)
    scales = np.sqrt(np.where(values > 1e-12 * values[0], values, np.inf))
    return {"mean": found.mean, "vectors": vectors / scales[:, None]}


def _feature_space(view: View) -> Learned:
    """Frozen features, standardised and whitened."""
    num_bands = len(view.bands.indices)
    found = moments(lambda: (_complete(view.padded(window, 0)[num_bands:]) for window in view.windows()))
    deviation = np.sqrt(np.maximum(np.diag(found.covariance), 1e-24))
    values, vectors = np.linalg.eigh(found.covariance / np.outer(deviation, deviation))
    scales = np.sqrt(np.maximum(values, 0.0) + _FLAT)
    return {"mean": found.mean, "vectors": (vectors / scales).T / deviation}


def _complete(array: Array) -> Array:
    """Pixels (D, n) of an array (D, h, w) that have all numbers."""
    flat = array.reshape(len(array), -1)
    return flat[:, np.isfinite(flat).all(axis=0)]


def _vectors(learned: Learned, name: str, seen: Array) -> Array:
    """What describes the pixels (n, D) of an array (bands + features, h, w) in one of the spaces."""
    num_bands = _num_bands(learned)
    part = seen[:num_bands] if name == "components" else seen[num_bands:]
    vectors: Array = project(below(name, learned), part).reshape(len(learned[f"{name}.vectors"]), -1).T
    return vectors


METHOD = AnomalyFusion()
