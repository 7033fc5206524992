"""What the classical detectors share: reading with a margin, a threshold found without truth, the outer door.

A detector is a frozen dataclass of settings. It learns a few arrays from a scene (and a target), and scores windows
by them; these arrays are all that is saved.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hypersigma import config as configuration
from hypersigma.baselines._stored import load_arrays, method_of
from hypersigma.cube import Cube, all_finite
from hypersigma.data.bands import Bands
from hypersigma.data.detection import DetectionScene, only_scene
from hypersigma.data.detections import robust_threshold
from hypersigma.data.method import Tiling
from hypersigma.data.score_maps import score_arrays, score_layers
from hypersigma.data.threads import one_thread
from hypersigma.errors import ConfigError, InputError
from hypersigma.georef import Georef
from hypersigma.products import Layer
from hypersigma.tiling import Window, blocks, reflected, spread_blocks

Array = NDArray[np.float32]
Learned = dict[str, NDArray[Any]]

TILE = 256  # pixels; side of the windows that are scored at once
DESCRIPTION, _ARRAYS = "detector.yaml", "detector.safetensors"
_PIXELS_AT_ONCE = 1 << 12  # whose spectra are copied; a cache holds them
_MOST_SCORES = 1 << 16  # pixels whose scores settle a threshold


class Describer(Protocol):
    """What describes the pixels of any scene by further numbers: frozen features."""

    @property
    def weights(self) -> str:
        """What loading a saved detector finds it by."""

    def read(self, cube: Cube, window: Window) -> Array:
        """Features (D, h, w) of a window, NaN where there is no data."""


@dataclass(frozen=True, kw_only=True, eq=False)
class View:
    """The used bands of a scene, and its features where it has any, window by window.

    Attributes:
        cube: the scene; bands: those that are used.
        targets: (n, used bands) spectra that are looked for, or None.
        describer: of features, or None.
    """

    cube: Cube
    bands: Bands
    targets: NDArray[np.float64] | None = None
    describer: Describer | None = None

    @property
    def target(self) -> NDArray[np.float64] | None:
        """The mean (used bands,) of what is looked for."""
        return None if self.targets is None else self.targets.mean(axis=0)

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.cube.shape[1], self.cube.shape[2]

    def windows(self, side: int = TILE) -> Iterator[Window]:
        """Blocks that cover the scene."""
        return blocks(*self.size, side)

    def sampled(self, most: int = _MOST_SCORES, side: int = TILE) -> list[Window]:
        """Blocks of the scene, evenly chosen, of at most about `most` pixels; all of them if there are no more."""
        return spread_blocks(*self.size, side, most)

    def padded(self, window: Window, margin: int) -> Array:
        """The window with a margin, (bands + features, h + 2 margin, w + 2 margin), the bands first, NaN without data.

        The scene is mirrored at its borders, so that neither a ring nor a shape is cut there.
        """
        rows, cols = self.size
        seen = window.grown(margin, rows, cols)
        array = self.bands.read(self.cube, seen)
        if self.describer is not None:
            array = np.concatenate([array, self.describer.read(self.cube, seen)])
        if (seen.height, seen.width) == (window.height + 2 * margin, window.width + 2 * margin):
            return array
        row_index = reflected(window.row - margin, window.row + window.height + margin, rows) - seen.row
        col_index = reflected(window.col - margin, window.col + window.width + margin, cols) - seen.col
        return array[:, row_index[:, None], col_index]

    def pixels(self, window: Window) -> Array:
        """Spectra (bands, n) of the pixels of a window that have data in all bands."""
        array = self.bands.read(self.cube, window).reshape(len(self.bands.indices), -1)
        if all_finite(array):
            return array
        return array[:, np.isfinite(array).all(axis=0)]

    def blocks(self) -> Iterator[Array]:
        """Spectra (bands, n) of all pixels that have data, block by block."""
        return (self.pixels(window) for window in self.windows(TILE // 2))


@dataclass(frozen=True, kw_only=True)
class Detector:
    """A detector that needs no training: the base of those of this folder.

    Attributes:
        false_alarm_rate: share of background pixels that the mask may take for detections, estimated without truth.
    """

    false_alarm_rate: float = 1e-3

    def __post_init__(self) -> None:
        if not 0 < self.false_alarm_rate < 1:
            raise ConfigError(f"false_alarm_rate must lie between 0 and 1, not {self.false_alarm_rate}")

    @property
    def task(self) -> str:
        """The task that the detector's file names."""
        return str(importlib.import_module(type(self).__module__).TASK)

    @property
    def describes(self) -> bool:
        """Whether frozen features add to what the detector sees."""
        return False

    @property
    def least_bands(self) -> int:
        """Bands that a scene must have."""
        return 1

    @property
    def margin(self) -> int:
        """Pixels around a window that scoring looks at."""
        return 0

    @property
    def tile(self) -> int:
        """Side of the windows that are scored at once: large against the margin, which is read anew for each."""
        return TILE if self.margin else TILE // 2

    def learn(self, view: View, seed: int) -> tuple[Learned, list[str]]:
        """What is learned of a scene, by name, and what a person should know of it."""
        raise NotImplementedError

    def score(self, learned: Learned, padded: Array) -> NDArray[Any]:
        """Scores (h, w) of a window with its margin (bands, h + 2 margin, w + 2 margin), NaN where there is no data."""
        raise NotImplementedError

    def fit(self, inputs: Sequence[DetectionScene], seed: int) -> FittedDetector:
        """Learn the background of a scene, and how high scores get there.

        Raises:
            InputError: there is no scene or several, or its pixels lack data.
        """
        return fit_detector(self, only_scene(inputs), seed)


