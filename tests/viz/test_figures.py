from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.image import imread

from hypersigma.metrics import confusion_matrix, per_class
from hypersigma.viz.bars import class_bars
from hypersigma.viz.calibration import reliability_figure
from hypersigma.viz.confusion import confusion_figure
from hypersigma.viz.curves import learning_curve
from hypersigma.viz.spectra import broken, spectra_figure

NAMES = ("Corn, no till", "Grass & <trees>", "A class with quite a long name")


def shape(picture: bytes) -> tuple[int, int]:
    height, width, _ = imread(BytesIO(picture), format="png").shape
    return height, width


def matrix(with_none: bool = False) -> np.ndarray:
    generator = np.random.default_rng(0)
    truth = generator.integers(1, 4, 500)
    predicted = np.where(generator.random(500) < 0.8, truth, generator.integers(0 if with_none else 1, 4, 500))
    return confusion_matrix(truth, predicted, 3)


@pytest.mark.parametrize("with_none", [False, True])
def test_confusion_takes_pixels_without_class(with_none: bool) -> None:
    assert min(shape(confusion_figure(matrix(with_none), NAMES))) > 100


def test_confusion_of_nothing_is_a_picture() -> None:
    assert min(shape(confusion_figure(np.zeros((4, 4), np.int64), NAMES))) > 100


def test_bars_grow_with_classes_and_take_absent_ones() -> None:
    figures = per_class(matrix())
    recall = [*figures.recall[:2], float("nan")]
    picture = class_bars(NAMES, {"recall": recall, "precision": figures.precision})
    assert shape(picture)[0] > shape(class_bars(NAMES, {"recall": recall}))[0]


def test_calibration_takes_many_and_no_pixels() -> None:
    confidence = np.random.default_rng(0).random((20, 30))
    assert min(shape(reliability_figure(confidence, confidence > 0.5))) > 100
    assert min(shape(reliability_figure([], []))) > 100


def test_learning_curve_has_a_panel_a_figure_and_takes_gaps() -> None:
    steps = [0, 1, 2, 3]
    loss = [3.0, 2.0, 1.0, 0.5]
    one = learning_curve(steps, {"loss": loss})
    two = learning_curve(steps, {"loss": loss, "oa": [0.1, float("nan"), 0.5, 0.6]}, chosen=2, x_label="epoch")
    assert shape(two)[0] > shape(one)[0]
    assert min(shape(learning_curve([], {"loss": []}))) > 100


@pytest.mark.parametrize("wavelengths", [None, np.linspace(400.0, 2400.0, 30)])
def test_spectra_are_drawn_over_wavelength_or_band(wavelengths) -> None:
    values = np.random.default_rng(0).random(30)
    picture = spectra_figure(
        wavelengths,
        {"Corn": values, "Soil": values * 0.5},
        colors={"Corn": (230, 159, 0)},
        spreads={"Soil": np.full(30, 0.1)},
    )
    assert min(shape(picture)) > 100


def test_no_spectra_are_a_picture() -> None:
    assert min(shape(spectra_figure(None, {}))) > 100


def test_lines_break_in_gaps_of_the_sensor_but_not_where_its_spacing_changes() -> None:
    vnir, swir = np.arange(400.0, 1000.0, 6.5), np.arange(1000.0, 1350.0, 12.0)
    places = np.concatenate([vnir, swir, swir + 450.0])
    x, y = broken(places, np.ones_like(places))
    assert np.isnan(x).sum() == np.isnan(y).sum() == 1
    assert 1300.0 < x[np.flatnonzero(np.isnan(x))[0] - 1] < 1350.0


@given(st.lists(st.floats(300, 2600), max_size=40, unique=True))
@settings(max_examples=50, deadline=None)
def test_breaking_a_line_keeps_every_point(places: list[float]) -> None:
    ordered = np.sort(np.array(places))
    x, y = broken(ordered, ordered * 2)
    assert np.array_equal(x[np.isfinite(x)], ordered)
    assert np.array_equal(y[np.isfinite(y)], ordered * 2)
