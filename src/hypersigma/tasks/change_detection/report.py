"""What a report says of a change detection: where, how much, what, and how far labels that were held out agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.baselines._change import as_pair
from hypersigma.cube import Cube
from hypersigma.data.change_maps import CHANGE, MAP
from hypersigma.data.changes import FromTo, changed_objects, pixel_area
from hypersigma.data.difference import difference_cube
from hypersigma.data.labels import LabelledScene
from hypersigma.data.method import Findings, Method
from hypersigma.data.pair import CHANGED, LEGEND, Pair
from hypersigma.errors import InputError
from hypersigma.metrics.change import change_scores
from hypersigma.metrics.classification import confusion_matrix
from hypersigma.metrics.detection import detection_scores
from hypersigma.products import Figure, Layer, Objects, Section, Table, Text
from hypersigma.tasks.change_detection.held_out import held_out_answers
from hypersigma.tiling import spread_blocks

_NUM_SPECTRA = 5  # of the largest changes
_MOST_LISTED = 20
_MOST_WORDS = 12  # lines of the from-to table
_MOST_UNCHANGED = 1 << 16  # pixels among which unchanged ones are looked for


def findings(
    inputs: Sequence[LabelledScene], method: Method, network: Any, seed: int, layers: Mapping[str, Layer]
) -> Findings:
    """A change detection's part of a report, and the changed objects of each pair.

    Args:
        inputs: pairs of dates with their labels.
        method: what was fitted.
        network: the fitted network, or None for what trains none.
        seed: of the fit.
        layers: score and map of each pair.
    """
    taught = any(scene.labels.any() for scene in inputs)
    metrics, sections = _held_out(inputs, method, seed) if taught else ({}, [_untaught()])
    found: list[Objects] = []
    notes: list[str] = []
    scores, maps = ([layer for name, layer in layers.items() if name.endswith(kind)] for kind in (CHANGE, MAP))
    for scene, score, mapped in zip(inputs, scores, maps, strict=True):
        pair = as_pair(scene.cube)
        difference = difference_cube(pair)
        objects = changed_objects(score.array, mapped.array == CHANGED, difference, getattr(scene, "from_to", None))
        prefix = score.name.removesuffix(CHANGE)
        objects = replace(objects, name=f"{prefix}changes")
        found.append(objects)
        changed = int(np.count_nonzero(mapped.array == CHANGED))
        seen = int(np.count_nonzero(mapped.array))
        metrics |= {
            f"{prefix}changed_share": changed / max(seen, 1),
            f"{prefix}changes": float(len(objects) + objects.num_left_out),
        }
        area = pixel_area(pair.georef, pair.shape[1])
        if area is not None:
            metrics[f"{prefix}changed_ha"] = changed * area / 1e4
        sections += _shown(pair, difference, objects, mapped.array, score.array, getattr(scene, "from_to", None), area)
        notes += [*objects.notes, *difference.notes]
    return Findings(metrics, sections, list(dict.fromkeys(notes)), tuple(found))


def _untaught() -> Text:
    return Text(
        "What the figures say",
        "No labels were given, so nothing is measured. The map parts the pair's own scores in two groups, and marks "
        "whatever differs: also crops, water levels, shadows and clouds. With labels of the changes that are meant "
        "(--labels) those are told from others, and it is measured how well.",
    )


def _held_out(inputs: Sequence[LabelledScene], method: Method, seed: int) -> tuple[dict[str, float], list[Section]]:
    """Figures of labels that were held out, and what they are worth."""
    try:
        answers = held_out_answers(inputs, method, seed)
    except InputError as error:
        return {}, [Text("What the figures say", f"Nothing was measured: {error}")]
    matrix = confusion_matrix(answers.truth, answers.mapped, CHANGED)
    metrics = change_scores(matrix)
    areas = detection_scores(answers.scores, answers.truth == CHANGED)
    metrics |= {key: areas[key] for key in ("auc", "ap") if key in areas}
    rows = tuple((key, f"{value:.4f}") for key, value in metrics.items())
    counts: list[tuple[str | int, ...]] = [
        (name, *(int(count) for count in matrix[value, 1:])) for value, name in enumerate(LEGEND.names, start=1)
    ]
    return metrics, [
        Text(
            "What the figures say",
            f"The ground was cut into squares of {answers.block} pixels; labels of a quarter of them in turn were held "
            "out, the method was fitted on the others and asked about these. The map itself comes from a fit on all "
            "labels. Squares that touch still share some surroundings, and ground that no label is near may be "
            "mapped worse than the figures say.",
        ),
        Table("Figures of held-out labels", ("figure", "value"), rows),
        Table("True in rows, mapped in columns", ("", *LEGEND.names), tuple(counts)),
    ]


def _shown(
    pair: Pair,
    difference: Cube,
    objects: Objects,
    mapped: NDArray[Any],
    score: NDArray[Any],
    from_to: FromTo | None,
    area: float | None,
) -> Iterator[Section]:
    """Pictures and tables of one pair."""
    from hypersigma.viz.overlay import objects_figure
    from hypersigma.viz.panels import Panel, panels_figure
    from hypersigma.viz.quicklook import composite
    from hypersigma.viz.spectra import spectra_figure

    before, after = composite(pair.before), composite(pair.after)
    step = -(-max(mapped.shape) // max(before.shape[:2]))
    small = mapped[::step, ::step]
    panels = [Panel("Before", before), Panel("After", after), Panel("Changed", small)]
    yield Figure(f"Before and after: {pair.name}", panels_figure(panels, LEGEND))
    yield Figure(
        "Changes", objects_figure(pair.after, objects, "Changes"), "The ten of the highest scores are numbered."
    )
    if not objects.found:
        yield Text("Changes", "Nothing was mapped as changed.")
        return
    hectares = area is not None
    largest = sorted(objects.found, key=lambda item: -item.num_pixels)[:_MOST_LISTED]
    heads = ("number", "row", "column", "pixels", *(["hectares"] if hectares else []), "mean score", "from, to")
    rows: list[tuple[str | float | int, ...]] = [
        (
            item.id,
            *item.peak,
            item.num_pixels,
            *([f"{item.facts['area_ha']:g}"] if hectares else []),
            f"{item.mean_score:.3f}",
            str(item.facts.get("from_to", "")),
        )
        for item in largest
    ]
    told = slice(None) if from_to is not None else slice(-1)
    yield Table(
        "The largest changes", tuple(heads[told]), tuple(row[told] for row in rows), "All stand in the GeoJSON beside."
    )
    if from_to is not None:
        yield _from_to_table(from_to, mapped, area)
    spectra = {f"change {item.id}": item.spectrum for item in largest[:_NUM_SPECTRA]}
    spectra["unchanged ground (mean)"] = _mean_unchanged(difference, mapped)
    units = "difference" if pair.quantity == "unknown" else f"difference in {pair.quantity}"
    waves = None if difference.wavelengths is None else difference.wavelengths
    yield Figure(
        "What changed: after less before",
        spectra_figure(waves, spectra, units=units, title="Difference spectra of the largest changes"),
        "; ".join(difference.notes),
    )


def _from_to_table(from_to: FromTo, mapped: NDArray[Any], area: float | None) -> Table:
    """How much of what turned into what, over the changed pixels."""
    heads = ("from, to", "pixels", *(["hectares"] if area is not None else []))
    rows: list[tuple[str | int, ...]] = [
        (words, count, *([f"{count * area / 1e4:.2f}"] if area is not None else []))
        for words, count in from_to.counted(from_to.codes[mapped == CHANGED])[:_MOST_WORDS]
    ]
    return Table("What turned into what", heads, tuple(rows))


def _mean_unchanged(difference: Cube, mapped: NDArray[Any]) -> NDArray[np.float32]:
    """Mean difference (bands,) of a sample of unchanged pixels."""
    _, rows, cols = difference.shape
    parts = []
    for window in spread_blocks(rows, cols, 64, _MOST_UNCHANGED):
        values = difference.read(window)
        chosen = (mapped[window.slices] == CHANGED - 1) & np.isfinite(values).all(axis=0)
        parts.append(values[:, chosen])
    pooled = np.concatenate(parts, axis=1)
    return pooled.mean(axis=1) if pooled.shape[1] else np.full(len(pooled), np.nan, dtype=np.float32)
