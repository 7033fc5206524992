"""What a report says of a change detection: with and without labels, with classes, of several pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from hypersigma.baselines._change import ChangeDetector
from hypersigma.baselines.cva import ChangeVector
from hypersigma.baselines.svm_difference import DifferenceMachine
from hypersigma.cube import Cube
from hypersigma.data.labels import LabelledScene
from hypersigma.data.method import Findings
from hypersigma.data.pair import CHANGED
from hypersigma.engine.model import mapped
from hypersigma.products import Figure, Section, Table, Text
from hypersigma.tasks.change_detection import findings
from hypersigma.tasks.change_detection.inputs import load_inputs
from tests.fakes.dates import BANDS, COLS, PATCHES, ROWS, dates, truth

HELD_OUT = {
    "oa",
    "kappa",
    "f1_changed",
    "iou_changed",
    "precision",
    "recall",
    "f1_unchanged",
    "iou_unchanged",
    "auc",
    "ap",
}


def found(inputs: Sequence[LabelledScene], method: ChangeDetector) -> Findings:
    """The findings of a method fitted on the inputs."""
    cubes = [scene.cube for scene in inputs]
    return findings(inputs, method, None, 0, mapped(method.fit(inputs, 0), cubes, None))


def titled(sections: Sequence[Section], title: str) -> Any:
    (section,) = [section for section in sections if section.title == title]
    return section


def test_without_labels_nothing_is_measured() -> None:
    told = found(load_inputs(dates()), ChangeVector())
    assert set(told.metrics) == {"changed_share", "changes", "changed_ha"}
    assert told.metrics["changes"] == len(PATCHES)
    assert told.metrics["changed_share"] == pytest.approx(np.mean(truth() == CHANGED), abs=0.02)
    assert told.metrics["changed_ha"] == pytest.approx(told.metrics["changed_share"] * ROWS * COLS * 0.09)
    assert "No labels were given" in titled(told.sections, "What the figures say").body
    assert any("was brought to the light of the first" in note for note in told.notes)


def test_with_labels_it_is_measured_on_those_held_out() -> None:
    told = found(load_inputs(dates(), truth()), DifferenceMachine())
    assert told.metrics.keys() >= HELD_OUT
    assert min(told.metrics[key] for key in HELD_OUT) > 0.9
    assert "squares of 8 pixels" in titled(told.sections, "What the figures say").body
    counts = titled(told.sections, "True in rows, mapped in columns")
    assert [row[0] for row in counts.rows] == ["unchanged", "changed"]
    assert sum(sum(row[1:]) for row in counts.rows) == ROWS * COLS


def test_labels_that_cannot_be_held_out_are_told() -> None:
    labels = np.zeros((ROWS, COLS), dtype=np.int32)
    labels[:8, :8] = truth()[:8, :8]
    told = found(load_inputs(dates(), labels), DifferenceMachine())
    assert "oa" not in told.metrics
    assert titled(told.sections, "What the figures say").body.startswith("Nothing was measured: labels are too few")


def test_changes_are_objects_with_their_differences() -> None:
    told = found(load_inputs(dates()), ChangeVector())
    (objects,) = told.objects
    assert objects.name == "changes"
    largest = max(objects.found, key=lambda item: item.num_pixels)
    np.testing.assert_allclose(largest.spectrum, 0.1 * np.cos(2.1 * np.arange(BANDS)), atol=0.02)
    assert largest.facts == {"area_ha": pytest.approx(0.09 * largest.num_pixels)}
    table = titled(told.sections, "The largest changes")
    assert table.columns == ("number", "row", "column", "pixels", "hectares", "mean score")
    assert [row[3] for row in table.rows] == sorted((item.num_pixels for item in objects.found), reverse=True)


def test_pictures_are_pictures() -> None:
    told = found(load_inputs(dates(holes=True)), ChangeVector())
    figures = [section for section in told.sections if isinstance(section, Figure)]
    titles = ["Before and after: before_after", "Changes", "What changed: after less before"]
    assert [figure.title for figure in figures] == titles
    assert all(figure.png.startswith(b"\x89PNG") for figure in figures)


def test_classes_tell_what_turned_into_what() -> None:
    before, after = np.ones((ROWS, COLS), dtype=int), np.where(truth() == CHANGED, 2, 1)
    told = found(load_inputs(dates(), classes_before=before, classes_after=after), ChangeVector())
    assert {item.facts["from_to"] for item in told.objects[0].found} == {"class 1 to class 2"}
    table = titled(told.sections, "What turned into what")
    assert table.columns == ("from, to", "pixels", "hectares")
    assert table.rows[0][0] == "class 1 to class 2"
    assert sum(row[1] for row in table.rows) == pytest.approx(told.metrics["changed_share"] * ROWS * COLS)
    assert titled(told.sections, "The largest changes").columns[-1] == "from, to"


def test_without_a_place_there_are_no_hectares() -> None:
    told = found(load_inputs(dates(georef=None, wavelengths=None, quantity="unknown")), ChangeVector())
    assert "changed_ha" not in told.metrics
    assert "hectares" not in titled(told.sections, "The largest changes").columns


def test_where_nothing_changed_it_is_said() -> None:
    before, _ = dates()
    told = found(load_inputs((before, before)), ChangeVector())
    assert (told.metrics["changed_share"], told.metrics["changes"], len(told.objects[0])) == (0.0, 0.0, 0)
    texts = [section.body for section in told.sections if isinstance(section, Text)]
    assert "Nothing was mapped as changed." in texts


def test_several_pairs_are_told_apart() -> None:
    first, second = (
        [Cube.from_array(date.read(), name=f"{name}{date.name}") for date in dates(seed)]
        for seed, name in enumerate("ab")
    )
    told = found(load_inputs((*first, *second), [truth(), truth()]), DifferenceMachine())
    assert [objects.name for objects in told.objects] == ["abefore_aafter_changes", "bbefore_bafter_changes"]
    for objects in told.objects:
        prefix = objects.name.removesuffix("changes")
        assert told.metrics[f"{prefix}changes"] == len(objects)
        assert 0.1 < told.metrics[f"{prefix}changed_share"] < 0.4
    assert sum(isinstance(section, Table) and section.title == "The largest changes" for section in told.sections) == 2
