"""Labels of change in whatever values: which is which, on which pixels, and what cannot be."""

from __future__ import annotations

import numpy as np
import pytest

from hypersigma.cube import Cube
from hypersigma.data.change_labels import change_labels, on_pair
from hypersigma.data.label_maps import LabelMap, label_map
from hypersigma.data.pair import Pair
from hypersigma.data.pair_grid import on_one_grid
from hypersigma.errors import InputError
from hypersigma.georef import Georef
from hypersigma.tiling import Window
from tests.layers import NORTH_UP


def found(values: list[int], names: tuple[str, ...] = ()) -> LabelMap:
    """A row of labels as a file has them."""
    return label_map(np.array([values]), "labels", names=names)


def marks(values: list[int], names: tuple[str, ...] = (), **codes: int | None) -> tuple[list[int], tuple[str, ...]]:
    label = found(values, names)
    taken, notes = change_labels(label.labels, label, codes.get("changed"), codes.get("unchanged"))
    assert taken.dtype == np.int32
    return taken[0].tolist(), notes


@pytest.mark.parametrize(
    ("values", "names", "codes", "expected"),
    [
        ([0, 1, 2, 2], (), {}, [0, 1, 2, 2]),
        ([0, 1, 2, 2], (), {"changed": 1, "unchanged": 2}, [0, 2, 1, 1]),
        ([0, 1, 1, 0], (), {"changed": 1, "unchanged": 0}, [1, 2, 2, 1]),
        ([0, 255, 0, 0], (), {"changed": 255, "unchanged": 0}, [1, 2, 1, 1]),
        ([0, 1, 2, 2], ("", " Changed", "Unchanged"), {}, [0, 2, 1, 1]),
        ([0, 1, 3, 3], ("", "change", "water", "no_change"), {}, [0, 2, 1, 1]),
        ([0, 1, 2, 2], ("", "changed", "unchanged"), {"changed": 2, "unchanged": 1}, [0, 1, 2, 2]),
        ([0, 1, 2, 7], (), {"changed": 7}, None),
        ([0, 1, 7, 7], (), {"changed": 7}, [0, 1, 2, 2]),
    ],
)
def test_values_become_unchanged_and_changed(values, names, codes, expected):
    if expected is None:
        with pytest.raises(InputError, match="2"):
            marks(values, names, **codes)
    else:
        assert marks(values, names, **codes)[0] == expected


def test_what_was_taken_for_what_is_told_unless_it_was_said():
    assert marks([1, 2])[1] == ("labels: 2 was taken for changed, 1 for unchanged",)
    assert marks([1, 5], changed=5)[1] == ("labels: 5 was taken for changed, 1 for unchanged",)
    assert marks([1, 2], changed=1, unchanged=2)[1] == ()
    assert "codes 300 to 900 stand for classes 1 to 2" in marks([300, 900])[1][0]


@pytest.mark.parametrize(
    ("values", "codes"),
    [
        ([0, 0, 3, 4], {}),
        ([0, 1, 1, 1], {}),
        ([0, 2, 2, 2], {}),
        ([0, 0, 0, 0], {}),
        ([1, 2, 3, 3], {}),
        ([0, 1, 2, 2], {"changed": 1}),
        ([0, 1, 2, 2], {"changed": 3, "unchanged": 1}),
    ],
)
def test_other_values_are_listed(values, codes):
    with pytest.raises(InputError) as caught:
        marks(values, **codes)
    said = str(caught.value)
    for value in set(values):
        assert f"{value} ({values.count(value)} pixels)" in said
    assert "--changed N --unchanged M" in said


def test_labels_are_cut_to_what_both_dates_show():
    array = np.random.default_rng(0).normal(size=(2, 20, 24)).astype(np.float32)
    a, b, c, d, e, f = NORTH_UP.transform
    before = Cube.from_array(array, georef=NORTH_UP)
    later = Georef((a, b, c + 3 * a, d, e, f + 5 * e), NORTH_UP.crs)
    pair = Pair.of(*on_one_grid(before, Cube.from_array(array, georef=later))[:2])
    labels = np.arange(480, dtype=np.int32).reshape(20, 24)
    assert pair.shape[1:] == (15, 21)
    np.testing.assert_array_equal(on_pair(labels, before, pair), labels[Window(5, 3, 15, 21).slices])
    whole = Pair.of(before, before)
    assert on_pair(labels, before, whole) is labels
