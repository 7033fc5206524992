"""Probes: how good frozen features are, told by a simple classifier on them, beside classical and random features.

All that is probed shares its splits, its classifiers and their settings: what differs is what a pixel is described by.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hypersigma import registry
from hypersigma.baselines._estimators import Estimator, class_probabilities
from hypersigma.baselines.random_forest_smoothed import METHOD
from hypersigma.cube import Cube
from hypersigma.data.labels import LabelledScene
from hypersigma.data.other_sensor import seen_by, shared_with
from hypersigma.data.sampling import Split, pooled_folds
from hypersigma.data.threads import one_thread
from hypersigma.engine.measure import measured
from hypersigma.engine.probe_features import Array, Samples, sample
from hypersigma.engine.trial import Row, Scores, Trial, begun
from hypersigma.errors import InputError

PROBE, CARRIED = "probe", "carried"
SENSOR = "sensor="
_STRENGTH, _MOST_STEPS = 10.0, 300
_NEIGHBOURS = 5


class Name(NamedTuple):
    """What the method of a trial says, as in `probe_linear_frozen_spatial`.

    Attributes:
        form: "probe", or "carried" to another sensor.
        estimator: what is fitted on the features.
        kind: the features.
    """

    form: str
    estimator: str
    kind: str

    @classmethod
    def of(cls, method: str) -> Name:
        """The parts of a method's name."""
        return cls(*method.split("_", 2))

    def __str__(self) -> str:
        return "_".join(self)


_Change = Callable[[Cube, str], Cube]


def _as_it_is(cube: Cube, sensor: str) -> Cube:
    return cube


@dataclass
class _Ground:
    """Labelled scenes and their features, each computed once.

    Attributes:
        scenes: as they are.
        source, weights, device: of the features.
        known: samples by what becomes of the scenes first.
    """

    scenes: list[LabelledScene]
    source: str
    weights: str | None
    device: str
    known: dict[tuple[_Change, str], Samples] = field(default_factory=dict)

    def samples(self, change: _Change = _as_it_is, sensor: str = "") -> Samples:
        """The features of the scenes after a change for a sensor."""
        if (change, sensor) not in self.known:
            scenes = [replace(one, cube=change(one.cube, sensor)) for one in self.scenes]
            self.known[change, sensor] = sample(scenes, self.source, self.weights, self.device)
        return self.known[change, sensor]


def run_probes(source: str, trials: Sequence[Trial], device: str) -> list[Row]:
    """The rows of probes of one scene and one source of features.

    Args:
        source: of the features, see `probe_features.sample`.
        trials: what is tried.
        device: where encoders compute.
    """
    scenes = registry.load("hypersigma.data.scenes", trials[0].scene).load()
    ground = _Ground(scenes, source, trials[0].weights, device)
    pretraining = begun(trials[0].weights)
    return [_row(trial, ground) | pretraining for trial in trials]


def _row(trial: Trial, ground: _Ground) -> Row:
    """The row of a probe."""
    name = Name.of(trial.method)
    sensor = next((text.removeprefix(SENSOR) for text in trial.settings if text.startswith(SENSOR)), "")
    own = ground.samples()
    seen = ground.samples(seen_by, sensor) if sensor else own
    columns = own.parts[name.kind]

    def probed(learned: Array, asked: Array) -> Scores:
        """Scores of a probe that learned of some features (n, dim) and is asked about others."""
        return _scores(trial, ground.scenes, name.estimator, learned[:, columns], asked[:, columns])

    scores = probed(own.values, seen.values)
    scores.spend(seen.cost.seconds, seen.cost.peak_memory_mb)
    row = scores.row(trial)
    row["metrics"]["seconds_features"] = seen.cost.seconds
    if sensor:
        shared = ground.samples(shared_with, sensor)
        row["metrics"]["oa_shared"] = probed(shared.standardised, seen.standardised).figures(trial.seed)["oa"]
        row["metrics"]["oa_own"] = probed(seen.values, seen.values).figures(trial.seed)["oa"]
    return row


