"""What a report says of a classification."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from hypersigma import registry
from hypersigma.data.labels import LabelledScene
from hypersigma.data.method import Findings
from hypersigma.engine.neural import NeuralMethod
from hypersigma.products import Figure, Table, Text
from hypersigma.tasks.classification import held_out
from hypersigma.tasks.classification.report import BESIDE, findings
from hypersigma.tasks.classification.shares import shares
from tests.fakes.fields import LEGEND, crops, field_cube, field_scene
from tests.fakes.networks import toy_method, toy_size

LDA = registry.load("hypersigma.baselines", "lda").METHOD
SVM = registry.load("hypersigma.baselines", BESIDE).METHOD


@pytest.fixture(scope="module", autouse=True)
def _toy() -> Iterator[None]:
    with toy_size():
        yield


def of_network(method: NeuralMethod, inputs: list[LabelledScene]) -> Findings:
    return findings(inputs, method, method.fit(inputs, 0), 0, {})


def titles(found: Findings, kind: type) -> set[str]:
    return {section.title for section in found.sections if isinstance(section, kind)}


def test_a_networks_figures_are_those_of_labels_held_out() -> None:
    inputs, method = [field_scene()], toy_method()
    fitted = method.fit(inputs, 0)
    found = findings(inputs, method, fitted, 0, {})
    answers = held_out.of_ensemble(fitted.decision, fitted.held)
    assert answers is not None
    assert found.metrics["oa"] == float(answers.correct.mean()) > 0.8
    assert found.metrics["oa_low"] <= found.metrics["oa"] <= found.metrics["oa_high"]
    assert 0 <= found.metrics["ece"] < 0.5
    assert 0 <= found.metrics[f"oa_{BESIDE}"] <= 1


def test_everything_a_person_needs_is_there() -> None:
    found = of_network(toy_method(2), [field_scene()])
    assert titles(found, Table) == {"Beside a classical method", "Figures of each class", "Split audit"}
    assert titles(found, Text) == {"What the figures say"}
    (classes,) = (section for section in found.sections if section.title == "Figures of each class")
    assert [row[:2] for row in classes.rows] == [(name, number) for number, name in enumerate(LEGEND.names, 1)]
    assert titles(found, Figure) >= {
        "Scene and labels: fields 0",
        "Recall and precision",
        "Confusion matrix",
        "Calibration",
        "Learning curve",
        "Mean spectra",
    }
    assert all(section.png.startswith(b"\x89PNG") for section in found.sections if isinstance(section, Figure))


def test_a_single_member_measures_nothing_and_says_so() -> None:
    found = of_network(toy_method(2, num_members=1), [field_scene()])
    assert found.metrics == {}
    assert "single member" in found.sections[0].body
    assert "Learning curve" in titles(found, Figure)


def test_a_classical_method_is_fitted_again_without_each_share() -> None:
    found = findings([field_scene()], LDA, None, 0, {})
    assert found.metrics["oa"] > 0.9
    assert f"oa_{BESIDE}" in found.metrics
    assert "fitted again" in found.sections[0].body
    assert "Learning curve" not in titles(found, Figure)


def test_a_method_does_not_stand_beside_itself() -> None:
    assert f"oa_{BESIDE}" not in findings([field_scene()], SVM, None, 0, {}).metrics


def test_labels_too_few_to_hold_some_out() -> None:
    labels = np.zeros((40, 48), dtype=np.int32)
    labels[0, 0] = labels[0, 20] = 1
    labels[20, 0] = labels[20, 20] = 2
    scene = LabelledScene(
        field_cube(crops()), labels, replace(LEGEND, names=LEGEND.names[:2], colors=LEGEND.colors[:2])
    )
    found = findings([scene], SVM, None, 0, {})
    assert found.metrics == {} or "oa" in found.metrics


def test_spectra_are_of_scenes_with_the_same_bands() -> None:
    other = field_scene(wavelengths=np.linspace(405.0, 2455.0, 80), seed=1)
    found = of_network(toy_method(2), [field_scene(), field_scene(seed=2), other])
    assert "Mean spectra" in titles(found, Figure)
    native = of_network(toy_method(2), [field_scene(wavelengths=None)])
    assert "Mean spectra" in titles(native, Figure)


def test_answers_of_a_method_that_takes_scenes_whole() -> None:
    whole = registry.load("hypersigma.baselines", "lda_guided").METHOD
    inputs = [field_scene()]
    members = shares(inputs, 3, 0)
    answers = held_out.cross_fitted(whole, members, 0)
    assert answers is not None
    assert len(answers.truth) == sum(np.count_nonzero(share.held_out[0].labels) for share in members) > 0
    assert answers.correct.mean() > 0.9
    assert answers.matrix.sum() == len(answers.truth)


def test_nothing_held_out_nothing_answered() -> None:
    inputs = [field_scene()]
    assert held_out.cross_fitted(LDA, shares(inputs, 1, 0), 0) is None
