"""What the classical classifiers share: features of pixels, an estimator, and the outer door around them.

A baseline is a frozen dataclass of settings that says which transforms it fits, which features it takes and which
estimator decides. A fitted one holds the training pixels' features: saving stores these and loading fits the
estimator anew, which gives the same one, so that a saved model is plain numbers and never code.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma import config as configuration
from hypersigma import registry
from hypersigma.baselines._estimators import Estimator, class_probabilities
from hypersigma.cube import Cube
from hypersigma.data.bands import Bands
from hypersigma.data.class_maps import class_arrays, class_layers
from hypersigma.data.components import Components
from hypersigma.data.labels import LabelledScene
from hypersigma.data.method import Tiling
from hypersigma.data.threads import one_thread
from hypersigma.errors import InputError
from hypersigma.georef import Georef
from hypersigma.products import Color, Layer, Legend
from hypersigma.tiling import Window

Transforms = Mapping[str, Components]
Array = NDArray[np.float32]

_TILE = 256  # pixels; bounds the memory of methods that look at single pixels
DESCRIPTION, _ARRAYS = "baseline.yaml", "baseline.safetensors"


@dataclass(frozen=True, kw_only=True)
class PixelClassifier:
    """A classical classifier: the base of each file of this folder, which overrides what it needs to."""

    @property
    def contextual(self) -> bool:
        """Whether a pixel's features depend on its neighbours, so that a scene is taken whole."""
        return False

    def transforms(self, arrays: Sequence[Array]) -> Transforms:
        """What is fitted without labels on the training scenes (bands, rows, cols)."""
        return {}

    def features(self, array: Array, transforms: Transforms) -> Array:
        """Features (features, rows, cols) of spectra (bands, rows, cols), NaN where a band has no data."""
        return array

    def estimator(self, num_features: int, seed: int) -> Estimator:
        """The scikit-learn estimator that decides, not fitted yet."""
        raise NotImplementedError

    def refined(self, probabilities: Array, array: Array, transforms: Transforms) -> Array:
        """Class probabilities (K, rows, cols) after a look at the scene (bands, rows, cols)."""
        return probabilities

    def fit(self, inputs: Sequence[LabelledScene], seed: int) -> FittedClassifier:
        """Fit on all labelled pixels that have data in every band.

        Bands are those valid in all scenes and not constant over the training pixels. Transforms are fitted on
        whole scenes (without labels), everything else on the training pixels.

        Raises:
            InputError: the scenes have different bands, or fewer than two classes are left.
        """
        wanted = Bands.of(inputs[0].cube)
        for scene in inputs[1:]:
            wanted = wanted.restricted(scene.cube)
        arrays = [scene.cube.read(bands=wanted.indices) for scene in inputs]
        varying = _varying([_training_pixels(array, scene)[0] for array, scene in zip(arrays, inputs, strict=True)])
        arrays = [array if varying.all() else array[varying] for array in arrays]
        bands = replace(wanted, indices=tuple(int(band) for band in np.asarray(wanted.indices)[varying]))
        with one_thread():  # sums in a fixed order: the same seed gives the same map
            transforms = self.transforms(arrays)
            pairs = [
                _training_pixels(self.features(array, transforms), scene)
                for array, scene in zip(arrays, inputs, strict=True)
            ]
        fitted = FittedClassifier(
            method=self,
            bands=bands,
            transforms=transforms,
            samples=np.concatenate([samples for samples, _ in pairs]),
            labels=_checked(np.concatenate([labels for _, labels in pairs])),
            legend=inputs[0].legend,
            seed=seed,
        )
        fitted.estimator  # noqa: B018  fits it now, so that the time is spent here and not in the first prediction
        return fitted


