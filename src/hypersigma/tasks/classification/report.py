"""What a report says of a classification: how good, how sure, where it errs, and what those figures are worth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma import registry
from hypersigma.data.labels import LabelledScene
from hypersigma.data.method import Findings, Method
from hypersigma.errors import InputError
from hypersigma.metrics import per_class, score
from hypersigma.products import Figure, Layer, Legend, Section, Table, Text
from hypersigma.tasks._contract import Share
from hypersigma.tasks.classification import audit
from hypersigma.tasks.classification.held_out import Answers, cross_fitted, of_ensemble
from hypersigma.tasks.classification.shares import shares as drawn_shares
from hypersigma.tiling import blocks

BESIDE = "svm"  # the classical method that stands beside: the field's usual yardstick, and quick
_MOST_LABELS = 20_000  # on more it is not quick
_NUM_SHARES = 5  # that a classical method is fitted on
_MOST_SPREADS = 6  # classes; more bands of spread hide one another
_MOST_PICTURES = 4  # scenes
_BLOCK = 64  # pixels; spectra are read where labels are


def findings(
    inputs: Sequence[LabelledScene], method: Method, network: Any, seed: int, layers: Mapping[str, Layer]
) -> Findings:
    """The classification's part of a report; the map itself says nothing of how good it is.

    Args:
        inputs: scenes and labels that were fitted on.
        method: what was fitted.
        network: the fitted ensemble (its `config`, `decision`, `held`, `curves`), or None for a classical method.
        seed: of the fit.
        layers: what came out.
    """
    num_shares = _NUM_SHARES if network is None else network.config.num_members
    shares = drawn_shares(inputs, num_shares, seed)
    ours = of_ensemble(network.decision, network.held) if network else _cross_fitted(method, shares, seed)
    sections: list[Section] = [*_given(inputs)]
    curves = list(_learning(network.curves)) if network else []
    if ours is None:
        return Findings({}, [_unmeasured(num_shares), *sections, *curves, *_spectra(inputs)], [])
    metrics = ours.figures(seed)
    beside = _beside(method, shares, seed)
    table = []
    if beside is not None:
        metrics[f"oa_{BESIDE}"] = score(beside.matrix, ("oa",))["oa"]
        table = [_comparison(ours, beside)]
    counted = audit.audit(shares)
    return Findings(
        metrics,
        [
            Text("What the figures say", _meaning(counted, network is not None)),
            *table,
            *sections,
            *_agreement(ours, inputs[0].legend),
            *curves,
            *_spectra(inputs),
            counted.table(),
        ],
        [],
    )


def _meaning(counted: audit.Audit, ensemble: bool) -> str:
    """Where the figures come from and what they are worth."""
    how = (
        "Each member of the ensemble was trained without a share of the labels and then asked about them; the figures "
        "count those answers. The map is the mean of all members, which as a rule is better than one of them. How far "
        "probabilities spread and the scale of the confidence were settled on the same answers, which flatters them "
        "a little."
        if ensemble
        else "The method was fitted again without each share of the labels in turn and then asked about them; the "
        "figures count those answers. The map comes from a fit on all labels."
    )
    return (
        f"{how}\n\n{counted.meaning()}\n\nThe interval beneath the overall accuracy is a bootstrap over pixels as if "
        "they were independent; they are not, so the doubt is larger."
    )


def _unmeasured(num_shares: int) -> Text:
    reason = (
        "The ensemble has a single member, which learned from every label"
        if num_shares == 1
        else "The labels are too few to hold some of them out"
    )
    return Text(
        "What the figures say",
        f"{reason}, so nothing was measured: score the map against other labels with  hypersigma evaluate.",
    )


def _cross_fitted(method: Method, shares: Sequence[Share], seed: int) -> Answers | None:
    """What a method says of labels held out from it; None where they are too few to fit it on the rest."""
    try:
        return cross_fitted(method, shares, seed)
    except InputError:
        return None


def _beside(method: Method, shares: Sequence[Share], seed: int) -> Answers | None:
    """The classical method beside, on the same shares; None where it is the one that was run, or slow."""
    other: Method = registry.load("hypersigma.baselines", BESIDE).METHOD
    num_labels = sum(int(np.count_nonzero(scene.labels)) for scene in shares[0].fitted)
    if type(other) is type(method) or num_labels > _MOST_LABELS:
        return None
    return _cross_fitted(other, shares, seed)


def _comparison(ours: Answers, beside: Answers) -> Table:
    """Both methods on the same held-out labels."""
    rows: list[tuple[str | int, ...]] = []
    for name, answers in (("this run", ours), (BESIDE, beside)):
        figures = score(answers.matrix)
        rows.append((name, *(f"{figures[key]:.3f}" for key in ("oa", "aa", "kappa", "f1")), len(answers.truth)))
    note = f"The same labels to learn from and the same held out; {BESIDE}: a support vector machine on single spectra."
    if beside.correct.mean() > ours.correct.mean():
        note += f" Here it does better: --method {BESIDE} makes its map."
    return Table(
        "Beside a classical method", ("method", "OA", "AA", "kappa", "F1", "held-out labels"), tuple(rows), note
    )


def _given(inputs: Sequence[LabelledScene]) -> Iterator[Figure]:
    """The scenes and their labels, side by side."""
    from hypersigma.viz.panels import Panel, panels_figure
    from hypersigma.viz.quicklook import composite

    for scene in inputs[:_MOST_PICTURES]:
        picture = composite(scene.cube)
        step = -(-max(scene.labels.shape) // max(picture.shape[:2]))
        # a labelled pixel must not fall between those that a small picture shows
        labels = _thinned(scene.labels, step)
        panels = [Panel("Scene", picture), Panel("Labels", labels)]
        yield Figure(f"Scene and labels: {scene.cube.name}", panels_figure(panels, scene.legend))


def _thinned(labels: NDArray[np.int32], step: int) -> NDArray[np.int32]:
    """The largest label of each step x step pixels."""
    if step == 1:
        return labels
    rows, cols = (-(-length // step) * step for length in labels.shape)
    padded = np.pad(labels, ((0, rows - labels.shape[0]), (0, cols - labels.shape[1])))
    largest: NDArray[np.int32] = padded.reshape(rows // step, step, cols // step, step).max(axis=(1, 3))
    return largest


def _agreement(answers: Answers, legend: Legend) -> Iterator[Section]:
    """Which class was taken for which, the figures of each class, and whether confidence can be believed."""
    from hypersigma.viz.bars import class_bars
    from hypersigma.viz.calibration import reliability_figure
    from hypersigma.viz.confusion import confusion_figure

    figures = per_class(answers.matrix)
    columns = (figures.recall, figures.precision, figures.f1, figures.support)
    numbers = range(1, len(legend.names) + 1)
    rows = tuple(zip(legend.names, numbers, *(column.tolist() for column in columns), strict=True))
    heads = ("class", "number in the map", "recall", "precision", "f1", "held-out labels")
    yield Table("Figures of each class", heads, rows)
    bars = {"recall": figures.recall.tolist(), "precision": figures.precision.tolist()}
    yield Figure("Recall and precision", class_bars(legend.names, bars, title="Recall and precision"))
    yield Figure("Confusion matrix", confusion_figure(answers.matrix, legend.names))
    yield Figure("Calibration", reliability_figure(answers.confidence, answers.correct))


def _learning(curves: Sequence[Sequence[tuple[int, float]]]) -> Iterator[Figure]:
    """The loss of all members: mean and spread."""
    from hypersigma.viz.curves import learning_curve

    if not curves or not curves[0]:
        return
    steps = [step for step, _ in curves[0]]
    losses = np.array([[loss for _, loss in curve] for curve in curves])
    picture = learning_curve(steps, {"loss": losses.mean(axis=0)}, spreads={"loss": losses.std(axis=0)})
    note = f"Mean of {len(curves)} members; the band is their standard deviation." if len(curves) > 1 else ""
    yield Figure("Learning curve", picture, note)


def _spectra(inputs: Sequence[LabelledScene]) -> Iterator[Figure]:
    """The mean spectrum of each class over its labels, of the scenes that share the first one's bands."""
    from hypersigma.viz.spectra import spectra_figure

    cube, legend = inputs[0].cube, inputs[0].legend
    alike = [scene for scene in inputs if _same_bands(scene, inputs[0])]
    pairs = [_labelled_spectra(scene) for scene in alike]
    values = np.concatenate([values for values, _ in pairs], axis=1)
    classes = np.concatenate([classes for _, classes in pairs])
    groups = {name: values[:, classes == value] for value, name in enumerate(legend.names, start=1)}
    groups = {name: group for name, group in groups.items() if group.size}
    spreads = {name: group.std(axis=1) for name, group in groups.items()} if len(groups) <= _MOST_SPREADS else None
    picture = spectra_figure(
        None if cube.wavelengths is None else cube.wavelengths[cube.used],
        {name: group.mean(axis=1) for name, group in groups.items()},
        colors=dict(zip(legend.names, legend.colors, strict=True)),
        spreads=spreads,
        units="value" if cube.quantity == "unknown" else cube.quantity,
        title="Mean spectra of the labels",
    )
    yield Figure("Mean spectra", picture, "The band is one standard deviation." if spreads else "")


def _same_bands(scene: LabelledScene, other: LabelledScene) -> bool:
    """Whether two scenes have the same bands, used and not."""
    one, two = scene.cube, other.cube
    if one.shape[0] != two.shape[0] or not np.array_equal(one.valid, two.valid):
        return False
    if one.wavelengths is None or two.wavelengths is None:
        return one.wavelengths is two.wavelengths
    return bool(np.allclose(one.wavelengths, two.wavelengths))


def _labelled_spectra(scene: LabelledScene) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Spectra (bands, n) and classes (n,) of the labelled pixels with data."""
    _, rows, cols = scene.cube.shape
    values, classes = [np.zeros((len(scene.cube.used), 0), np.float32)], [np.zeros(0, np.int32)]
    for window in blocks(rows, cols, _BLOCK):
        labels = scene.labels[window.slices]
        if labels.any():
            array = scene.cube.read(window)
            chosen = (labels > 0) & np.isfinite(array).all(axis=0)
            values.append(array[:, chosen])
            classes.append(labels[chosen])
    return np.concatenate(values, axis=1), np.concatenate(classes)