@dataclass(frozen=True, kw_only=True)
class PixelDetector(Detector):
    """A detector that looks at single pixels."""

    def pixel_scores(self, learned: Learned, spectra: Array) -> NDArray[Any]:
        """Scores (n,) of spectra (bands, n)."""
        raise NotImplementedError

    def score(self, learned: Learned, padded: Array) -> NDArray[Any]:
        return per_pixel(padded, lambda spectra: self.pixel_scores(learned, spectra))


def per_pixel(array: Array, scores: Any) -> NDArray[np.float32]:
    """What a function (bands, n) -> (n,) gives for an array (bands, h, w), NaN where a band has no data."""
    flat = array.reshape(len(array), -1)
    complete = np.ones(flat.shape[1], dtype=np.bool_)
    if not all_finite(flat):
        np.logical_and.reduce(np.isfinite(flat), axis=0, out=complete)
    result = np.full(flat.shape[1], np.nan, dtype=np.float32)
    for start in range(0, flat.shape[1], _PIXELS_AT_ONCE):
        part = slice(start, start + _PIXELS_AT_ONCE)
        known = complete[part]
        if known.all():
            result[part] = scores(flat[:, part])
        elif known.any():
            result[part][known] = scores(flat[:, part][:, known])
    return result.reshape(array.shape[1:])


def below(prefix: str, learned: Learned) -> Learned:
    """Those of the arrays that are named "<prefix>.<name>", by the rest of their names."""
    start = f"{prefix}."
    return {name.removeprefix(start): array for name, array in learned.items() if name.startswith(start)}


def fit_detector(
    method: Detector, scene: DetectionScene, seed: int, describer: Describer | None = None
) -> FittedDetector:
    """A detector that has learned a scene, with the threshold for the false alarms that it may give.

    Raises:
        InputError: the scene's pixels lack data, or the detector looks for a target and there is none.
    """
    view = replace(view_of(scene), describer=describer)
    if method.task == "target_detection" and view.target is None:
        raise InputError(f"{scene.cube.name}: no target spectrum was given to look for")
    with one_thread():  # sums in a fixed order; two cores serve two scenes better than one
        learned, notes = method.learn(view, seed)
    fitted = FittedDetector(
        method=method, bands=view.bands, learned=learned, seed=seed, describer=describer, notes=tuple(notes)
    )
    scores = {window: fitted.predict(scene.cube, window) for window in view.sampled(side=method.tile)}
    every = np.concatenate([array.ravel() for array in scores.values()])
    return replace(fitted, threshold=robust_threshold(every, method.false_alarm_rate), kept=[(scene.cube, scores)])


