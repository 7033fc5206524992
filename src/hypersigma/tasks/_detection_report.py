"""What a report says of a detection: what was found, what it looks like, and by a truth how good that is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma import registry
from hypersigma.baselines._detector import Detector, FittedDetector
from hypersigma.cube import Cube
from hypersigma.data.detection import DetectionScene, only_scene
from hypersigma.data.detections import find_objects
from hypersigma.data.method import Findings, Method
from hypersigma.data.score_maps import MASK, score_name
from hypersigma.metrics import detection_scores, object_scores, undefined
from hypersigma.products import Figure, Layer, Objects, Section, Table, Text
from hypersigma.tiling import Window, blocks, spread_blocks

_BESIDE = {"anomaly_detection": "rx", "target_detection": "ace"}  # the field's usual yardsticks
_NUM_SPECTRA = 5  # of the highest peaks
_MOST_LISTED = 20
_BLOCK, _SAMPLED = 256, 64  # pixels
_MOST_PIXELS = 1 << 22  # with a truth of more, a yardstick beside would take long


def findings(
    inputs: Sequence[DetectionScene], method: Method, network: Any, seed: int, layers: Mapping[str, Layer]
) -> Findings:
    """A detection's part of a report, and the objects that were found.

    Args:
        inputs: the scene, with a truth where one was given.
        method: what was fitted.
        network: the fitted network, or None for what trains nothing.
        seed: of the fit.
        layers: the score and the mask.
    """
    scene = only_scene(inputs)
    mask = layers[MASK].array
    task = "anomaly_detection" if score_name("anomaly_detection") in layers else "target_detection"
    score = layers[score_name(task)].array
    objects = find_objects(score, mask == 2, scene.cube, name="detections")
    sections = [*_found(scene, objects, task)]
    metrics = {"detections": float(len(objects) + objects.num_left_out)}
    notes = [*objects.notes, *([] if scene.target is None else scene.target.notes)]
    if scene.truth is not None:
        figures, compared, told = _scored(scene, score, mask, task, method, seed)
        metrics |= figures
        sections = [*compared, *sections]
        notes += told
    return Findings(metrics, [_meaning(scene.truth is not None), *sections, *_learning(network)], notes, (objects,))


def _meaning(scored: bool) -> Text:
    how = (
        "The mask's threshold comes from the scores alone: the tail of the background's scores is extrapolated to the "
        "false-alarm rate asked for. Nothing was fitted, chosen or cut with a look at a truth."
    )
    if scored:
        return Text(
            "What the figures say", f"{how} The truth served for the figures and the ROC below, and nothing else."
        )
    return Text(
        "What the figures say", f"{how} No truth was given, so nothing is said of how many detections are right."
    )


def _found(scene: DetectionScene, objects: Objects, task: str) -> Iterator[Section]:
    """Where the objects are and what the first of them look like."""
    from hypersigma.viz.overlay import objects_figure
    from hypersigma.viz.spectra import spectra_figure

    cube = scene.cube
    yield Figure("Detections", objects_figure(cube, objects, "Detections"), "The ten highest peaks are numbered.")
    if not objects.found:
        yield Text("Detections", "No pixel passes the threshold; a higher false_alarm_rate makes the mask wider.")
        return
    rows = tuple(
        (item.id, *item.peak, item.num_pixels, f"{item.peak_score:.4f}", f"{item.mean_score:.4f}")
        for item in objects.found[:_MOST_LISTED]
    )
    heads = ("number", "row", "column", "pixels", "highest score", "mean score")
    yield Table("Detections", heads, rows, "All of them, with outline and spectrum, stand in detections.geojson.")
    spectra = {f"detection {item.id}": item.spectrum for item in objects.found[:_NUM_SPECTRA]}
    if scene.target is not None:
        spectra["target"] = scene.target.spectrum[cube.used].astype(np.float32)
    spectra["scene (mean)"] = _mean_spectrum(cube)
    picture = spectra_figure(
        None if cube.wavelengths is None else cube.wavelengths[cube.used],
        spectra,
        units="value" if cube.quantity == "unknown" else cube.quantity,
        title="Spectra at the highest peaks",
    )
    yield Figure("Spectra", picture)


def _mean_spectrum(cube: Cube) -> NDArray[np.float32]:
    """Mean (bands,) of a sample of the scene's pixels, of those with data."""
    _, rows, cols = cube.shape
    windows = spread_blocks(rows, cols, _SAMPLED, 16 * _SAMPLED**2)
    sample = np.concatenate([cube.read(window).reshape(len(cube.used), -1) for window in windows], 1)
    known = np.isfinite(sample).all(axis=0)
    mean: NDArray[np.float32] = sample[:, known].mean(axis=1) if known.any() else np.full(len(sample), np.nan)
    return mean.astype(np.float32)


def _scored(
    scene: DetectionScene, score: NDArray[Any], mask: NDArray[Any], task: str, method: Method, seed: int
) -> tuple[dict[str, float], list[Section], list[str]]:
    """Figures by the truth, their pictures beside a yardstick, and what is to be said of them."""
    from hypersigma.viz.roc import roc_figure
    from hypersigma.viz.separability import separability_figure

    assert scene.truth is not None
    counted = np.isfinite(score)
    if scene.target is not None and scene.target.pixels is not None:
        # pixels that the target was taken from are found by whoever looks for them
        counted &= ~scene.target.pixels
    known, truth = np.where(counted, score, np.nan), scene.truth
    reason = undefined(truth[counted])
    if reason is not None:
        return {}, [], [f"truth: {reason}"]
    maps = {"this run": known}
    beside = _beside(scene, task, method, seed)
    if beside is not None:
        maps[_BESIDE[task]] = np.where(counted, beside, np.nan)
    figures = {name: detection_scores(values, truth) for name, values in maps.items()}
    background = counted & ~truth
    metrics = figures["this run"] | {"false_alarms": float(np.mean(mask[background] == 2))}
    metrics |= object_scores((mask == 2) & counted, truth & counted)
    heads = ("figure", *figures)
    rows = tuple((key, *(f"{found[key]:.4f}" for found in figures.values())) for key in figures["this run"])
    told = []
    if scene.target is not None and scene.target.pixels is not None:
        told.append(f"the {int(scene.target.pixels.sum())} pixels that the target was taken from are not scored")
    sections: list[Section] = [
        Table("Figures by the truth", heads, rows),
        Figure("ROC", roc_figure(maps, truth)),
        Figure("Separability", separability_figure(maps, truth)),
    ]
    return metrics, sections, told


def _beside(scene: DetectionScene, task: str, method: Method, seed: int) -> NDArray[np.float32] | None:
    """Scores of the classical yardstick; None where it is what was run, or the scene is large."""
    module = registry.load("hypersigma.baselines", _BESIDE[task])
    other: Detector = module.METHOD
    _, rows, cols = scene.cube.shape
    if type(other) is type(method) or rows * cols > _MOST_PIXELS:
        return None
    fitted: FittedDetector = other.fit([DetectionScene(scene.cube, target=scene.target)], seed)
    scores = np.empty((rows, cols), dtype=np.float32)
    for window in blocks(rows, cols, _BLOCK):
        scores[window.slices] = fitted.predict(scene.cube, Window(*window))[0]
    return scores


def _learning(network: Any) -> Iterator[Section]:
    """The loss of a network that was trained."""
    from hypersigma.viz.curves import learning_curve

    if network is not None and network.curves and network.curves[0]:
        steps, losses = zip(*network.curves[0], strict=True)
        yield Figure("Learning curve", learning_curve(list(steps), {"loss": list(losses)}))
