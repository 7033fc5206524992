"""What change detectors share: both dates made comparable, evidence of change, the outer door around it.

Of every pair the statistics are found anew and without labels. A detector either scores pixels by itself, and parts the
scores in two, or learns from labelled pixels what changed ones look like. A model that learned holds the evidence of
its labelled pixels and fits its estimator anew when it is loaded, so that it is plain numbers and never code.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma import config as configuration
from hypersigma.baselines._estimators import Estimator, class_probabilities
from hypersigma.baselines._stored import load_arrays, method_of
from hypersigma.cube import Cube
from hypersigma.data.change_maps import change_arrays, change_layers
from hypersigma.data.date_statistics import DateStatistics, date_statistics, sampled_pixels
from hypersigma.data.labels import LabelledScene
from hypersigma.data.method import Tiling
from hypersigma.data.pair import CHANGED, Pair
from hypersigma.data.shared_bands import BandList, SharedBands
from hypersigma.data.threads import one_thread
from hypersigma.data.thresholds import otsu
from hypersigma.errors import InputError
from hypersigma.georef import Georef
from hypersigma.products import Layer
from hypersigma.tiling import Window, blocks, spread_blocks

Array = NDArray[np.float32]
Learned = dict[str, NDArray[Any]]
Labelled = tuple[Array, NDArray[np.int32]]

DESCRIPTION, _ARRAYS = "change.yaml", "change.safetensors"
_TILE = 256  # pixels
_MOST_SCORES = 1 << 18  # pixels whose scores settle a threshold
_MOST_UNCHANGED, _MOST_CHANGED = 16_000, 4_000  # labelled pixels of a pair that are learned from


@dataclass(frozen=True, kw_only=True)
class ChangeDetector:
    """A detector of change: the base of the files of this folder that have one."""

    @property
    def margin(self) -> int:
        """Pixels around a window that evidence looks at."""
        return 0

    def learn(self, before: Array, after: Array) -> Learned:
        """What is learned of a pair from comparable numbers (components, n) of a sample of its pixels."""
        return {}

    def evidence(self, learned: Learned, before: Array, after: Array) -> Array:
        """Evidence (E, h, w) of change from comparable numbers (components, h + 2 margin, w + 2 margin), NaN = no data.

        One number a pixel is a score where there is nothing to learn from: higher for change.
        """
        raise NotImplementedError

    def learn_light(self, before: Array, after: Array, wavelengths: NDArray[np.float64] | None) -> Learned:
        """What is learned of a pair from the numbers (bands, n) of a sample of its pixels as they are."""
        return {}

    def light(self, learned: Learned, before: Array, after: Array) -> Array:
        """Further evidence (L, h, w) from numbers (bands, h + 2 margin, w + 2 margin) as they are; none as a rule."""
        return np.zeros((0, before.shape[1] - 2 * self.margin, before.shape[2] - 2 * self.margin), dtype=np.float32)

    def estimator(self, num_features: int, seed: int) -> Estimator | None:
        """What learns from labelled pixels; None where scores speak for themselves."""
        return None

    @property
    def needs_labels(self) -> bool:
        """Whether nothing comes out without labelled pixels."""
        return self.estimator(1, 0) is not None

    def threshold(self, scores: NDArray[Any]) -> float:
        """Where scores (n,) of a pair part into unchanged and changed."""
        return otsu(scores)

    def fit(self, inputs: Sequence[LabelledScene], seed: int) -> FittedChange:
        """Learn from the labelled pixels of pairs of dates, where there is something to learn.

        Raises:
            InputError: a scene is no pair of dates, pairs have other bands, or labels lack one of the two classes.
        """
        return fit_change(self, inputs, seed)


@dataclass(frozen=True, eq=False)
class KnownPair:
    """What a detector knows of a pair.

    Attributes:
        pair: the dates; shared: their common bands; statistics: what makes them comparable; learned: by the detector.
        threshold: of its scores; infinite where it learns from labels.
    """

    pair: Pair
    shared: SharedBands
    statistics: DateStatistics
    learned: Learned
    threshold: float = float("inf")


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedChange:
    """A change detector after fitting.

    Attributes:
        method: its settings.
        bands: which both dates of the pairs had that it was fitted on.
        samples: (n, E) evidence of labelled pixels, labels: (n,) 1 unchanged, 2 changed; empty without labels.
        level: probability above which a pixel counts as changed, where labels taught it.
        seed: of the estimator.
        notes: what a person should know of the fit; empty in a loaded one.
        known: what it knows of the pair that it saw last.
    """

    method: ChangeDetector
    bands: BandList
    samples: Array
    labels: NDArray[np.int32]
    seed: int
    level: float = 0.5
    notes: tuple[str, ...] = ()
    known: list[KnownPair] = field(default_factory=list, repr=False)

    @property
    def takes_pairs(self) -> bool:
        """Whether it compares two dates: it does."""
        return True

    @property
    def learns(self) -> bool:
        """Whether labels taught it."""
        return bool(len(self.labels))

    @property
    def tiling(self) -> Tiling:
        return Tiling(tile=_TILE)

    @cached_property
    def estimator(self) -> Estimator:
        """The estimator, fitted when it is first needed."""
        with one_thread():
            estimator = self.method.estimator(self.samples.shape[1], self.seed)
            assert estimator is not None
            return estimator.fit(self.samples, self.labels)

    def predict(self, cube: Cube, window: Window) -> Array:
        """Scores, or probabilities of change, (1, h, w), NaN where either date has no data.

        Raises:
            InputError: the scene is no pair of dates, or has other bands than those fitted on.
        """
        known = self._knowledge(cube)
        with one_thread():
            evidence = evidence_of(self.method, known, window)
            if not self.learns:
                return evidence[:1]
            flat = evidence.reshape(len(evidence), -1)
            complete = np.isfinite(flat).all(axis=0)
            result = np.full(flat.shape[1], np.nan, dtype=np.float32)
            result[complete] = class_probabilities(self.estimator, flat[:, complete].T, CHANGED)[:, CHANGED - 1]
        return result.reshape(1, *evidence.shape[1:])

    def finish(self, quantities: Array, cube: Cube, window: Window) -> Mapping[str, NDArray[Any]]:
        """The score, or probability, and the map of a window."""
        return change_arrays(quantities, self.level if self.learns else self._knowledge(cube).threshold)

    def layers(self, arrays: Mapping[str, NDArray[Any]], georef: Georef | None) -> tuple[Layer, ...]:
        return change_layers(arrays, georef, probability=self.learns)

    def _knowledge(self, cube: Cube) -> KnownPair:
        if not self.known or self.known[0].pair is not cube:
            found = known_pair(self.method, as_pair(cube))
            if self.learns:
                self.bands.check(found.shared.bands, cube.name)
            self.known[:] = [found if self.learns else with_threshold(self.method, found)]
        return self.known[0]

    def save(self, folder: Path) -> None:
        """Write the settings as YAML and the numbers as safetensors into a folder."""
        from safetensors.numpy import save_file

        description = _Description(
            method=type(self.method).__module__,
            detector=type(self.method).__name__,
            config=configuration.unstructure(self.method),
            seed=self.seed,
            bands=self.bands,
            level=self.level,
        )
        folder.mkdir(parents=True, exist_ok=True)
        save_file({"samples": np.ascontiguousarray(self.samples), "labels": self.labels}, folder / _ARRAYS)
        configuration.save_yaml(description, folder / DESCRIPTION)


@dataclass(frozen=True, kw_only=True)
class _Description:
    """What a saved detector is, in words and small numbers; the arrays stand beside."""

    method: str
    detector: str
    config: dict[str, Any]
    seed: int
    bands: BandList
    level: float = 0.5


def load(folder: Path) -> FittedChange:
    """A detector that was saved into a folder.

    Raises:
        ConfigError: the folder's description is missing, or names settings that do not exist.
        InputError: the arrays are missing or damaged, or the description names no detector.
    """
    where = folder / DESCRIPTION
    description = configuration.load_yaml(where, _Description)
    arrays = load_arrays(folder / _ARRAYS, "samples", "labels")
    kind = _detector_kind(description, where)
    return FittedChange(
        method=configuration.structure(description.config, kind, str(where)),
        bands=description.bands,
        samples=arrays["samples"],
        labels=arrays["labels"],
        seed=description.seed,
        level=description.level,
    )


def _detector_kind(description: _Description, where: Path) -> type[ChangeDetector]:
    """The class of a detector in a module of this package, where a second one may stand beside the registered one.

    Raises:
        InputError: there is none.
    """
    method_of(description.method, ChangeDetector, where)
    kind = getattr(sys.modules[description.method], description.detector, None)
    if not (isinstance(kind, type) and issubclass(kind, ChangeDetector)):
        raise InputError(f"{where}: '{description.detector}' is no detector of this version; fit and save again")
    return kind


def as_pair(cube: Cube) -> Pair:
    """A cube that is a pair of dates.

    Raises:
        InputError: it is a single scene.
    """
    if not isinstance(cube, Pair):
        raise InputError(f"{cube.name} is a single scene; change is looked for between two: give BEFORE and AFTER")
    return cube


def fit_change(method: ChangeDetector, inputs: Sequence[LabelledScene], seed: int) -> FittedChange:
    """A detector that has learned from labelled pixels of pairs; without any, from the scores of each pair it sees.

    Raises:
        InputError: a scene is no pair of dates, pairs have other bands, or labels lack one of the two classes.
    """
    pairs = [as_pair(scene.cube) for scene in inputs]
    bands = SharedBands.of(pairs[0]).bands
    for pair in pairs[1:]:
        bands.check(SharedBands.of(pair).bands, pair.name)
    parts: list[Labelled] = [(np.empty((0, 0), dtype=np.float32), np.empty(0, dtype=np.int32))]
    if method.estimator(1, seed) is not None:
        parts = [labelled_evidence(method, scene, seed) for scene in inputs]
        _require_both(np.concatenate([labels for _, labels in parts]))
    samples, labels = (np.concatenate([part[index] for part in parts]) for index in (0, 1))
    fitted = FittedChange(method=method, bands=bands, samples=samples, labels=labels, seed=seed)
    if len(parts) == 1:
        return fitted
    level = _level(fitted, parts, [np.bincount(scene.labels.ravel(), minlength=CHANGED + 1) for scene in inputs])
    told = f"pixels count as changed from a probability of {level:.2f}, which is best for pairs left out in turn"
    return replace(fitted, level=level, notes=(told,))


def known_pair(method: ChangeDetector, pair: Pair) -> KnownPair:
    """What a detector knows of a pair before it scores it."""
    shared = SharedBands.of(pair)
    with one_thread():
        before, after = sampled_pixels(shared, pair)
        statistics = date_statistics(before, after)
        learned = method.learn(*statistics.apply(before, after))
        learned |= method.learn_light(before, after, shared.wavelengths)
        return KnownPair(pair, shared, statistics, learned)


def with_threshold(method: ChangeDetector, known: KnownPair) -> KnownPair:
    """The same with the threshold that parts the pair's scores in two groups."""
    _, rows, cols = known.pair.shape
    windows = spread_blocks(rows, cols, _TILE, _MOST_SCORES)
    scores = [evidence_of(method, known, window)[0].ravel() for window in windows]
    return replace(known, threshold=method.threshold(np.concatenate(scores)))


