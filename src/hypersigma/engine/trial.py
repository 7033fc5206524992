"""One trial of a benchmark: split a scene, fit a method on the training side, predict, score the test side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma import metrics, registry
from hypersigma.config import with_settings
from hypersigma.data.detection import DetectionScene
from hypersigma.data.labels import LabelledScene
from hypersigma.data.method import Method
from hypersigma.data.sampling import Split, SplitConfig, audit, folds, only
from hypersigma.engine.change_trial import ChangeScores
from hypersigma.engine.detection_trial import OF_EACH, detection_figures
from hypersigma.engine.mean_figures import mean_figures
from hypersigma.engine.measure import measured
from hypersigma.engine.restoration_trial import RESTORED, restored_figures
from hypersigma.errors import ConfigError

OURS = "hypersigma-"
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What is tried: everything that decides a row of results.

    Attributes:
        task, scene, method: registered names; `hypersigma-<size>` is the network of that size.
        split: the protocol and its numbers.
        seed: of the split and of the method.
        weights: pre-trained weights of the network, as of `NeuralMethod`.
        settings: of the network, key=value, over its defaults.
    """

    task: str
    scene: str
    method: str
    split: SplitConfig
    seed: int
    weights: str | None = None
    settings: tuple[str, ...] = ()

    @property
    def identity(self) -> Row:
        """The keys of a row that tell this trial from any other, as JSON holds them."""
        return {
            "task": self.task,
            "scene": self.scene,
            "protocol": self.split.protocol,
            "method": self.method,
            "seed": self.seed,
            "split": asdict(self.split),
            "weights": self.weights,
            "settings": list(self.settings),
        }


