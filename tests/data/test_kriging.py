"""What a regression leaves, brought onto small pixels."""

from __future__ import annotations

import numpy as np

from hypersigma.data.kriging import Colours, evened, kriged


def field(rows: int, cols: int, generator: np.random.Generator) -> tuple[np.ndarray, Colours]:
    """A field on pixels half as wide as the scene's, that is a curve of one colour; and that colour."""
    fine = generator.normal(size=(1, 2 * rows, 2 * cols)).astype(np.float32)
    quarters = fine.reshape(1, rows, 2, cols, 2).transpose(2, 4, 0, 1, 3).reshape(4, 1, rows, cols)
    offsets = np.array([(row, col) for row in (-0.25, 0.25) for col in (-0.25, 0.25)])
    return np.sin(fine), Colours(quarters, offsets, fine, (np.indices((2 * rows, 2 * cols)) + 0.5) / 2)


def means(fine: np.ndarray) -> np.ndarray:
    return fine.reshape(len(fine), fine.shape[1] // 2, 2, fine.shape[2] // 2, 2).mean(axis=(2, 4))


def test_a_curve_of_the_companion_is_told_and_means_stay() -> None:
    truth, colours = field(40, 20, np.random.default_rng(0))
    coarse = means(truth)
    found = kriged(coarse, np.ones(coarse.shape[1:], dtype=bool), colours)
    assert np.abs(found - truth).mean() < 0.1 * np.abs(truth).mean()
    np.testing.assert_allclose(means(found), coarse, atol=0.02)


def test_unknown_pixels_play_no_part_and_few_tell_nothing() -> None:
    truth, colours = field(12, 12, np.random.default_rng(0))
    coarse = means(truth)
    known = np.ones(coarse.shape[1:], dtype=bool)
    known[4, 5] = False
    spoilt = np.where(known, coarse, 1e6).astype(np.float32)
    np.testing.assert_array_equal(kriged(spoilt, known, colours), kriged(coarse, known, colours))
    assert not kriged(coarse, np.indices(known.shape).sum(axis=0) < 3, colours).any()


def test_colours_are_even_and_flat_ones_are_left_out() -> None:
    generator = np.random.default_rng(0)
    image = generator.normal(size=(2, 30, 30)).astype(np.float32) * np.array([10, 1])[:, None, None] + 5
    image = np.concatenate([image, np.ones((1, 30, 30), dtype=np.float32)]).astype(np.float32)
    parts, fine = evened(image[None], image, np.ones((30, 30), dtype=bool))
    assert parts.shape == (1, 2, 30, 30)
    deviations = fine.std(axis=(1, 2))
    np.testing.assert_allclose(np.square(deviations).mean(), 1, rtol=0.01)
    np.testing.assert_allclose(deviations.max() / deviations.min(), 10**0.25, rtol=0.05)