def evidence_of(method: ChangeDetector, known: KnownPair, window: Window) -> Array:
    """Evidence (E, h, w) of change in a window, NaN where either date has no data."""
    dates = known.shared.read(known.pair, window, method.margin)
    evidence = method.evidence(known.learned, *known.statistics.apply(*dates))
    light = method.light(known.learned, *dates)
    return np.concatenate([evidence, light]) if len(light) else evidence


def labelled_evidence(method: ChangeDetector, scene: LabelledScene, seed: int) -> Labelled:
    """Evidence (n, E) and class (n,) of the labelled pixels of a pair that have data; a draw of very many.

    Raises:
        InputError: the scene is no pair of dates, or no labelled pixel has data.
    """
    known = known_pair(method, as_pair(scene.cube))
    labels = _thinned(scene.labels, seed)
    samples, classes = [], []
    _, rows, cols = known.pair.shape
    with one_thread():
        for window in blocks(rows, cols, _TILE):
            own = labels[window.slices]
            if own.any():
                evidence = evidence_of(method, known, window)
                chosen = (own > 0) & np.isfinite(evidence).all(axis=0)
                samples.append(evidence[:, chosen].T)
                classes.append(own[chosen])
    if not samples or not sum(len(part) for part in classes):
        raise InputError(
            f"{known.pair.name}: no labelled pixel has data on both dates; label changed and unchanged ones"
        )
    return np.ascontiguousarray(np.concatenate(samples)), np.concatenate(classes)