@dataclass
class Scores:
    """What adds up over the folds and scenes of a trial; begins with `Scores.none`.

    Attributes:
        matrix: (K + 1, K + 1) counts [truth, predicted] of test pixels.
        seconds: of fitting and predicting; peak_memory_mb: the most of any fold.
    """

    matrix: NDArray[np.int64]
    seconds: float = 0.0
    peak_memory_mb: float = 0.0
    cut_classes: set[int] = field(default_factory=set)
    num_inside_windows: int = 0
    confidence: list[NDArray[Any]] = field(default_factory=list)
    correct: list[NDArray[np.bool_]] = field(default_factory=list)

    @classmethod
    def none(cls, num_classes: int) -> Scores:
        """No scores yet."""
        return cls(np.zeros((num_classes + 1, num_classes + 1), dtype=np.int64))

    def spend(self, seconds: float, peak_memory_mb: float) -> None:
        """Count what a fold cost."""
        self.seconds += seconds
        self.peak_memory_mb = max(self.peak_memory_mb, peak_memory_mb)

    def row(self, trial: Trial) -> Row:
        """The trial's row of results."""
        costs = {"seconds": self.seconds, "peak_memory_mb": self.peak_memory_mb}
        return trial.identity | costs | {"metrics": self.figures(trial.seed)}

    def add(self, scene: LabelledScene, split: Split, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Score one predicted scene on its test pixels."""
        truth, predicted = scene.labels[split.test], arrays["map"][split.test]
        self.matrix += metrics.confusion_matrix(truth, predicted, len(self.matrix) - 1)
        self.cut_classes.update(split.cut_classes)
        # pixels without data have no confidence; they count as wrong above and say nothing about calibration
        known = predicted > 0
        self.confidence.append(arrays["confidence"][split.test][known])
        self.correct.append((truth == predicted)[known])

    def count_near(self, splits: Sequence[Split], window_radius: int) -> None:
        """Count the test pixels of a fold that lie inside windows of training pixels."""
        self.num_inside_windows += sum(audit(split, window_radius) for split in splits)

    def figures(self, seed: int) -> dict[str, float]:
        """All figures of merit of the trial, by their short names."""
        low, high = metrics.bootstrap(self.matrix, "oa", seed=seed)
        figures = metrics.score(self.matrix)
        figures |= {"oa_low": low, "oa_high": high}
        confidence, correct = np.concatenate(self.confidence), np.concatenate(self.correct)
        figures["ece"] = metrics.expected_calibration_error(confidence, correct)
        figures["test_in_windows"] = self.num_inside_windows / max(int(self.matrix.sum()), 1)
        if self.cut_classes:
            whole = metrics.without_classes(self.matrix, self.cut_classes)
            figures["oa_whole_fields"] = metrics.score(whole, ("oa",))["oa"]
        return figures


def run_trial(trial: Trial, device: str) -> Row:
    """Run a trial: its row of results.

    A method is given the training and validation labels alike, as its whole budget: how it keeps some of them
    apart to choose by is its own affair. Test labels it never sees.

    Args:
        trial: what is tried.
        device: where a network computes.
    """
    module = registry.load("hypersigma.data.scenes", trial.scene)
    if trial.task == "unmixing":
        return _unmixing_row(trial, module, device)
    if trial.task in RESTORED:
        return _restoration_row(trial, module, device)
    if hasattr(module, "draw"):
        return _detection_row(trial, module.draw(trial.split.protocol, trial.seed), device)
    scenes: list[LabelledScene] = module.load()
    method = _method(trial, device)
    held_out = _held_out(module, scenes, trial.split.protocol)
    if trial.task == "change_detection":
        return _change_row(trial, scenes, method, held_out)
    scores = Scores.none(len(scenes[0].legend.names))
    for splits in folds([scene.labels for scene in scenes], trial.split, trial.seed, held_out):
        with measured() as cost:
            predictions = _fit_and_predict(method, scenes, splits, trial.seed)
        for index, arrays in predictions.items():
            scores.add(scenes[index], splits[index], arrays)
        scores.count_near(splits, trial.split.window_radius)
        scores.spend(cost.seconds, cost.peak_memory_mb)
    return scores.row(trial) | begun(trial.weights)


def _change_row(trial: Trial, scenes: Sequence[LabelledScene], method: Method, held_out: list[list[int]]) -> Row:
    """The row of a change detection: counts of all folds and scenes together, and figures of each scene."""
    scores = ChangeScores()
    with measured() as cost:
        for splits in folds([scene.labels for scene in scenes], trial.split, trial.seed, held_out):
            for index, arrays in _fit_and_predict(method, scenes, splits, trial.seed).items():
                scores.add(scenes[index], splits[index], arrays)
    return trial.identity | asdict(cost) | {"metrics": scores.figures()} | begun(trial.weights)


def _unmixing_row(trial: Trial, module: Any, device: str) -> Row:
    """The row of an unmixing: figures of each scene, and their means."""
    from hypersigma.engine.unmixing_trial import unmixing_figures

    scenes = module.draw(trial.split.protocol, trial.seed) if hasattr(module, "draw") else module.load()
    method = _method(trial, device)
    with measured() as cost:
        figures = unmixing_figures(method, scenes, trial.seed)
    return trial.identity | asdict(cost) | {"metrics": figures} | begun(trial.weights)


def _restoration_row(trial: Trial, module: Any, device: str) -> Row:
    """The row of a restoration: figures of each scene, their means, and which scenes the method does not take."""
    scenes = module.draw(trial.split.protocol, trial.seed)
    return trial.identity | asdict(restored_figures(_method(trial, device), scenes, trial.task, trial.seed))


def label_of(row: Row) -> str:
    """A method's name, with what it was given beyond its defaults."""
    return " ".join([row["method"], *([row["weights"]] if row["weights"] else []), *row["settings"]])


def _held_out(module: Any, scenes: Sequence[LabelledScene], protocol: str) -> list[list[int]]:
    """Places of the scenes that a module of scenes names for test in each fold of a protocol; none if it names none."""
    names = [scene.cube.name for scene in scenes]
    groups: Sequence[Sequence[str]] = getattr(module, "HELD_OUT", {}).get(protocol, ())
    return [[names.index(name) for name in group] for group in groups]


def _detection_row(trial: Trial, scenes: Sequence[DetectionScene], device: str) -> Row:
    """The row of a detection: figures of each scene, and their means."""
    method, figures = _method(trial, device), []
    with measured() as cost:
        for scene in scenes:
            figures.append(detection_figures(method, scene, trial.seed))
    metrics = mean_figures([scene.cube.name for scene in scenes], figures, OF_EACH)
    return trial.identity | asdict(cost) | {"metrics": metrics}


def begun(weights: str | None) -> Row:
    """What is known of pre-trained weights, under a key of its own; nothing without any."""
    from hypersigma.weights.encoders import SCRATCH, load_encoders

    if weights is None or weights == SCRATCH:
        return {}
    encoders = load_encoders(weights)
    return {"pretraining": {"parameters": encoders.num_parameters, **asdict(encoders.history)}}


def _fit_and_predict(
    method: Method, scenes: Sequence[LabelledScene], splits: Sequence[Split], seed: int
) -> dict[int, Mapping[str, NDArray[Any]]]:
    """Layers of the scenes that have test pixels, by their place in the list, from a method fitted on the others."""
    from hypersigma.engine.predict import predict_scene

    known = [split.train | split.validation for split in splits]
    # where nothing is labelled for training, a method is given the very scenes it is to predict, without labels
    given = [mask.any() for mask in known] if any(mask.any() for mask in known) else [s.test.any() for s in splits]
    training = [only(scene, mask) for scene, mask, seen in zip(scenes, known, given, strict=True) if seen]
    fitted = method.fit(training, seed)
    return {index: predict_scene(fitted, scenes[index].cube) for index, split in enumerate(splits) if split.test.any()}


def _method(trial: Trial, device: str) -> Method:
    """The method of a name.

    Raises:
        ConfigError: there is no such method, size or setting.
    """
    if not trial.method.startswith(OURS):
        baseline: Method = registry.load("hypersigma.baselines", trial.method).METHOD
        return baseline
    from hypersigma.engine.methods import network_method

    size = trial.method.removeprefix(OURS)
    plain = with_settings({"size": size}, trial.settings)
    if trial.task in RESTORED and size != "tiny" and plain.get("mode") != "trained":
        raise ConfigError(
            f"{trial.method}: without training {trial.task} has no network of any size; "
            f"give {OURS}tiny, or set mode=trained"
        )
    return network_method(trial.task, plain, weights=trial.weights, device=device)
