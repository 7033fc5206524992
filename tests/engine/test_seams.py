"""Borders of tiles must not show: the jump across them is hardly more than the jump anywhere else."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from hypersigma.cube import Cube
from hypersigma.data.labels import LabelledScene
from hypersigma.engine.neural import NeuralMethod
from hypersigma.engine.predict import blended
from hypersigma.tasks._contract import TrainingConfig
from hypersigma.tasks.classification.config import ClassificationConfig
from hypersigma.tasks.classification.task import Classification
from hypersigma.tiling import tile_starts
from tests.fakes.fields import AVIRIS_LIKE, LEGEND

ROWS, COLS = 150, 170


def smooth_scene(seed: int) -> LabelledScene:
    """Three materials that mix smoothly, and labels where one of them prevails."""
    generator = np.random.default_rng(seed)
    fields = np.stack([gaussian_filter(generator.standard_normal((ROWS, COLS)), 8) for _ in range(3)])
    shares = np.exp(3 * fields / fields.std()) / np.exp(3 * fields / fields.std()).sum(axis=0)
    spectra = np.stack([0.3 + 0.1 * np.sin(AVIRIS_LIKE / 300.0 + phase) for phase in (0.0, 0.7, 1.6)])
    array = np.einsum("mb,mrc->brc", spectra, shares) + 0.002 * generator.standard_normal((60, ROWS, COLS))
    known = (shares.max(axis=0) > 0.6) & (generator.random((ROWS, COLS)) < 0.05)
    labels = np.where(known, shares.argmax(axis=0) + 1, 0)
    return LabelledScene(Cube.from_array(array.astype(np.float32), AVIRIS_LIKE), labels.astype(np.int32), LEGEND)


def jump_ratio(array: np.ndarray, tile: int, overlap: int) -> float:
    """The mean jump between neighbouring pixels across tile borders, over that elsewhere."""
    across, elsewhere = [], []
    for axis in (0, 1):
        length = array.shape[axis]
        starts = tile_starts(length, tile, overlap)
        # Where a tile begins, and where one ends.
        borders = {start for start in starts if start} | {start + tile for start in starts if start + tile < length}
        jumps = np.abs(np.diff(array, axis=axis)).mean(axis=1 - axis)
        is_border = np.isin(np.arange(1, length), list(borders))
        across.append(jumps[is_border])
        elsewhere.append(jumps[~is_border])
    return float(np.concatenate(across).mean() / np.concatenate(elsewhere).mean())


@pytest.mark.parametrize("steps", [1, 20])
def test_borders_of_tiles_do_not_show(steps: int) -> None:
    """Of the network that is used, hardly trained and trained."""
    config = ClassificationConfig(training=TrainingConfig(steps=steps), num_members=1, pixels_per_batch=4096)
    method = NeuralMethod(task=Classification, config=config, device="cpu")
    ratios = []
    for seed in range(2):
        scene = smooth_scene(seed)
        fitted = method.fit([scene], seed)
        quantities = blended(partial(fitted.tiles, scene.cube), scene.cube.window, config.tile, config.overlap)
        ratios += [jump_ratio(channel, config.tile, config.overlap) for channel in quantities]
    assert np.mean(ratios) <= 1.1, ratios
