"""Figures of denoised images without a truth, on images whose noise and signal are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from hypersigma.errors import InputError
from hypersigma.metrics.unreferenced import unreferenced_scores

BANDS, SIDE = 8, 96
LEVELS = np.linspace(0.05, 0.2, BANDS)


def noise() -> np.ndarray:
    return LEVELS[:, None, None] * np.random.default_rng(100).standard_normal((BANDS, SIDE, SIDE))


def signal() -> np.ndarray:
    """The same smooth image in all bands, but for their brightness."""
    image = ndimage.gaussian_filter(np.random.default_rng(101).standard_normal((SIDE, SIDE)), 3)
    return np.linspace(1, 2, BANDS)[:, None, None] * image / image.std()


def test_taking_out_the_noise_and_nothing_else() -> None:
    figures = unreferenced_scores(signal() + noise(), signal(), LEVELS, LEVELS / 10)
    assert figures["noise_left"] == pytest.approx(0.1)
    assert figures["removed_to_noise"] == pytest.approx(1.0, abs=0.02)
    assert figures["band_correlation"] < 0.03
    assert figures["pixel_correlation"] < 0.03


def test_signal_that_was_taken_out_shows_between_bands_and_pixels() -> None:
    noisy = signal() + noise()
    figures = unreferenced_scores(noisy, 0.5 * signal(), LEVELS, LEVELS)
    assert figures["removed_to_noise"] > 3
    assert figures["band_correlation"] > 0.9
    assert figures["pixel_correlation"] > 0.8


def test_correlations_are_those_of_numpy() -> None:
    before, after = noise(), np.zeros((BANDS, SIDE, SIDE))
    before[:, 3, 4] = np.nan
    figures = unreferenced_scores(before, after, LEVELS, LEVELS)
    flat = np.delete(before.reshape(BANDS, -1), 3 * SIDE + 4, axis=1)
    pairs = [abs(np.corrcoef(flat[band], flat[band + 1])[0, 1]) for band in range(BANDS - 1)]
    assert figures["band_correlation"] == pytest.approx(np.mean(pairs), rel=1e-9)


def test_doing_nothing_leaves_all_noise_and_no_correlation_to_speak_of() -> None:
    figures = unreferenced_scores(noise(), noise(), LEVELS, LEVELS)
    assert figures == {"noise_left": 1.0, "removed_to_noise": 0.0}


def test_bands_without_noise_have_no_part_in_shares_of_it() -> None:
    assert set(unreferenced_scores(noise(), signal(), 0 * LEVELS, LEVELS)) == {"band_correlation", "pixel_correlation"}


def test_pixels_without_a_neighbour_have_no_correlation_with_one() -> None:
    before = np.full((2, 3, 3), np.nan)
    before[:, 1, 1] = 1.0
    assert set(unreferenced_scores(before, 0 * before, [1.0, 1.0], [0.0, 0.0])) == {"noise_left", "removed_to_noise"}


@pytest.mark.parametrize(
    ("before", "after", "levels"),
    [
        (np.ones((2, 3, 3)), np.ones((2, 3, 4)), np.ones(2)),
        (np.ones((2, 3, 3)), np.ones((2, 3, 3)), np.ones(3)),
        (np.full((2, 3, 3), np.nan), np.ones((2, 3, 3)), np.ones(2)),
    ],
)
def test_images_that_do_not_fit(before: np.ndarray, after: np.ndarray, levels: np.ndarray) -> None:
    with pytest.raises(InputError, match="expected both images|no pixel has numbers"):
        unreferenced_scores(before, after, levels, levels)
