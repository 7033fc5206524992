"""Score and mask of a detection: what passes the threshold, and no data apart from both."""

import numpy as np
import pytest

from hypersigma.data.score_maps import MASK, score_arrays, score_layers, score_name
from hypersigma.georef import Georef


@pytest.mark.parametrize(
    ("task", "name", "article"), [("anomaly_detection", "anomaly", "an"), ("target_detection", "target", "a")]
)
def test_a_score_is_named_by_its_task(task: str, name: str, article: str) -> None:
    assert score_name(task) == name
    quantities = np.array([[[0.0, 2.0], [3.0, np.nan]]], dtype=np.float32)
    arrays = score_arrays(quantities, 2.0, task)
    assert set(arrays) == {name, MASK}
    np.testing.assert_array_equal(arrays[name], quantities[0])
    # a score equal to the threshold does not pass it
    np.testing.assert_array_equal(arrays[MASK], [[1, 1], [2, 0]])
    assert arrays[MASK].dtype == np.uint8
    georef = Georef((30.0, 0.0, 366000.0, 0.0, -30.0, 5810000.0), "")
    score, mask = score_layers(arrays, georef, task, 0.002)
    assert (score.name, score.kind, mask.name, mask.kind) == (name, "score", MASK, "classes")
    assert f"like {article} {name}" in score.description
    assert "0.002" in mask.description
    assert mask.legend.names == ("background", name)
    assert score.georef is georef
    assert mask.georef is georef


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("threshold", [-np.inf, 0.0, np.inf])
def test_what_is_no_number_is_no_data_whatever_the_threshold(value: float, threshold: float) -> None:
    quantities = np.array([[[value, 1.0]]], dtype=np.float32)
    mask = score_arrays(quantities, threshold, "anomaly_detection")[MASK]
    np.testing.assert_array_equal(mask, [[0, 1 if threshold > 1.0 else 2]])
