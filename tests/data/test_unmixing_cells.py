"""Means of abundances over cells that are larger than pixels."""

import numpy as np
import pytest

from hypersigma.cube import Cube
from hypersigma.data.unmixing import UnmixingScene
from hypersigma.data.unmixing_cells import Cells
from hypersigma.data.unmixing_scores import agreement
from hypersigma.errors import InputError


@pytest.mark.parametrize("fraction", [(7, 2), (10, 3), (3, 1), (5, 4)])
def test_cells_are_means_of_the_ground_in_them(fraction: tuple[int, int]) -> None:
    side, of = fraction
    shares = np.random.default_rng(0).random((3, 20, 15))
    cells = Cells((4, 3), side / of)
    # pixels cut into pieces of which a cell has a whole number
    pieces = shares.repeat(of, axis=1).repeat(of, axis=2)[:, : 4 * side, : 3 * side]
    expected = pieces.reshape(3, 4, side, 3, side).mean(axis=(2, 4))
    np.testing.assert_allclose(cells.means(shares), expected, atol=1e-12)


def test_cells_without_all_of_their_ground_are_unknown() -> None:
    shares = np.ones((1, 7, 6))
    shares[0, 0, 1] = np.nan
    means = Cells((3, 2), 2.5).means(shares)
    # the first holds the pixel without data, the last row reaches out of the scene
    np.testing.assert_array_equal(np.isnan(means[0]), [[True, False], [False, False], [True, True]])
    np.testing.assert_allclose(means[0, 1], 1.0)


def test_a_truth_by_cells_is_compared_with_means() -> None:
    shares = np.random.default_rng(1).dirichlet([1.0, 1.0], (6, 6)).transpose(2, 0, 1)
    cells = Cells((2, 2), 3.0)
    cube = Cube.from_array(np.ones((5, 6, 6), np.float32))
    scene = UnmixingScene(cube, 2, None, cells.means(shares), None, ("a", "b"), truth_cells=cells)
    agreed = agreement(scene, np.ones((2, 5)), ["a", "b"], shares)
    assert agreed.metrics["armse"] == pytest.approx(0.0, abs=1e-12)
    with pytest.raises(InputError, match=r"needs \(materials, 2, 2\)"):
        UnmixingScene(cube, 2, None, shares, None, ("a", "b"), truth_cells=cells)


def test_no_cells_are_refused() -> None:
    with pytest.raises(InputError, match="of a side above 0"):
        Cells((2, 2), 0.0)
    with pytest.raises(InputError, match="at least one"):
        Cells((0, 2), 3.0)
