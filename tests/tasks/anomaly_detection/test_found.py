"""Likeness to what was found: the plain formula, and its edges."""

from __future__ import annotations

import numpy as np
import pytest

from hypersigma.tasks.anomaly_detection.found import learn_found, likeness


def vectors(num: int = 400, dim: int = 6, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(num, dim)) * np.arange(1, dim + 1) + 3.0


def plain_likeness(pixels: np.ndarray, scores: np.ndarray, num_found: int) -> np.ndarray:
    """The formula in loops: whitened by the lowest 98 %, squared cosines to the second to sixth closest targets."""
    order = np.argsort(scores, kind="stable")
    background = pixels[order[: int(0.98 * len(order))]]
    mean, covariance = background.mean(axis=0), np.cov(background.T)
    covariance += 1e-2 * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    precision = np.linalg.inv(covariance)
    centred = pixels - mean
    targets = centred[order[::-1][:num_found]]
    found = []
    for pixel in centred:
        cosines = sorted(
            (
                max(0.0, pixel @ precision @ target)
                / np.sqrt((pixel @ precision @ pixel) * (target @ precision @ target))
                for target in targets
            ),
            reverse=True,
        )
        found.append(np.mean(np.square(cosines[1:6])))
    return np.array(found)


@pytest.mark.parametrize(("share", "num_found"), [(0.0015, 5), (0.02, 8), (0.5, 200)])
def test_it_is_the_plain_formula(share: float, num_found: int) -> None:
    pixels = vectors()
    scores = np.random.default_rng(1).random(len(pixels))
    learned = learn_found(pixels, scores, share)
    assert learned["targets"].shape == (6, num_found)
    np.testing.assert_allclose(likeness(learned, pixels), plain_likeness(pixels, scores, num_found), atol=1e-5)


def test_pixels_of_the_kind_that_was_found_stand_out() -> None:
    pixels = vectors()
    pixels[:20] += 40.0
    scores = np.zeros(len(pixels))
    scores[:6] = 1.0  # the detector has seen six of the twenty
    alike = likeness(learn_found(pixels, scores, 0.015), pixels)
    assert alike[:20].min() > alike[20:].max()


def test_of_many_targets_an_even_choice_is_kept() -> None:
    pixels = vectors(num=1000)
    assert learn_found(pixels, np.arange(1000.0), 0.9)["targets"].shape == (6, 256)


def test_what_has_no_data_has_no_likeness_and_the_length_of_a_vector_does_not_count() -> None:
    pixels = vectors(num=50)
    learned = learn_found(pixels, np.arange(50.0), 0.1)
    some = np.stack([pixels[3], learned["mean"] + 7.0 * (pixels[3] - learned["mean"]), np.full(6, np.nan)])
    alike = likeness(learned, some)
    assert alike[0] == pytest.approx(alike[1], abs=1e-6)
    assert np.isnan(alike[2])


def test_a_single_dimension_and_constant_vectors() -> None:
    one = vectors(num=60, dim=1)
    assert np.isfinite(likeness(learn_found(one, np.arange(60.0), 0.1), one)).all()
    flat = np.ones((30, 4))
    np.testing.assert_array_equal(likeness(learn_found(flat, np.arange(30.0), 0.1), flat), 0.0)
