"""What is probed: features of every labelled pixel of scenes, classical ones and those of frozen encoders."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from hypersigma.baselines.random_forest_smoothed import METHOD
from hypersigma.cube import Cube
from hypersigma.data.bands import Bands
from hypersigma.data.labels import LabelledScene
from hypersigma.engine.features import FeatureExtractor
from hypersigma.engine.measure import Cost, measured
from hypersigma.nn.mae import MaskedAutoencoder
from hypersigma.weights.encoders import Encoders, load_encoders
from hypersigma.weights.pretrained import Pretrained

Array = NDArray[np.float32]

RAW, SMOOTHED, RANDOM, FROZEN = "raw", "pca_smoothed", "random", "frozen"
STACK = "pca_stack"
_SIGMA = 2.0  # pixels
_SEED = 0  # of random encoders: the same ones for all splits, as those that were trained are


@dataclass(frozen=True, eq=False)
class Samples:
    """Features of the labelled pixels of scenes, one scene after the other.

    Attributes:
        values: (n, dim), NaN where a band has no data.
        parts: which columns each kind of feature is.
        mean, deviation: (dim,) of all pixels of the scenes, labelled or not.
        cost: what it took.
    """

    values: Array
    parts: Mapping[str, slice]
    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]
    cost: Cost

    @property
    def standardised(self) -> Array:
        """The values (n, dim) by mean and deviation of the scenes; features that never change are zero."""
        result: Array = ((self.values - self.mean) / np.where(self.deviation > 0, self.deviation, np.inf)).astype(
            np.float32
        )
        return result


def sample(scenes: Sequence[LabelledScene], source: str, weights: str | None = None, device: str = "auto") -> Samples:
    """Features of the labelled pixels of scenes.

    Args:
        scenes: of one sensor.
        source: `raw`, valid bands; `pca_smoothed`; `frozen`, what encoders make of a scene; `random`, the same with
            encoders as they are before any training.
        weights: folder of the encoders, for the latter two.
        device: where encoders compute.

    Raises:
        WeightsError: there are no such weights.
        InputError: the scenes have different bands, or cannot be brought to what the encoders were fed.
    """
    cubes = [scene.cube for scene in scenes]
    with measured() as cost:
        if source in _CLASSICAL:
            arrays, parts = _CLASSICAL[source](_spectra(cubes))
        else:
            arrays, parts = _encoded(cubes, source, str(weights), device)
        values = np.concatenate(
            [np.ascontiguousarray(array[:, scene.labels > 0].T) for array, scene in zip(arrays, scenes, strict=True)]
        )
        mean, deviation = _spread(arrays)
    return Samples(values, parts, mean, deviation, cost)


def _spread(arrays: Sequence[NDArray[Any]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and deviation (dim,) over all pixels with data of arrays (dim, rows, cols), two passes a feature."""
    mean, deviation = np.empty((2, len(arrays[0])))
    for index in range(len(mean)):
        band = np.concatenate([array[index].ravel() for array in arrays])
        known = band[np.isfinite(band)].astype(np.float64)
        mean[index], deviation[index] = (known.mean(), known.std()) if known.size else (0.0, 0.0)
    return mean, deviation


_Described = tuple[Sequence[NDArray[Any]], dict[str, slice]]


def kinds_of(encoders: Encoders, source: str) -> dict[str, slice]:
    """The columns of the kinds of feature of encoders: both, and each alone where there are two."""
    sizes = {kind: extractor.dim for kind, extractor in _extractors(encoders, "cpu").items()}
    ends = np.cumsum(list(sizes.values())).tolist()
    parts = {f"{source}_{kind}": slice(end - size, end) for (kind, size), end in zip(sizes.items(), ends, strict=True)}
    return {source: slice(0, ends[-1])} | (parts if len(parts) > 1 else {})


def _encoded(cubes: Sequence[Cube], source: str, weights: str, device: str) -> _Described:
    """What encoders make of scenes (dim, rows, cols), frozen as they are, or as they were before any training."""
    encoders = load_encoders(weights)
    if source == RANDOM:
        encoders = untrained(encoders)
    extractors = _extractors(encoders, device).values()
    arrays = [np.concatenate([extractor.features(cube) for extractor in extractors]) for cube in cubes]
    return arrays, kinds_of(encoders, source)


def _extractors(encoders: Encoders, device: str) -> dict[str, FeatureExtractor]:
    """Each encoder alone, by its kind: one that needs no surroundings is done sooner without the other."""
    alone = {"spatial": Encoders(encoders.spatial, None), "spectral": Encoders(None, encoders.spectral)}
    return {kind: FeatureExtractor.of(one, device) for kind, one in alone.items() if one.parts}


def untrained(encoders: Encoders, seed: int = _SEED) -> Encoders:
    """Encoders of the same make with random weights."""

    def drawn(part: Pretrained | None) -> Pretrained | None:
        return part and Pretrained(part.card, MaskedAutoencoder(part.card.config).state_dict())  # type: ignore[arg-type]

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Encoders(drawn(encoders.spatial), drawn(encoders.spectral))


def _spectra(cubes: Sequence[Cube]) -> list[Array]:
    """The bands (bands, rows, cols) that are valid in all scenes."""
    bands = Bands.of(cubes[0])
    for cube in cubes[1:]:
        bands = bands.restricted(cube)
    return [cube.read(bands=bands.indices) for cube in cubes]


def _raw(arrays: list[Array]) -> _Described:
    return arrays, {RAW: slice(None)}


def _smoothed(arrays: list[Array]) -> _Described:
    """Principal components and their smoothed copies, as the baseline has them, fitted on all scenes unlabelled."""
    transforms = METHOD.transforms(arrays)
    count = len(transforms["pca"].matrix)
    first = (1 + METHOD.sigmas.index(_SIGMA)) * count
    parts = {SMOOTHED: slice(first, first + count), STACK: slice(None)}
    return [METHOD.features(array, transforms) for array in arrays], parts


_CLASSICAL: dict[str, Callable[[list[Array]], _Described]] = {RAW: _raw, SMOOTHED: _smoothed}