def _scores(trial: Trial, scenes: Sequence[LabelledScene], kind: str, learned: Array, asked: Array) -> Scores:
    """Scores over all folds of a probe that learned of some features (n, dim) and is asked about others."""
    scores = Scores.none(len(scenes[0].legend.names))
    for splits in pooled_folds([scene.labels for scene in scenes], trial.split, trial.seed):
        with measured() as cost, one_thread():  # sums in a fixed order
            estimator = _fitted(kind, learned, scenes, splits, trial.seed)
            _score(scores, estimator, asked, scenes, splits)
        scores.spend(cost.seconds, cost.peak_memory_mb)
        scores.count_near(splits, trial.split.window_radius)
    return scores


def _fitted(kind: str, values: Array, scenes: Sequence[LabelledScene], splits: Sequence[Split], seed: int) -> Estimator:
    """A probe fitted on the training and validation labels.

    Raises:
        InputError: fewer than two classes have labels with data.
    """
    chosen = _labelled([split.train | split.validation for split in splits], scenes)
    chosen &= np.isfinite(values).all(axis=1)
    classes = _labelled([scene.labels for scene in scenes], scenes)[chosen]
    if len(np.unique(classes)) < 2:
        raise InputError(f"found labels of {len(np.unique(classes))} classes to fit a probe on, expected two at least")
    with warnings.catch_warnings():
        # The number of steps is the same for all features, and some need fewer than others.
        warnings.filterwarnings("ignore", message="lbfgs failed to converge")
        return _ESTIMATORS[kind](classes, seed).fit(values[chosen], classes)


def _score(
    scores: Scores, estimator: Estimator, values: Array, scenes: Sequence[LabelledScene], splits: Sequence[Split]
) -> None:
    """Score a probe on the test pixels of a fold; pixels without data count as wrong."""
    num_classes = len(scores.matrix) - 1
    wanted = _labelled([split.test for split in splits], scenes)
    asked = wanted & np.isfinite(values).all(axis=1)
    predicted = np.zeros(len(values), dtype=np.int32)
    confidence = np.full(len(values), np.nan, dtype=np.float32)
    probabilities = class_probabilities(estimator, values[asked], num_classes)
    predicted[asked], confidence[asked] = probabilities.argmax(axis=1) + 1, probabilities.max(axis=1)
    ends = np.cumsum([np.count_nonzero(scene.labels) for scene in scenes])[:-1]
    for scene, split, classes, sure in zip(
        scenes, splits, np.split(predicted, ends), np.split(confidence, ends), strict=True
    ):
        if split.test.any():
            arrays = {"map": _mapped(classes, scene), "confidence": _mapped(sure, scene)}
            scores.add(scene, split, arrays)


def _labelled(masks: Sequence[NDArray[Any]], scenes: Sequence[LabelledScene]) -> NDArray[Any]:
    """What stands at the labelled pixels (n,) of arrays (rows, cols), one scene after the other."""
    return np.concatenate([mask[scene.labels > 0] for mask, scene in zip(masks, scenes, strict=True)])


def _mapped(values: NDArray[Any], scene: LabelledScene) -> NDArray[Any]:
    """Values of the labelled pixels of a scene put back in their places (rows, cols)."""
    result = np.zeros(scene.labels.shape, dtype=values.dtype)
    result[scene.labels > 0] = values
    return result


def _linear(classes: NDArray[np.int32], seed: int) -> Estimator:
    """Multinomial logistic regression on standardised features, of one strength for everything."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(C=_STRENGTH, max_iter=_MOST_STEPS))


def _neighbours(classes: NDArray[np.int32], seed: int) -> Estimator:
    """The nearest labels by the angle between standardised features; no more of them than the scarcest class has."""
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    scarcest = int(np.unique(classes, return_counts=True)[1].min())
    return make_pipeline(
        StandardScaler(), KNeighborsClassifier(min(_NEIGHBOURS, scarcest), metric="cosine", algorithm="brute")
    )


def _forest(classes: NDArray[np.int32], seed: int) -> Estimator:
    """The random forest of the baselines."""
    return METHOD.estimator(0, seed)


_ESTIMATORS: dict[str, Callable[[NDArray[np.int32], int], Estimator]] = {
    "linear": _linear,
    "knn": _neighbours,
    "forest": _forest,
}
