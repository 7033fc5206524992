"""The median around a pixel is that of the known scores there, as counted one by one."""

import numpy as np
import pytest

from hypersigma.tasks.anomaly_detection.surroundings import local_median


@pytest.mark.filterwarnings("ignore:All-NaN slice")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("missing", [0.0, 0.1, 0.7, 1.0])
@pytest.mark.parametrize("side", [1, 3, 9])
def test_medians_are_those_of_the_known_scores(side: int, missing: float, dtype: type) -> None:
    generator = np.random.default_rng(side)
    scores = generator.lognormal(size=(14 + side, 11 + side)).astype(dtype)
    scores[generator.random(scores.shape) < missing] = np.nan
    found = local_median(scores, side)
    assert found.shape == (15, 12)
    expected = [
        [np.nanmedian(scores[row : row + side, col : col + side].astype(np.float64)) for col in range(12)]
        for row in range(15)
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_a_pixel_alone_does_not_move_the_median_and_a_region_does() -> None:
    scores = np.zeros((15, 31))
    scores[7, 5] = 1.0
    scores[4:11, 20:27] = 1.0
    around = local_median(scores, 5)
    assert around[5, 3] == 0.0
    assert around[5, 21] == 1.0
