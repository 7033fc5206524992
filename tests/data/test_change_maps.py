"""The maps of a change detection: what passes a threshold changed, what has no data neither."""

from __future__ import annotations

import numpy as np
import pytest

from hypersigma.data.change_maps import change_arrays, change_layers
from hypersigma.data.pair import LEGEND
from tests.layers import NORTH_UP

SCORES = np.array([[[0.2, 0.5, 0.50001], [np.nan, 3.0, -np.inf]]], dtype=np.float32)


def test_what_is_above_the_threshold_changed():
    arrays = change_arrays(SCORES, 0.5)
    assert list(arrays) == ["change", "map"]
    np.testing.assert_array_equal(arrays["change"], SCORES[0])
    assert arrays["map"].tolist() == [[1, 1, 2], [0, 2, 0]]
    assert arrays["map"].dtype == np.uint8


def test_an_infinite_threshold_finds_nothing():
    assert change_arrays(SCORES, np.inf)["map"].tolist() == [[1, 1, 1], [0, 1, 0]]


@pytest.mark.parametrize(
    ("probability", "units", "words"),
    [(True, "probability", "labelled pixels taught"), (False, "score", "the scores part in two groups")],
)
def test_layers_say_what_they_are(probability, units, words):
    score, mapped = change_layers(change_arrays(SCORES, 0.5), NORTH_UP, probability=probability)
    assert (score.name, score.kind, score.units) == ("change", "score", units)
    assert (mapped.name, mapped.kind, mapped.legend, mapped.nodata) == ("map", "classes", LEGEND, 0.0)
    assert score.georef == mapped.georef == NORTH_UP
    assert words in mapped.description
