"""A map and its confidence from class probabilities."""

from __future__ import annotations

import numpy as np
import pytest

from hypersigma.data.class_maps import class_arrays, class_layers
from tests.layers import LEGEND, NORTH_UP


def test_the_likeliest_class_and_its_probability() -> None:
    probabilities = np.array([[[0.2, 0.5, np.nan]], [[0.7, 0.5, np.nan]], [[0.1, 0.0, np.nan]]], dtype=np.float32)
    arrays = class_arrays(probabilities)
    # The first of equally likely ones; 0 is no data.
    assert arrays["map"].tolist() == [[2, 1, 0]]
    np.testing.assert_array_equal(arrays["confidence"], np.array([[0.7, 0.5, np.nan]], dtype=np.float32))
    assert arrays["confidence"].dtype == np.float32


@pytest.mark.parametrize(("num_classes", "kind"), [(2, np.uint8), (255, np.uint8), (256, np.uint16)])
def test_the_smallest_integers_that_hold_all_classes(num_classes: int, kind: type) -> None:
    probabilities = np.zeros((num_classes, 1, 1), dtype=np.float32)
    probabilities[-1] = 1.0
    found = class_arrays(probabilities)["map"]
    assert found.dtype == kind
    assert found.item() == num_classes


def test_layers() -> None:
    classes, confidence = class_layers(class_arrays(np.full((3, 2, 2), 1 / 3, np.float32)), NORTH_UP, LEGEND, "Sure.")
    assert (classes.name, classes.kind, classes.legend, classes.georef) == ("map", "classes", LEGEND, NORTH_UP)
    assert (confidence.name, confidence.kind, confidence.units) == ("confidence", "score", "probability")
    assert confidence.description == "Sure."
