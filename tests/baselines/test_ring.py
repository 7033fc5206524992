"""Sums over rings and their samples agree with the plain definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from hypersigma.baselines._ring import ring_offsets, ring_sum


@given(st.integers(0, 4), st.integers(1, 9), st.integers(1, 8), st.integers(1, 8))
def test_ring_sums_are_correlations_with_a_frame(half: int, width: int, rows: int, cols: int) -> None:
    inner, outer = 2 * half + 1, 2 * (half + width) + 1
    image = np.random.default_rng(rows).normal(size=(rows + outer - 1, cols + outer - 1))
    frame = np.ones((outer, outer))
    frame[width : width + inner, width : width + inner] = 0.0
    plain = ndimage.correlate(image, frame, mode="constant")[outer // 2 :, outer // 2 :][:rows, :cols]
    np.testing.assert_allclose(ring_sum(image, inner, outer), plain, atol=1e-10)


def test_a_bright_pixel_leaves_nothing_where_it_does_not_belong() -> None:
    image = np.random.default_rng(0).normal(size=(20, 20))
    bright = image.copy()
    bright[9, 9] = 1e12
    outside = np.ones((14, 14), dtype=bool)
    outside[3:10, 3:10] = False
    outside[5:8, 5:8] = True
    assert np.array_equal(ring_sum(image, 3, 7)[outside], ring_sum(bright, 3, 7)[outside])


@pytest.mark.parametrize(("inner", "outer"), [(1, 3), (5, 15), (17, 31)])
def test_offsets_are_those_of_the_samples(inner: int, outer: int) -> None:
    flags = np.zeros((outer, outer + 4))
    flags.ravel()[ring_offsets(inner, outer, outer + 4)] = 1.0
    assert flags.sum() == outer**2 - inner**2
    assert not flags[:, outer:].any()
    assert not flags[(outer - inner) // 2 :, (outer - inner) // 2 :][:inner, :inner].any()
