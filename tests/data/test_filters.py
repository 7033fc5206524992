"""Spatial filters: what they leave unchanged, what they smooth, and that no data neither leaks nor spreads."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hypersigma.data.filters import (
    Profile,
    gaussian,
    gaussian_stack,
    guided_filter,
    morphological_profile,
    segment_means,
    superpixels,
)

rng = np.random.default_rng(0)


def two_halves(noise: float = 0.0) -> np.ndarray:
    """(1, 20, 20) with 0 on the left and 1 on the right half, and noise."""
    image = np.zeros((1, 20, 20))
    image[:, :, 10:] = 1.0
    return image + noise * np.random.default_rng(1).normal(size=image.shape)


def holed(array: np.ndarray) -> np.ndarray:
    array = array.copy()
    array[:, 4:7, 9:12] = np.nan
    return array


def test_gaussian_keeps_constants_and_leaves_holes() -> None:
    smooth = gaussian(holed(np.full((2, 20, 20), 3.0)), 2.0)
    hole = np.isnan(holed(np.zeros((2, 20, 20))))
    np.testing.assert_array_equal(np.isnan(smooth), hole)
    np.testing.assert_allclose(smooth[~hole], 3.0, rtol=1e-5)


def test_what_stood_in_a_hole_does_not_matter() -> None:
    array = rng.normal(size=(2, 20, 20))
    other = array.copy()
    array[0, 5, 5] = np.inf
    other[0, 5, 5] = np.nan
    np.testing.assert_allclose(gaussian(array, 1.0), gaussian(other, 1.0))


def test_stack_has_a_copy_for_each_sigma() -> None:
    array = rng.normal(size=(3, 12, 10))
    stack = gaussian_stack(array, (1.0, 2.0))
    assert stack.shape == (6, 12, 10)
    np.testing.assert_array_equal(stack[3:], gaussian(array, 2.0))
    assert stack[:3].std() > stack[3:].std()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 4), st.booleans())
def test_guided_scores_still_sum_to_one(seed: int, radius: int, with_hole: bool) -> None:
    random = np.random.default_rng(seed)
    scores = random.dirichlet(np.ones(4), size=(15, 12)).transpose(2, 0, 1)
    guide = random.normal(size=(2, 15, 12))
    if with_hole:
        guide[:, 5, 5] = np.nan
    smooth = guided_filter(scores, guide, radius, 0.1)
    np.testing.assert_allclose(smooth.sum(axis=0)[np.isfinite(guide).all(axis=0)], 1.0, rtol=1e-5)
    np.testing.assert_array_equal(np.isnan(smooth[0]), np.isnan(guide[0]))


def test_guided_filter_is_the_formula_window_by_window() -> None:
    scores, guide, radius, eps = rng.random((1, 9, 8)), rng.normal(size=(2, 9, 8)), 2, 0.05
    slope, offset = np.zeros((2, 9, 8)), np.zeros((9, 8))

    def window(row: int, col: int) -> tuple[slice, slice]:
        return slice(max(0, row - radius), row + radius + 1), slice(max(0, col - radius), col + radius + 1)

    for row, col in np.ndindex(9, 8):
        seen, score = guide[(slice(None), *window(row, col))].reshape(2, -1), scores[0][window(row, col)].ravel()
        middle = seen.mean(axis=1)
        cross = (seen - middle[:, None]) @ (score - score.mean()) / score.size
        slope[:, row, col] = np.linalg.solve(np.cov(seen, bias=True) + eps * np.eye(2), cross)
        offset[row, col] = score.mean() - slope[:, row, col] @ middle
    expected = np.zeros((9, 8))
    for row, col in np.ndindex(9, 8):
        part = window(row, col)
        expected[row, col] = slope[(slice(None), *part)].mean(axis=(1, 2)) @ guide[:, row, col] + offset[part].mean()
    np.testing.assert_allclose(guided_filter(scores, guide, radius, eps)[0], expected, rtol=1e-5)


def test_guided_filter_smooths_inside_and_keeps_the_edge() -> None:
    smooth = guided_filter(two_halves(noise=0.3), 10 * two_halves(), 3, 1e-3)[0]
    assert smooth[:, :10].std() < 0.1
    assert smooth[:, 10].mean() - smooth[:, 9].mean() > 0.8


def test_superpixels_follow_the_edge_and_skip_no_data() -> None:
    array = holed(10 * two_halves(noise=0.05))
    segments = superpixels(array, 8)
    np.testing.assert_array_equal(segments == 0, np.isnan(array[0]))
    left, right = set(segments[:, :10].ravel()) - {0}, set(segments[:, 10:].ravel()) - {0}
    assert not left & right
    assert not superpixels(np.full((1, 5, 5), np.nan), 4).any()


def test_superpixels_without_holes_are_close_to_the_number_asked() -> None:
    segments = superpixels(rng.normal(size=(2, 30, 30)) * 0.01, 9)
    assert 6 <= segments.max() <= 12
    assert segments.min() == 1


def test_compactness_is_in_units_of_the_array() -> None:
    array = rng.normal(size=(2, 30, 30))
    first = superpixels(array, 9, compactness=2.0)
    np.testing.assert_array_equal(superpixels(array * 4.0, 9, compactness=8.0), first)


def test_segment_means_are_means() -> None:
    array = holed(rng.normal(size=(2, 20, 20)))
    segments = np.ones((20, 20), dtype=np.int64)
    segments[:, 10:] = 3
    segments[0, 0] = 0
    means = segment_means(array, segments)
    assert np.isnan(means[:, 0, 0]).all()
    assert np.isnan(means[:, 5, 10]).all()
    np.testing.assert_allclose(means[1, 8, 2], np.nanmean(array[1][(segments == 1) & np.isfinite(array[1])]), rtol=1e-5)
    np.testing.assert_allclose(means[0, 8, 15], np.nanmean(array[0, :, 10:]), rtol=1e-5)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_profile_removes_what_is_smaller_than_the_disc(sign: float) -> None:
    image = np.zeros((1, 20, 20))
    image[0, 3, 3] = sign
    image[0, 8:16, 8:16] = sign
    profile = morphological_profile(image, (1, 5))
    assert profile.shape == (5, 20, 20)
    band, small, large = profile[[0, 1, 2]] if sign > 0 else profile[[0, 3, 4]]
    np.testing.assert_array_equal(band, image[0])
    assert small[3, 3] == 0.0
    assert small[8, 8] == sign
    np.testing.assert_array_equal(large, 0.0)


def test_profile_is_not_disturbed_by_no_data() -> None:
    image = np.full((1, 20, 20), 5.0)
    profile = morphological_profile(holed(image), (1, 3))
    hole = np.isnan(holed(image)[0])
    assert np.isnan(profile[:, hole]).all()
    np.testing.assert_allclose(profile[:, ~hole], 5.0)


def test_a_shape_grows_back_no_further_than_it_may() -> None:
    """A bar of three rows and 30 columns, of which the disc finds the thick end alone."""
    image = np.zeros((1, 15, 40))
    image[0, 6:9, 5:35], image[0, 4:11, 5:12] = 1.0, 1.0
    whole = morphological_profile(image, (3,))[1]
    np.testing.assert_array_equal(whole, image[0])
    near = morphological_profile(image, (3,), num_growth=10)[1]
    np.testing.assert_array_equal(near[:, :20], image[0, :, :20])
    assert not near[:, 20:].any()
    np.testing.assert_array_equal(morphological_profile(image, (3,), num_growth=40)[1], whole)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 3), st.integers(0, 4), st.data())
def test_a_profile_in_a_window_with_its_margin_is_that_of_the_whole(
    seed: int, radius: int, growth: int, data: st.DataObject
) -> None:
    image = holed(np.random.default_rng(seed).normal(size=(2, 25, 30)))
    first = data.draw(st.integers(0, 28))
    last = data.draw(st.integers(first + 1, 30))
    low, high = max(0, first - radius - growth), min(30, last + radius + growth)
    whole = morphological_profile(image, (radius,), growth)
    part = morphological_profile(image[:, :, low:high], (radius,), growth)
    np.testing.assert_array_equal(part[:, :, first - low : last - low], whole[:, :, first:last])
    np.testing.assert_array_equal(np.isnan(whole), np.repeat(np.isnan(image), 3, axis=0))


@pytest.mark.parametrize("height", [1, 7, 40])
@pytest.mark.parametrize("growth", [0, 9])
def test_a_profile_that_comes_strip_by_strip_is_that_of_the_whole(height: int, growth: int) -> None:
    image = holed(np.random.default_rng(0).normal(size=(1, 33, 30)).astype(np.float32))
    whole = morphological_profile(image, (1, 3, 2), growth)
    profile = Profile((1, 3, 2), growth)
    assert profile.behind == 3 + growth
    rows = np.concatenate([image[0], np.full((profile.behind + height, 30), np.nan, dtype=np.float32)])
    parts = [profile.of(rows[top : top + height]) for top in range(0, 33 + profile.behind, height)]
    np.testing.assert_array_equal(np.concatenate(parts, axis=1)[:, profile.behind : profile.behind + 33], whole)


@pytest.mark.parametrize("growth", [None, 3])
def test_shapes_are_not_disturbed_by_no_data(growth: int | None) -> None:
    image = holed(np.zeros((1, 20, 20)))
    # A strip of one pixel between two holes.
    image[:, 4:7, 13:16] = np.nan
    hole = np.isnan(image[0])
    for level in (5.0, -5.0):
        found = morphological_profile(image + level, (1, 2), growth)
        assert np.isnan(found[:, hole]).all()
        np.testing.assert_allclose(found[:, ~hole], level)
