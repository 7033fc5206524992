"""Pseudo-labels are stated shares of the pixels with a score: lowest as background, highest as found."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hypersigma.cube import Cube
from hypersigma.data.detection import DetectionScene
from hypersigma.data.pseudo_labels import pseudo_labelled
from hypersigma.data.targets import Target
from hypersigma.errors import InputError


def scene(rows: int, cols: int, target: Target | None = None) -> DetectionScene:
    return DetectionScene(
        cube=Cube.from_array(np.zeros((2, rows, cols), dtype=np.float32), name="field"), target=target
    )


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    missing=st.floats(0.0, 0.8),
    background_share=st.floats(0.0, 0.6),
    target_share=st.floats(0.0, 0.3),
    levels=st.sampled_from([2, 7, 100_000]),
)
def test_labels_have_their_shares_and_the_right_ends(
    seed: int, missing: float, background_share: float, target_share: float, levels: int
) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, levels, (9, 11)).astype(np.float32)
    scores[rng.random((9, 11)) < missing] = np.nan
    num = int(np.isfinite(scores).sum())
    labels = pseudo_labelled(scene(9, 11), scores, background_share, target_share).labels
    assert labels.shape == (9, 11)
    assert not labels[np.isnan(scores)].any()
    # ties are broken, so shares are kept
    assert (labels == 2).sum() == max(1, int(target_share * num))
    assert (labels == 1).sum() == max(1, int(background_share * num))
    assert scores[labels == 2].min() >= np.max(
        scores[labels != 2], initial=-np.inf, where=np.isfinite(scores[labels != 2])
    )
    assert scores[labels == 1].max() <= np.min(
        scores[labels != 1], initial=np.inf, where=np.isfinite(scores[labels != 1])
    )


def test_the_same_scores_give_the_same_labels_and_infinite_ones_none() -> None:
    scores = np.array([[1.0, 1.0, 1.0], [np.inf, -np.inf, np.nan]], dtype=np.float32)
    first, second = (pseudo_labelled(scene(2, 3), scores, 0.3, 0.1).labels for _ in range(2))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, [[1, 0, 2], [0, 0, 0]])


def test_two_pixels_are_one_of_each() -> None:
    labelled = pseudo_labelled(scene(1, 2), np.array([[5.0, -5.0]], dtype=np.float32), 0.3, 0.0015)
    np.testing.assert_array_equal(labelled.labels, [[2, 1]])
    assert labelled.legend.names == ("background", "found")
    assert labelled.spectrum is None


@pytest.mark.parametrize("num", [0, 1])
def test_fewer_than_two_scores_are_too_few(num: int) -> None:
    scores = np.where(np.arange(6).reshape(2, 3) < num, 1.0, np.nan).astype(np.float32)
    with pytest.raises(InputError, match=f"field: {num} pixels"):
        pseudo_labelled(scene(2, 3), scores, 0.3, 0.1)


def test_the_spectrum_is_the_mean_of_those_looked_for() -> None:
    target = Target(np.array([[1.0, 2.0], [3.0, np.nan]]))
    labelled = pseudo_labelled(scene(1, 2, target), np.array([[0.0, 1.0]], dtype=np.float32), 0.5, 0.5)
    np.testing.assert_array_equal(labelled.spectrum, [2.0, 2.0])
