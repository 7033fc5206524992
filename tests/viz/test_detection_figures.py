from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.image import imread

from hypersigma.errors import InputError
from hypersigma.metrics import roc
from hypersigma.viz.roc import _corners, roc_figure
from hypersigma.viz.separability import _box, separability_figure


def shape(picture: bytes) -> tuple[int, int]:
    height, width, _ = imread(BytesIO(picture), format="png").shape
    return height, width


def scene() -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Three detectors of some skill, one of which has no data in a corner, and a truth."""
    generator = np.random.default_rng(0)
    truth = np.zeros((60, 70), dtype=bool)
    truth[20:24, 30:33] = truth[50:52, 5:7] = True
    scores = {
        name: generator.chisquare(4, truth.shape) + skill * truth * generator.random(truth.shape)
        for name, skill in (("RX", 6.0), ("Local RX", 14.0), ("a network with a long name", 25.0))
    }
    scores["Local RX"][:4, :4] = np.nan
    return scores, truth


@pytest.mark.parametrize("draw", [roc_figure, separability_figure])
def test_detectors_are_drawn_side_by_side(draw) -> None:
    scores, truth = scene()
    picture = draw(scores, truth, title="A scene")
    assert picture == draw(scores, truth, title="A scene")
    assert min(shape(picture)) > 100
    assert min(shape(draw({str(number): scores["RX"] for number in range(9)}, truth))) > 100


@pytest.mark.parametrize("draw", [roc_figure, separability_figure])
def test_a_truth_without_targets_is_refused(draw) -> None:
    scores, truth = scene()
    with pytest.raises(InputError, match="the truth marks no pixel"):
        draw(scores, np.zeros_like(truth))


@pytest.mark.parametrize("draw", [roc_figure, separability_figure])
def test_constant_scores_and_few_pixels_are_drawn(draw) -> None:
    assert min(shape(draw({"constant": [1.0, 1.0, 1.0]}, [0, 1, 0]))) > 100
    assert min(shape(draw({"two pixels": [0.0, 1.0]}, [0, 1]))) > 100


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 30))
def test_a_line_passes_the_largest_detection_rate_at_every_false_alarm_rate(seed, num_levels):
    generator = np.random.default_rng(seed)
    truth = np.arange(80) < 9
    curve = roc(generator.integers(0, num_levels, 80), truth)
    lowest = 1 / 71
    x, y = _corners(curve, lowest)
    assert x[0] == lowest
    assert (x[-1], y[-1]) == (1.0, 1.0)
    for level in np.geomspace(lowest, 0.999, 40):
        assert y[np.searchsorted(x, level, side="right") - 1] == curve.detection_at(level)


def test_a_box_spans_what_its_name_says() -> None:
    box = _box(np.arange(101.0))
    assert [box[name] for name in ("whislo", "q1", "med", "q3", "whishi")] == [0.0, 10.0, 50.0, 90.0, 100.0]
