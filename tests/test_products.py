from __future__ import annotations

import numpy as np
import pytest

from hypersigma.products import Layer, Legend


def test_a_legend_has_one_colour_a_name() -> None:
    with pytest.raises(ValueError, match="2 class names but 1 colours"):
        Legend(("a", "b"), ((0, 0, 0),))


@pytest.mark.parametrize(
    ("array", "kind", "more", "message"),
    [
        (np.zeros(4), "score", {}, "2 or 3 axes"),
        (np.zeros((1, 2, 2)), "classes", {}, r"classes need an array \(rows, cols\)"),
        (np.zeros((3, 2, 2)), "cube", {"band_names": ("a",)}, "1 band names for 3 bands"),
        (np.zeros((3, 2, 2)), "cube", {"wavelengths": np.arange(2.0)}, "2 wavelengths for 3 bands"),
    ],
)
def test_a_layer_that_contradicts_itself_is_refused(array, kind, more, message) -> None:
    with pytest.raises(ValueError, match=message):
        Layer(name="x", array=array, kind=kind, **more)


def test_no_data_defaults_to_zero_for_classes_and_nan_for_numbers() -> None:
    classes = Layer(name="map", array=np.array([[0, 1]]), kind="classes")
    scores = Layer(name="score", array=np.array([[np.nan, np.inf, 1.0]]), kind="score")
    counts = Layer(name="count", array=np.array([[0, 1]]), kind="score")
    marked = Layer(name="count", array=np.array([[-99.0, 1]]), kind="score", nodata=-99.0)
    assert classes.missing(classes.array).tolist() == [[True, False]]
    assert scores.missing(scores.array).tolist() == [[True, True, False]]
    assert counts.nodata is None
    assert not counts.missing(counts.array).any()
    assert marked.missing(marked.array).tolist() == [[True, False]]


def test_planes_are_a_view_of_three_axes() -> None:
    layer = Layer(name="x", array=np.zeros((2, 3)), kind="score")
    assert layer.planes.shape == (1, 2, 3)
    assert np.shares_memory(layer.planes, layer.array)