@dataclass(frozen=True, kw_only=True)
class _Description:
    """What a saved classifier is, in words and small numbers; the arrays stand beside."""

    method: str
    config: dict[str, Any]
    seed: int
    bands: Bands
    names: tuple[str, ...]
    colors: tuple[Color, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedClassifier:
    """A classical classifier after fitting.

    Attributes:
        method: its settings.
        bands: which bands it uses.
        transforms: those fitted without labels.
        samples: (n, features) of the training pixels; labels: (n,) their classes 1..K.
        legend: of the classes.
        seed: of the estimator.
    """

    method: PixelClassifier
    bands: Bands
    transforms: Transforms
    samples: Array
    labels: NDArray[np.int32]
    legend: Legend
    seed: int

    @property
    def tiling(self) -> Tiling:
        return Tiling(tile=None if self.method.contextual else _TILE)

    @cached_property
    def estimator(self) -> Estimator:
        """The estimator, fitted on the training pixels when it is first needed."""
        with one_thread(), warnings.catch_warnings():
            # Of a class with one pixel: it has no spread to learn, and the shared covariance comes from the others.
            warnings.filterwarnings("ignore", message="Only one sample available")
            return self.method.estimator(self.samples.shape[1], self.seed).fit(self.samples, self.labels)

    def predict(self, cube: Cube, window: Window) -> Array:
        """Class probabilities (K, h, w), NaN where a band has no data.

        Raises:
            InputError: the cube has other bands than those fitted on.
        """
        # Superpixels and smoothing see the whole scene, so that no window changes the result.
        seen = cube.window if self.method.contextual else window
        array = self.bands.read(cube, seen)
        num_classes = len(self.legend.names)
        probabilities = np.full((num_classes, *array.shape[1:]), np.nan, dtype=np.float32)
        with one_thread():
            features = self.method.features(array, self.transforms)
            complete = np.isfinite(features).all(axis=0)
            probabilities[:, complete] = class_probabilities(self.estimator, features[:, complete].T, num_classes).T
            probabilities = self.method.refined(probabilities, array, self.transforms)
        rows, cols = window.inside(seen).slices
        return probabilities[:, rows, cols]

    def finish(self, quantities: Array, cube: Cube, window: Window) -> Mapping[str, NDArray[Any]]:
        """The likeliest class of each pixel (uint8 as a rule, 0 = no data) and its probability."""
        return class_arrays(quantities)

    def layers(self, arrays: Mapping[str, NDArray[Any]], georef: Georef | None) -> tuple[Layer, ...]:
        return class_layers(arrays, georef, self.legend, "Probability of that class, as the classifier gives it.")

    def save(self, folder: Path) -> None:
        """Write the settings as YAML and the numbers as safetensors into a folder."""
        from safetensors.numpy import save_file

        description = _Description(
            method=type(self.method).__module__.rsplit(".", 1)[-1],
            config=configuration.unstructure(self.method),
            seed=self.seed,
            bands=self.bands,
            names=self.legend.names,
            colors=self.legend.colors,
        )
        arrays = {
            f"{name}.{part}": array for name, item in self.transforms.items() for part, array in asdict(item).items()
        }
        arrays |= {"samples": self.samples, "labels": self.labels}
        folder.mkdir(parents=True, exist_ok=True)
        save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, folder / _ARRAYS)
        configuration.save_yaml(description, folder / DESCRIPTION)


def load(folder: Path) -> FittedClassifier:
    """A classifier that was saved into a folder.

    Raises:
        ConfigError: the folder's description is missing, or names settings that do not exist.
        InputError: the arrays are missing or damaged.
    """
    description = configuration.load_yaml(folder / DESCRIPTION, _Description)
    kind = type(registry.load("hypersigma.baselines", description.method).METHOD)
    samples, labels, transforms = _read_arrays(folder / _ARRAYS)
    return FittedClassifier(
        method=configuration.structure(description.config, kind, str(folder / DESCRIPTION)),
        bands=description.bands,
        transforms=transforms,
        samples=samples,
        labels=labels,
        legend=Legend(description.names, description.colors),
        seed=description.seed,
    )


def _read_arrays(path: Path) -> tuple[Array, NDArray[np.int32], Transforms]:
    """Training samples, their classes, and the transforms of a saved classifier."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        arrays = load_file(path)
        samples, labels = arrays.pop("samples"), arrays.pop("labels")
        # The arrays of a transform are named "<transform>.<part>".
        transforms = {
            name: Components(**{part: arrays[f"{name}.{part}"] for part in ("mean", "matrix", "values")})
            for name in {key.split(".")[0] for key in arrays}
        }
    except (OSError, SafetensorError, KeyError) as error:
        raise InputError(f"{path} is missing or damaged ({error}); fit and save the classifier again") from error
    return samples, labels, transforms


def _training_pixels(array: Array, scene: LabelledScene) -> tuple[Array, NDArray[np.int32]]:
    """Features (n, features) and classes (n,) of the labelled pixels with data."""
    chosen = (scene.labels > 0) & np.isfinite(array).all(axis=0)
    return np.ascontiguousarray(array[:, chosen].T), scene.labels[chosen]


def _varying(samples: Sequence[Array]) -> NDArray[np.bool_]:
    """Bands (bands,) that are not constant over the training pixels, (n, bands) a scene."""
    pooled = np.concatenate(samples)
    if not len(pooled):
        raise InputError("no labelled pixel has data in all bands; check labels, no-data value and bad bands")
    varying: NDArray[np.bool_] = pooled.max(axis=0) > pooled.min(axis=0)
    return varying


def _checked(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """The labels (n,), of two classes at least and of more pixels than classes."""
    classes = np.unique(labels)
    if len(classes) < 2:
        raise InputError(
            f"only class {classes[0]} has labelled pixels with data; a classifier needs two classes at least"
        )
    if len(labels) <= len(classes):
        raise InputError(
            f"{len(labels)} labelled pixels with data for {len(classes)} classes: no class has two; label some more"
        )
    return labels
