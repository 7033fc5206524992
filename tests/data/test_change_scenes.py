"""The benchmark scenes for change detection hold what everyone knows them by."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from hypersigma.cube import Cube
from hypersigma.data.labels import LabelledScene
from hypersigma.data.pair import CHANGED, LEGEND, UNCHANGED, Pair
from hypersigma.data.sampling import folds
from hypersigma.data.scenes import _change, oscd, simulated_change, taizhou
from hypersigma.errors import InputError
from tests.shared import data_path

# area under the curve of the standardised change vector's length, 13 bands
CITIES = {
    "aguasclaras": (4056, 0.754),
    "bercy": (1046, 0.787),
    "bordeaux": (2380, 0.831),
    "paris": (458, 0.943),
    "rennes": (4932, 0.949),
}


def standardised(cube: Cube) -> np.ndarray:
    pixels = np.nan_to_num(cube.read().reshape(len(cube.used), -1).astype(np.float64))
    return (pixels - pixels.mean(axis=1, keepdims=True)) / pixels.std(axis=1, keepdims=True)


def auc(scene: LabelledScene) -> float:
    """Area under the curve of the length of the change vector (Malila, 1980), each band of each date standardised."""
    pair = scene.cube
    assert isinstance(pair, Pair)
    length = np.linalg.norm(standardised(pair.after) - standardised(pair.before), axis=0)
    known = scene.labels.ravel() > 0
    return float(roc_auc_score(scene.labels.ravel()[known] == CHANGED, length[known]))


def test_taizhou() -> None:
    (scene,) = taizhou.load(data_path("taizhou"))
    assert scene.cube.shape == (12, 400, 400)
    assert scene.cube.name == "taizhou"
    assert scene.legend == LEGEND
    np.testing.assert_array_equal(np.bincount(scene.labels.ravel()), [160000 - 21390, 17163, 4227])
    assert auc(scene) == pytest.approx(0.9902, abs=6e-5)
    assert scene.cube.before.fwhm is not None


def test_protocols_of_taizhou_draw_as_many_labels_as_published() -> None:
    (scene,) = taizhou.load(data_path("taizhou"))
    for name, config in taizhou.PROTOCOLS.items():
        ((split,),) = folds([scene.labels], config, 0)
        trained = [np.count_nonzero(scene.labels[split.train] == value) for value in (UNCHANGED, CHANGED)]
        assert trained == ([0, 0] if name == "none" else [500, 500])
        assert all(np.isin((UNCHANGED, CHANGED), scene.labels[split.test]))


def test_cities_of_oscd() -> None:
    scenes = oscd.load(data_path("oscd"))
    assert [scene.cube.name for scene in scenes] == list(CITIES)
    for scene in scenes:
        count, figure = CITIES[scene.cube.name]
        bands, rows, cols = scene.cube.shape
        assert bands == 26
        np.testing.assert_array_equal(np.bincount(scene.labels.ravel()), [0, rows * cols - count, count])
        assert auc(scene) == pytest.approx(figure, abs=2e-3)
        for date in (scene.cube.before, scene.cube.after):
            assert date.quantity == "reflectance"
            assert (np.diff(date.wavelengths) > 0).all()
            assert date.georef is not None


def test_neighbours_of_oscd_are_left_out_together() -> None:
    tested = dict.fromkeys(oscd.CITIES)
    for group in oscd.HELD_OUT["leave_one_out"]:
        tested |= dict.fromkeys(group, group)
    assert tested["paris"] == tested["bercy"] == ("bercy", "paris")
    assert None not in tested.values()


def test_simulated_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tensorly.datasets", reason="the arrays of Indian Pines come with extra 'demo'")
    monkeypatch.setenv("HYPERSIGMA_DATA", str(data_path()))
    scenes = {scene.cube.name: scene for scene in simulated_change.load()}
    assert list(scenes) == ["indian_pines", "san_diego", "hysu"]
    for scene in scenes.values():
        assert "the second date is simulated from the first" in scene.cube.notes
        assert np.mean(scene.labels == CHANGED) == pytest.approx(0.03, abs=0.01)
        # neither hidden by the disturbances nor plain to see
        assert 0.7 < auc(scene) < 0.99
    again = {scene.cube.name: scene for scene in simulated_change.load()}
    np.testing.assert_array_equal(again["hysu"].cube.after.read(), scenes["hysu"].cube.after.read())


def test_files_that_are_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HYPERSIGMA_DATA", raising=False)
    for module, said in ((taizhou, "taizhou/2000TM and taizhou/2003TM"), (oscd, "oscd/bercy/imgs_1")):
        with pytest.raises(InputError, match=said):
            module.load()
        with pytest.raises(InputError, match=str(tmp_path)):
            module.load(tmp_path)


def test_a_pixel_is_changed_or_not() -> None:
    cube = Cube.from_array(np.zeros((3, 2, 2)), name="field")
    pair = Pair.of(cube, cube)
    ones = np.ones((2, 2), dtype=bool)
    with pytest.raises(InputError, match="field_field: 4 pixels are labelled both"):
        _change.labelled(pair, ones, ones)
    scene = _change.labelled(pair, np.eye(2) > 0, np.eye(2)[::-1] > 0)
    np.testing.assert_array_equal(scene.labels, [[CHANGED, UNCHANGED], [UNCHANGED, CHANGED]])
    assert _change.labelled(pair, np.eye(2) > 0, np.zeros((2, 2), dtype=bool)).labels[0, 1] == 0
