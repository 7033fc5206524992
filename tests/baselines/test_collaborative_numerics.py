"""The collaborative-representation detector agrees with a plain loop, at borders and next to no data too."""

from functools import partial
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from hypersigma.baselines import _collaborative
from hypersigma.baselines._collaborative import collaborative
from tests.baselines.rings import one_by_one, padded, scene


def residual(samples: NDArray[Any], pixel: NDArray[Any], penalty: float) -> float:
    """The least-squares solution of the regression with its penalty as further rows."""
    cost = penalty * np.square(samples - pixel).sum(axis=1) + 1e-9 * pixel @ pixel
    system = np.vstack([samples.T, np.diag(np.sqrt(cost))])
    weights, *_ = np.linalg.lstsq(system, np.concatenate([pixel, np.zeros(len(samples))]))
    return float(np.linalg.norm(pixel - samples.T @ weights))


@pytest.mark.parametrize(
    ("num_bands", "inner", "outer", "penalty"),
    [(5, 3, 7, 1e-2), (25, 13, 17, 1e-2), (25, 13, 17, 1e-6), (60, 3, 7, 1e-2), (60, 3, 7, 1e-6)],
)
@pytest.mark.parametrize("no_data", [0.0, 0.3])
def test_scores_are_those_of_a_plain_loop(
    num_bands: int, inner: int, outer: int, penalty: float, no_data: float
) -> None:
    array = scene(num_bands, 17, 15, no_data=no_data)
    scores = collaborative(padded(array, outer), inner, outer, penalty)
    plain = one_by_one(array, inner, outer, partial(residual, penalty=penalty))
    np.testing.assert_allclose(scores, plain, rtol=1e-6)


@pytest.mark.parametrize("num_bands", [5, 60])
def test_the_cut_into_blocks_changes_nothing(num_bands: int, monkeypatch: pytest.MonkeyPatch) -> None:
    array = padded(scene(num_bands, 17, 15, no_data=0.1), 7)
    whole = collaborative(array, 3, 7, 1e-4)
    monkeypatch.setattr(_collaborative, "_BATCH_BYTES", 40 * num_bands * 8 * 7)
    np.testing.assert_allclose(collaborative(array[:, 4:, :12], 3, 7, 1e-4), whole[4:, :6], rtol=1e-9)


@pytest.mark.parametrize("num_bands", [4, 60])
def test_samples_equal_to_their_pixel_explain_it(num_bands: int) -> None:
    array = np.full((num_bands, 12, 12), 0.7, dtype=np.float32)
    array[:, :, :2] = 0.0
    scores = collaborative(padded(array, 7), 3, 7, 1e-2)
    assert np.isfinite(scores).all()
    assert np.all(scores < 1e-6)


@pytest.mark.parametrize("num_bands", [4, 60])
def test_a_pixel_without_data_or_enough_samples_has_no_score(num_bands: int) -> None:
    array = np.full((num_bands, 9, 9), np.nan, dtype=np.float32)
    assert np.isnan(collaborative(padded(array, 5), 3, 5, 1e-2)).all()
    array[:, 4, 4], array[:, 2, 2], array[:, 2, 6] = 1.0, 2.0, 3.0
    assert np.isnan(collaborative(padded(array, 5), 3, 5, 1e-2)).all()
    array[:, 6, 6] = 5.0
    assert np.array_equal(np.argwhere(np.isfinite(collaborative(padded(array, 5), 3, 5, 1e-2))), [[4, 4]])
