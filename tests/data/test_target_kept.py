"""Targets are put into a scene, and what a denoising leaves of them is told."""

import numpy as np
import pytest

from hypersigma.data.target_kept import FRACTIONS, targets_kept, tried_part


def scene(rows=40, cols=40, bands=10):
    return np.random.default_rng(0).standard_normal((bands, rows, cols)).astype(np.float32)


@pytest.mark.parametrize("target", [None, 8 * np.sin(np.arange(10.0))])
def test_nothing_is_lost_where_nothing_is_done(target):
    found = targets_kept(scene(), lambda image: image, target)
    np.testing.assert_allclose(found.kept, 1.0)
    assert found.fractions == FRACTIONS


def test_answers_are_shares_of_a_pixel_and_half_is_half():
    image = scene()
    found = targets_kept(image, lambda put: 0.5 * put, 20 * np.sin(np.arange(10.0)))
    np.testing.assert_allclose(found.before, FRACTIONS, atol=0.1)
    np.testing.assert_allclose(found.kept, 0.5, atol=0.05)


def test_targets_that_are_taken_out_are_missed():
    image = scene()
    found = targets_kept(image, lambda put: image, 30 * np.sin(np.arange(10.0)))
    assert max(found.kept) < 0.3


def test_a_scene_too_small_or_empty_tells_nothing():
    assert targets_kept(scene(6, 6), lambda image: image) is None
    assert targets_kept(np.full((10, 40, 40), np.nan, np.float32), lambda image: image) is None
    assert targets_kept(np.ones((10, 40, 40), np.float32), lambda image: image) is None


def test_the_middle_of_a_scene_is_tried():
    assert tried_part(200, 50) == (slice(52, 148), slice(0, 50))
