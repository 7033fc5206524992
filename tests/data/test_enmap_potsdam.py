"""The EnMAP tiles open with their labels, from wherever the folder lies."""

from __future__ import annotations

import numpy as np
import pytest

from hypersigma.data.sampling import folds
from hypersigma.data.scenes import enmap_potsdam
from hypersigma.errors import InputError
from tests.shared import data_path


def test_tiles_and_labels(monkeypatch):
    monkeypatch.setenv("HYPERSIGMA_DATA", str(data_path("enmap_potsdam").parent))
    scenes = enmap_potsdam.load()
    assert len(scenes) == 18
    counts = sum(np.bincount(scene.labels.ravel(), minlength=7) for scene in scenes)
    np.testing.assert_array_equal(counts[1:], [505, 953, 1694, 2070, 91, 359])
    assert all(scene.cube.shape == (224, 32, 32) for scene in scenes)
    [*each] = folds([scene.labels for scene in scenes], enmap_potsdam.PROTOCOLS["tiles"], seed=0)
    assert [sum(split.test.any() for split in fold) for fold in each] == [3] * 6


def test_folders_that_do_not_fit(tmp_path, monkeypatch):
    monkeypatch.delenv("HYPERSIGMA_DATA", raising=False)
    with pytest.raises(InputError, match="HYPERSIGMA_DATA"):
        enmap_potsdam.load()
    with pytest.raises(InputError, match="images/ and labels/"):
        enmap_potsdam.load(tmp_path)
    (tmp_path / "images").mkdir()
    (tmp_path / "labels").mkdir()
    with pytest.raises(InputError, match="no tiles"):
        enmap_potsdam.load(tmp_path)
