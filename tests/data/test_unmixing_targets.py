"""Targets of known area: what their figures are where it can be counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from hypersigma.data.unmixing import UnmixingScene
from hypersigma.data.unmixing_targets import KnownTarget, target_figures
from hypersigma.errors import InputError
from tests.fakes.mixtures import mixed

TRUTH = np.full((3, 4, 5), np.nan)
TRUTH[:, 1, 1] = 1, 0, 0
TRUTH[:, 2, 3] = 0, 1, 0
TRUTH[:, 0], TRUTH[:, 3] = np.eye(3)[2][:, None], np.eye(3)[2][:, None]


def square(row: int, col: int) -> np.ndarray:
    mask = np.zeros((4, 5), dtype=bool)
    mask[row : row + 2, col : col + 2] = True
    return mask


# tar takes two pixels of four, tin all of its own
TARGETS = (KnownTarget(0, square(1, 0), 2.0, "large"), KnownTarget(1, square(1, 3), 4.0, "small"))


def shares_of(tar: float, tin: float) -> np.ndarray:
    """Abundances (3, 4, 5): so much of each in every pixel of its target, the third the rest."""
    shares = np.zeros((3, 4, 5))
    shares[0, square(1, 0)], shares[1, square(1, 3)] = tar, tin
    shares[2] = 1 - shares[:2].sum(axis=0)
    return shares


def test_what_is_as_large_as_it_should_be_has_no_error_of_area() -> None:
    figures = target_figures(TARGETS, TRUTH, shares_of(0.5, 1.0))
    assert figures == pytest.approx(
        {"area": 0, "area_large": 0, "area_small": 0, "auc": 1.0, "inside": 0.25, "outside": 0}
    )


def test_errors_of_area_do_not_cancel() -> None:
    figures = target_figures(TARGETS, TRUTH, shares_of(0.75, 0.75))
    assert figures["area_large"] == pytest.approx(1 / 2)
    assert figures["area_small"] == pytest.approx(1 / 4)
    assert figures["area"] == pytest.approx((1 + 1) / 6)


def test_a_material_that_is_not_found_has_no_area_and_no_rank() -> None:
    figures = target_figures(TARGETS[:1], TRUTH, np.zeros((3, 4, 5)))
    assert figures["area"] == figures["inside"] == 1.0
    assert figures["auc"] == pytest.approx(0.5)


def test_abundance_off_the_targets_counts_and_pixels_without_data_do_not() -> None:
    shares = shares_of(0.5, 1.0)
    shares[0, 0, :], shares[:, 3, 4] = 0.3, np.nan
    figures = target_figures(TARGETS, TRUTH, shares)
    # rows 0 and 3 are off the targets, less a pixel: of ten numbers of row 0 five are 0.3
    assert figures["outside"] == pytest.approx(5 * 0.3 / (2 * 9))
    assert figures["area"] == pytest.approx(0)


def test_targets_go_with_true_abundances() -> None:
    with pytest.raises(InputError, match="need true abundances"):
        UnmixingScene(mixed(), 3, truth_targets=TARGETS)
