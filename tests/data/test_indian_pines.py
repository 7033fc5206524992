"""The Indian Pines scene is the one everyone knows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import io

from hypersigma.data.sampling import folds
from hypersigma.data.scenes import _indian_pines, indian_pines
from hypersigma.errors import InputError, MissingExtraError
from tests.shared import data_path

COUNTS = [46, 1428, 830, 237, 483, 730, 28, 478, 20, 972, 2455, 593, 205, 1265, 386, 93]


@pytest.fixture(scope="module")
def scene():
    pytest.importorskip("tensorly.datasets", reason="the arrays come with extra 'demo'")
    [scene] = indian_pines.load()
    return scene


def test_scene_and_labels(scene):
    assert scene.cube.shape == (200, 145, 145)
    assert list(np.bincount(scene.labels.ravel())[1:]) == COUNTS
    assert len(scene.legend.names) == len(set(scene.legend.colors)) == 16


def test_bands_ascend_and_overlaps_are_cut(scene):
    used = scene.cube.wavelengths[scene.cube.used]
    assert len(used) == 196
    assert np.diff(used).min() > 9
    # The removed bands are those of water vapour, which are gaps.
    gaps = used[:-1][np.diff(used) > 50]
    np.testing.assert_allclose(gaps, [1355, 1800], atol=15)


def test_same_numbers_as_the_published_file(scene):
    file = io.loadmat(data_path("indian_pines/Indian_pines_corrected.mat"))["indian_pines_corrected"]
    stored = scene.cube.source.array
    np.testing.assert_array_equal(stored.transpose(1, 2, 0), file)


def test_each_protocol_has_what_it_asks_for(scene):
    for name, config in indian_pines.PROTOCOLS.items():
        assert config.protocol == name
        [[split]] = folds([scene.labels], config, seed=0)
        counts = np.bincount(scene.labels[split.train], minlength=17)[1:]
        assert counts.max() == 10
        assert counts.min() >= 5
        if name == "fields":
            assert split.cut_classes == (1, 4, 7, 8, 9, 13, 16)


def test_missing_arrays(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="Indian_pines_corrected"):
        indian_pines.load(tmp_path)
    monkeypatch.setattr(_indian_pines, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"hypersigma\[demo\]"):
        indian_pines.load()
