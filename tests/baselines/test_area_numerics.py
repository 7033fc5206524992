"""Area profiles agree with the definition, and a margin of as many pixels as the area makes blocks exact."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from hypersigma.baselines._area import area_profile

NEIGHBOURS = np.ones((3, 3))


def opening(image: NDArray[Any], area: int) -> NDArray[np.float64]:
    """Each pixel's highest level at which it lies in a connected shape of that area, at least its island's lowest."""
    valid = np.isfinite(image)
    islands, num = ndimage.label(valid, NEIGHBOURS)
    opened = np.full(image.shape, np.nan)
    for island in range(1, num + 1):
        opened[islands == island] = image[islands == island].min()
    for level in np.unique(image[valid]):
        shapes, num = ndimage.label(valid & (image >= level), NEIGHBOURS)
        large = np.flatnonzero(np.bincount(shapes.ravel(), minlength=num + 1) >= area)
        opened[np.isin(shapes, large[large > 0])] = level
    return opened


def profile(image: NDArray[Any], area: int) -> NDArray[np.float64]:
    closing = -opening(-image, area)
    return np.abs(opening(image, area) - image) + np.abs(closing - image)


def levels(rows: int, cols: int, no_data: float, seed: int, smooth: float = 1.0) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    rough = ndimage.gaussian_filter(rng.normal(size=(rows, cols)), smooth)
    image = np.round(255.0 * (rough - rough.min()) / np.ptp(rough))
    image[rng.random((rows, cols)) < no_data] = np.nan
    return image


@pytest.mark.parametrize("no_data", [0.0, 0.1, 0.6])
@pytest.mark.parametrize("area", [1, 2, 9, 30])
def test_scores_are_those_of_the_definition(area: int, no_data: float) -> None:
    image = levels(24, 21, no_data, seed=area)
    np.testing.assert_array_equal(area_profile(image, area), profile(image, area))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 8), st.sampled_from([0.0, 0.2, 0.6]), st.sampled_from([0.3, 2.0]))
def test_a_margin_of_the_area_makes_a_block_exact(seed: int, area: int, no_data: float, smooth: float) -> None:
    image = levels(30, 30, no_data, seed, smooth)
    top, left, size = 11, 7, 9
    rows = slice(max(top - area, 0), top + size + area)
    cols = slice(max(left - area, 0), left + size + area)
    inside = (slice(top - rows.start, top - rows.start + size), slice(left - cols.start, left - cols.start + size))
    whole = area_profile(image, area)[top : top + size, left : left + size]
    np.testing.assert_array_equal(area_profile(image[rows, cols], area)[inside], whole)


def test_a_long_thin_shape_is_known_from_a_margin() -> None:
    """The worst case: a shape of exactly the area, straight away from the block."""
    image = np.zeros((3, 40))
    image[1, 10:20] = 200.0
    assert area_profile(image, 10)[1, 10] == 0.0
    assert area_profile(image[:, :20], 10)[1, 10] == 0.0
    assert area_profile(image[:, :19], 10)[1, 10] == 200.0


def test_no_data_is_no_shape_and_joins_none() -> None:
    image = np.full((9, 9), 100.0)
    image[2:4, 2:4], image[2:4, 5:7] = 150.0, 150.0
    image[2:4, 4] = np.nan
    scores = area_profile(image, 5)
    assert np.isnan(scores[2:4, 4]).all()
    assert np.all(scores[2:4, [2, 3, 5, 6]] == 50.0)
    assert np.nansum(scores) == 8 * 50.0
    assert np.isnan(area_profile(np.full((4, 4), np.nan), 3)).all()