def _level(fitted: FittedChange, parts: Sequence[Labelled], counts: Sequence[NDArray[np.intp]]) -> float:
    """The level with the best F1 over pairs left out in turn, each asked of an estimator that has not seen it.

    Labels that were drawn from many count as many as they stand for; `counts` are those of the classes of each pair.
    """
    scores, truths, weights = [], [], []
    for place, (samples, labels) in enumerate(parts):
        rest = [part for other, part in enumerate(parts) if other != place]
        kept = [np.concatenate([part[index] for part in rest]) for index in (0, 1)]
        if len(np.unique(kept[1])) < CHANGED:
            continue
        blind = replace(fitted, samples=kept[0], labels=kept[1], known=[])
        with one_thread():
            scores.append(class_probabilities(blind.estimator, samples, CHANGED)[:, CHANGED - 1])
        truths.append(labels == CHANGED)
        drawn = np.bincount(labels, minlength=CHANGED + 1)
        weights.append((counts[place] / np.maximum(drawn, 1))[labels])
    if not scores:
        return fitted.level
    score, truth, weight = (np.concatenate(values) for values in (scores, truths, weights))
    order = np.argsort(-score, kind="stable")
    hits, mapped = np.cumsum((weight * truth)[order]), np.cumsum(weight[order])
    # pixels of one score are above a level together or not at all
    last = np.append(np.diff(score[order]) < 0, True)
    best = int(np.argmax(np.where(last, 2 * hits / (mapped + (weight * truth).sum()), -1.0)))
    # between this score and the next lower one
    return float(score[order][best : best + 2].mean())


def _thinned(labels: NDArray[np.int32], seed: int) -> NDArray[np.int32]:
    """Labels of which no class has more than a pair needs: more pixels of one scene say little more."""
    generator, kept = np.random.default_rng(seed), np.zeros_like(labels)
    for value, most in ((CHANGED - 1, _MOST_UNCHANGED), (CHANGED, _MOST_CHANGED)):
        pixels = np.flatnonzero(labels == value)
        if len(pixels) > most:
            pixels = generator.choice(pixels, most, replace=False)
        kept.flat[pixels] = value
    return kept


def _require_both(labels: NDArray[np.int32]) -> None:
    """Raise InputError unless there are labelled pixels of both kinds."""
    counts = np.bincount(labels, minlength=CHANGED + 1)
    if not (counts[CHANGED] and counts[CHANGED - 1]):
        raise InputError(
            f"labels with data: {counts[CHANGED - 1]} unchanged and {counts[CHANGED]} changed pixels; some of both "
            "are needed to learn from; without labels leave them out altogether"
        )