def view_of(scene: DetectionScene) -> View:
    """The bands of a scene that a detector uses: valid ones, in which the target is known."""
    bands = Bands.of(scene.cube)
    if scene.target is None:
        return View(cube=scene.cube, bands=bands)
    spectrum = scene.target.spectrum
    used = tuple(band for band in bands.indices if np.isfinite(spectrum[band]))
    spectra, mean = scene.target.spectra[:, list(used)], spectrum[list(used)]
    # where one of several spectra lacks a band, the others tell
    targets = np.where(np.isfinite(spectra), spectra, mean)
    return View(cube=scene.cube, bands=replace(bands, indices=used), targets=targets)


@dataclass(frozen=True, kw_only=True)
class _Description:
    """What a saved detector is, in words and small numbers; the arrays stand beside."""

    method: str
    config: dict[str, Any]
    bands: Bands
    threshold: float
    seed: int
    weights: str | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedDetector:
    """A detector after fitting.

    Attributes:
        method: its settings.
        bands: those it uses.
        learned: arrays by name.
        seed: of whatever was drawn.
        describer: of features, or None.
        threshold: score above which a pixel is a detection.
        notes: what a person should know of the fit; empty in a loaded one.
        kept: the scene that it was fitted on with the scores that settled the threshold, which need not be made twice.
    """

    method: Detector
    bands: Bands
    learned: Learned
    seed: int
    describer: Describer | None = None
    threshold: float = float("inf")
    notes: tuple[str, ...] = ()
    kept: list[tuple[Cube, dict[Window, Array]]] = field(default_factory=list, repr=False)

    @property
    def tiling(self) -> Tiling:
        return Tiling(tile=self.method.tile)

    def predict(self, cube: Cube, window: Window) -> Array:
        """Scores (1, h, w), NaN where there is no data.

        Raises:
            InputError: the cube has other bands than those fitted on.
        """
        for scene, scores in self.kept:
            if scene is cube and window in scores:
                return scores[window]
        view = View(cube=cube, bands=self.bands, describer=self.describer)
        with one_thread():
            found = self.method.score(self.learned, view.padded(window, self.method.margin))
        return np.asarray(found, dtype=np.float32)[None]

    def finish(self, quantities: Array, cube: Cube, window: Window) -> Mapping[str, NDArray[Any]]:
        """The score and the mask of a window."""
        return score_arrays(quantities, self.threshold, self.method.task)

    def layers(self, arrays: Mapping[str, NDArray[Any]], georef: Georef | None) -> tuple[Layer, ...]:
        return score_layers(arrays, georef, self.method.task, self.method.false_alarm_rate)

    def save(self, folder: Path) -> None:
        """Write the settings as YAML and the numbers as safetensors into a folder."""
        from safetensors.numpy import save_file

        description = _Description(
            method=type(self.method).__module__,
            config=configuration.unstructure(self.method),
            bands=self.bands,
            threshold=self.threshold,
            seed=self.seed,
            weights=None if self.describer is None else self.describer.weights,
        )
        folder.mkdir(parents=True, exist_ok=True)
        save_file({name: np.ascontiguousarray(array) for name, array in self.learned.items()}, folder / _ARRAYS)
        configuration.save_yaml(description, folder / DESCRIPTION)


def load(folder: Path, describe: Callable[[str], Describer]) -> FittedDetector:
    """A detector that was saved into a folder; `describe` finds what describes pixels by its weights.

    Raises:
        ConfigError: the folder's description is missing, or names settings that do not exist.
        InputError: the arrays are missing or damaged, or the description names no detector.
    """
    where = folder / DESCRIPTION
    description = configuration.load_yaml(where, _Description)
    learned = load_arrays(folder / _ARRAYS)
    return FittedDetector(
        method=configuration.structure(
            description.config, type(method_of(description.method, Detector, where)), str(where)
        ),
        bands=description.bands,
        learned=learned,
        seed=description.seed,
        describer=None if description.weights is None else describe(description.weights),
        threshold=description.threshold,
    )
