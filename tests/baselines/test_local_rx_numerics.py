"""Local RX agrees with a plain loop and with Spectral Python, at borders and next to no data too."""

from functools import partial
from typing import Any

import numpy as np
import pytest
import spectral
from numpy.typing import NDArray

from hypersigma.baselines import _local_rx
from hypersigma.baselines._local_rx import local_rx
from tests.baselines.rings import one_by_one, padded, scene


def distance(samples: NDArray[Any], pixel: NDArray[Any], loading: float) -> float:
    covariance = np.cov(samples.T)
    covariance += loading * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    difference = pixel - samples.mean(axis=0)
    return float(difference @ np.linalg.solve(covariance, difference))


@pytest.mark.parametrize(
    ("num_bands", "inner", "outer", "loading", "size"),
    [
        (3, 1, 3, 1e-2, (7, 9)),
        (5, 3, 9, 1e-3, (20, 13)),
        (5, 17, 31, 1e-3, (12, 12)),
        (20, 5, 11, 1e-3, (12, 10)),
        (30, 3, 11, 1e-3, (12, 10)),
        (60, 3, 7, 1e-3, (11, 12)),
        (200, 5, 15, 1e-3, (17, 16)),
        (200, 3, 17, 1e-3, (18, 17)),
    ],
)
@pytest.mark.parametrize("no_data", [0.0, 0.3])
def test_scores_are_those_of_a_plain_loop(
    num_bands: int, inner: int, outer: int, loading: float, size: tuple[int, int], no_data: float
) -> None:
    array = scene(num_bands, *size, no_data=no_data)
    scores = local_rx(padded(array, outer), inner, outer, loading)
    plain = one_by_one(array, inner, outer, partial(distance, loading=loading))
    assert scores.dtype == np.float64
    np.testing.assert_allclose(scores, plain, rtol=1e-6)


def test_scores_are_those_of_spectral_python() -> None:
    array = scene(20, 24, 22)
    theirs = spectral.rx(array.transpose(1, 2, 0).astype(np.float64), window=(5, 15))
    inside = (slice(7, -7), slice(7, -7))
    np.testing.assert_allclose(local_rx(padded(array, 15), 5, 15, 0.0)[inside], theirs[inside], rtol=1e-3)


@pytest.mark.parametrize(("num_bands", "windows"), [(5, (3, 9)), (20, (5, 15)), (40, (3, 9)), (90, (3, 9))])
def test_the_cut_into_blocks_changes_nothing(num_bands: int, windows: tuple[int, int]) -> None:
    array = scene(num_bands, 26, 24, no_data=0.1)
    radius = windows[1] // 2
    whole, around = local_rx(padded(array, windows[1]), *windows, 1e-3), padded(array, windows[1])
    for rows, cols in ((slice(0, 11), slice(5, 24)), (slice(11, 26), slice(0, 9))):
        block = around[:, rows.start : rows.stop + 2 * radius, cols.start : cols.stop + 2 * radius]
        np.testing.assert_allclose(local_rx(block, *windows, 1e-3), whole[rows, cols], rtol=1e-9)


def test_blocks_of_rows_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    array = padded(scene(4, 19, 12, no_data=0.1), 7)
    whole = local_rx(array, 3, 7, 1e-3)
    monkeypatch.setattr(_local_rx, "_BLOCK_BYTES", 5 * 12 * 16 * 8)
    np.testing.assert_array_equal(local_rx(array, 3, 7, 1e-3), whole)


@pytest.mark.parametrize("num_bands", [4, 30, 130])
def test_flat_regions_score_zero_and_what_stands_out_of_them_much(num_bands: int) -> None:
    array = np.full((num_bands, 15, 15), 4095.3, dtype=np.float32)
    assert np.all(local_rx(padded(array, 9), 3, 9, 1e-3) < 1e-6)
    assert np.all(local_rx(padded(0.0 * array, 9), 3, 9, 0.0) == 0.0)
    array[:, 7, 7] += 1.0
    scores = local_rx(padded(array, 9), 3, 9, 1e-3)
    assert np.isfinite(scores).all()
    assert np.argmax(scores) == 7 * 15 + 7
    assert scores[7, 7] > 1e3


@pytest.mark.parametrize("num_bands", [4, 30, 130])
def test_a_pixel_without_data_or_enough_samples_has_no_score(num_bands: int) -> None:
    array = np.full((num_bands, 9, 9), np.nan, dtype=np.float32)
    assert np.isnan(local_rx(padded(array, 5), 3, 5, 1e-3)).all()
    array[:, 4, 4], array[:, 2, 2], array[:, 2, 6] = 1.0, 2.0, 3.0
    assert np.isnan(local_rx(padded(array, 5), 3, 5, 1e-3)).all()
    array[:, 6, 6] = 5.0
    scores = local_rx(padded(array, 5), 3, 5, 1e-3)
    assert np.array_equal(np.argwhere(np.isfinite(scores)), [[4, 4]])
