"""A truth is above 0 where there is something to find, from an array or a file, and of the scene's size."""

from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from hypersigma.cube import Cube
from hypersigma.data.truth import read_truth
from hypersigma.errors import InputError

SCENE = Cube.from_array(np.zeros((3, 4, 5), dtype=np.float32), name="field")
MARKS = np.zeros((4, 5), dtype=np.uint8)
MARKS[1, 2], MARKS[3, 4] = 1, 7


def test_no_truth_is_none() -> None:
    assert read_truth(SCENE, None) is None


@pytest.mark.parametrize("kind", [bool, np.uint8, np.int16, np.float32])
def test_an_array_is_a_truth_where_it_is_above_zero(kind: type) -> None:
    found = read_truth(SCENE, MARKS.astype(kind))
    assert found.dtype == np.bool_
    np.testing.assert_array_equal(found, MARKS > 0)
    np.testing.assert_array_equal(read_truth(SCENE, MARKS.astype(kind).tolist()), MARKS > 0)


def test_missing_and_negative_numbers_are_nothing_to_find() -> None:
    marks = MARKS.astype(np.float32)
    marks[0, 0], marks[0, 1] = np.nan, -1.0
    np.testing.assert_array_equal(read_truth(SCENE, marks), MARKS > 0)


@pytest.mark.parametrize("shape", [(5, 4), (4, 5, 1), (20,), ()])
def test_a_truth_of_another_size_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="4 rows x 5 columns"):
        read_truth(SCENE, np.zeros(shape))


@pytest.mark.parametrize("empty", [False, True])
def test_a_matlab_file_is_a_truth_even_of_nothing(tmp_path: Path, empty: bool) -> None:
    marks = MARKS * (not empty)
    savemat(tmp_path / "truth.mat", {"map": marks})
    for path in (tmp_path / "truth.mat", str(tmp_path / "truth.mat")):
        np.testing.assert_array_equal(read_truth(SCENE, path), marks > 0)


def test_a_variable_is_chosen_by_its_name(tmp_path: Path) -> None:
    savemat(tmp_path / "truth.mat", {"map": MARKS, "other": 1 - np.minimum(MARKS, 1)})
    np.testing.assert_array_equal(read_truth(SCENE, tmp_path / "truth.mat", variable="other"), MARKS == 0)


def test_a_file_that_is_missing_or_of_another_size_is_refused(tmp_path: Path) -> None:
    savemat(tmp_path / "small.mat", {"map": MARKS[:2]})
    for name in ("small.mat", "none.mat"):
        with pytest.raises(InputError):
            read_truth(SCENE, tmp_path / name)
