"""Objects from scores, and a threshold that targets do not move."""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from hypersigma.cube import ArraySource, Cube
from hypersigma.data.detections import find_objects, robust_threshold
from hypersigma.errors import ConfigError, InputError

BACKGROUNDS = {
    "gaussian": stats.norm(),
    "chi2_1": stats.chi2(1),
    "chi2_50": stats.chi2(50),
    "lognormal_half": stats.lognorm(0.5),
    "lognormal": stats.lognorm(1.0),
    "exponential": stats.expon(),
}


def cube(rows: int, cols: int, bands: int = 4) -> Cube:
    values = np.arange(bands * rows * cols, dtype=np.float32).reshape(bands, rows, cols)
    return Cube.from_array(values, np.linspace(400.0, 700.0, bands))


def flooded(mask: np.ndarray) -> list[set[tuple[int, int]]]:
    """Connected pixels by a plain search."""
    left, parts = {(int(row), int(col)) for row, col in np.argwhere(mask)}, []
    while left:
        queue, part = deque([left.pop()]), set()
        while queue:
            row, col = queue.popleft()
            part.add((row, col))
            beside = {(row + down, col + right) for down in (-1, 0, 1) for right in (-1, 0, 1)} & left
            left -= beside
            queue.extend(beside)
        parts.append(part)
    return parts


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.05, 0.5))
def test_objects_are_what_a_plain_search_finds(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    score, mask = rng.random((9, 11)).astype(np.float32), rng.random((9, 11)) < share
    scene = cube(9, 11)
    objects = find_objects(score, mask, scene)
    expected = sorted(flooded(mask), key=lambda part: -max(score[pixel] for pixel in part))
    assert len(objects) == len(expected)
    for number, (item, part) in enumerate(zip(objects.found, expected, strict=True), start=1):
        here = {(int(row) + item.window.row, int(col) + item.window.col) for row, col in np.argwhere(item.mask)}
        assert here == part
        assert item.id == number
        assert item.num_pixels == len(part)
        assert item.peak == max(part, key=lambda pixel: score[pixel])
        assert item.peak_score == score[item.peak]
        assert item.mean_score == pytest.approx(np.mean([score[pixel] for pixel in part]))
        np.testing.assert_allclose(item.centroid, np.mean(list(part), axis=0) + 0.5)
        np.testing.assert_array_equal(item.spectrum, scene.read()[:, item.peak[0], item.peak[1]])


def test_the_rest_is_counted_and_said() -> None:
    score = np.zeros((10, 10))
    score[::2, ::2] = np.arange(25).reshape(5, 5)
    objects = find_objects(score, np.isin(np.arange(100).reshape(10, 10) % 2, 0) & (score > 0), cube(10, 10), most=5)
    assert [item.peak_score for item in objects.found] == [24, 23, 22, 21, 20]
    assert objects.num_left_out == 19
    assert objects.notes == ("24 objects were found; the 5 of the highest scores are listed",)
    assert not find_objects(score, score < 0, cube(10, 10)).found


def test_pixels_without_data_part_objects_and_bands_without_use_are_left_out() -> None:
    score = np.array([[1.0, np.nan, 2.0]])
    scene = cube(1, 3).dropped(np.array([False, True, False, False]), "noisy")
    objects = find_objects(score, np.ones((1, 3), dtype=bool), scene)
    assert [item.peak for item in objects.found] == [(0, 2), (0, 0)]
    assert objects.wavelengths.tolist() == [400.0, 600.0, 700.0]
    assert objects.found[0].spectrum.tolist() == [2.0, 8.0, 11.0]
    with pytest.raises(InputError, match=r"scores \(1, 3\) and mask \(1, 2\).*same size"):
        find_objects(score, np.ones((1, 2), dtype=bool), scene)


def test_only_the_peaks_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    windows = []
    read = ArraySource.read
    monkeypatch.setattr(ArraySource, "read", lambda self, bands, w: windows.append(w) or read(self, bands, w))
    score = np.random.default_rng(0).random((60, 70))
    find_objects(score, score > 0.9, cube(60, 70))
    assert windows == sorted(windows)
    assert {window[2:] for window in windows} == {(1, 1)}


@pytest.mark.parametrize("name", BACKGROUNDS)
@pytest.mark.parametrize(("num", "share"), [(6400, 0.0), (6400, 0.005), (6400, 0.02), (100_000, 0.0), (100_000, 0.02)])
def test_the_false_alarm_rate_is_that_asked_for(name: str, num: int, share: float) -> None:
    background, rng = BACKGROUNDS[name], np.random.default_rng(0)
    num_targets = int(share * num)
    middle, edge = background.median(), background.isf(1e-4)
    targets = middle + (edge - middle) * rng.normal(3.0, 0.3, num_targets)
    scores = np.concatenate([background.rvs(num - num_targets, random_state=rng), targets])
    threshold = robust_threshold(scores, 1e-3)
    assert 1e-3 / 3 < background.sf(threshold) < 3e-3
    assert (targets > threshold).all()


@pytest.mark.parametrize("name", BACKGROUNDS)
def test_a_million_pixels(name: str) -> None:
    background, rng = BACKGROUNDS[name], np.random.default_rng(1)
    scores = background.rvs(1_000_000, random_state=rng)
    assert 1e-3 / 3 < background.sf(robust_threshold(scores, 1e-3)) < 3e-3


def test_rates_follow_one_another_and_no_data_does_not_count() -> None:
    scores = np.random.default_rng(0).normal(size=(80, 80))
    rates = [0.5, 0.2, 0.05, 1e-2, 1e-3, 1e-4]
    thresholds = [robust_threshold(scores, rate) for rate in rates]
    assert thresholds == sorted(thresholds)
    holed = np.concatenate([scores.ravel(), np.full(5000, np.nan), [np.inf]])
    assert robust_threshold(holed, 1e-3) == thresholds[4]


def test_units_of_the_scores_do_not_matter() -> None:
    scores = np.random.default_rng(0).chisquare(5, 6400)
    assert robust_threshold(1e4 * scores + 7, 1e-3) == pytest.approx(1e4 * robust_threshold(scores, 1e-3) + 7, rel=1e-3)


@pytest.mark.parametrize("scores", [np.zeros(1000), np.arange(20.0), np.repeat([0.0, 1.0], [9990, 10]), np.ones(1)])
def test_scores_without_a_tail_have_a_threshold(scores: np.ndarray) -> None:
    assert scores.min() <= robust_threshold(scores, 1e-3) <= scores.max()


def test_what_cannot_be_answered_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"rate of 2: give a share between 0 and 1"):
        robust_threshold(np.zeros(3), 2.0)
    with pytest.raises(InputError, match="no pixel has a score"):
        robust_threshold(np.full((3, 3), np.nan), 0.1)
